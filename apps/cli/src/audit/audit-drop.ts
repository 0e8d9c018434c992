import { commandLineActor } from '@aegis/audit';
import { type CheckpointKeys, MOST_LINE, readRecordedKeys, TrailDrop } from '@aegis/checkpoints';
import { namingSetting } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { migrationDataSource } from '../../../../migrations/data-source';
import { ownerSetting } from '../../../../migrations/settle';
import { keysOfFiles } from './audit-keys';
import { withDatabase } from '../database/database';
import { assertCanConfirm, confirm, type ConfirmOptions } from '../terminal/confirmation';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withSettings } from '../settings';
import { withLinesOf } from '../terminal/text-lines';
import { UsageProblem } from '../terminal/usage-problem';

export interface DropOptions extends ConfirmOptions {
  /** `yyyy-mm`. */
  before: string;
  /** File that contains everything that is dropped. */
  export: string;
  keys: string[];
  /** Ids of records that no export can prove. */
  unproven: string[];
}

/** The content of the files that were named. */
interface Given {
  exported: AsyncIterable<string>;
  /** Undefined: those that the database has on record. */
  trusted: CheckpointKeys | undefined;
  unproven: readonly string[];
}

/** `aegis audit drop`: no when something is not sealed or not exported */
export async function dropMonths(output: Output, options: DropOptions): Promise<ExitCode> {
  const before = monthOf(options.before);
  assertCanConfirm(options);
  const trusted = options.keys.length === 0 ? undefined : await keysOfFiles(options.keys);
  return withLinesOf(options.export, MOST_LINE, (exported) =>
    dropExported(output, before, { exported, trusted, unproven: options.unproven }, () =>
      confirm(
        `Every month before ${options.before} will be removed from the audit trail, if ${options.export} proves all of it: keep that file, since nothing else has these records then.`,
        options.before,
        options,
      ),
    ),
  );
}

function dropExported(
  output: Output,
  before: Date,
  { exported, trusted, unproven }: Given,
  confirmDrop: () => Promise<void>,
): Promise<ExitCode> {
  return withSettings(['DATABASE_URL', 'MIGRATION_DATABASE_URL'], async (environment, logger) => {
    if (environment.isProduction && environment.MIGRATION_DATABASE_URL === undefined)
      throw new ConfigurationError(
        'MIGRATION_DATABASE_URL: required in production to drop months (or MIGRATION_DATABASE_URL_FILE): the role that owns the schema',
      );
    return withDatabase(environment, logger, 'changes', async ({ ownerUrl }) => {
      const owner = await namingSetting(
        ownerSetting(environment),
        migrationDataSource(ownerUrl).initialize(),
      );
      try {
        await confirmDrop();
        const drop = new TrailDrop(owner, trusted ?? (await readRecordedKeys(owner)));
        const dropped = await drop.drop(commandLineActor(), before, exported, new Set(unproven));
        output.end(
          dropped,
          dropped.partitions.length === 0
            ? 'There is nothing to drop.'
            : `dropped  ${dropped.partitions.join(', ')}: ${dropped.records} record(s)`,
        );
        return ExitCode.yes;
      } finally {
        await owner.destroy();
      }
    });
  });
}

function monthOf(text: string): Date {
  const month = new Date(`${text}-01T00:00:00Z`);
  const now = new Date();
  if (
    !/^(?!0000)\d{4}-(0[1-9]|1[0-2])$/.test(text) ||
    month.getTime() > Date.UTC(now.getUTCFullYear(), now.getUTCMonth())
  )
    throw new UsageProblem('--before must be a month like 2026-01, not after the current one.');
  return month;
}
