import { commandLineActor } from '@aegis/audit';
import { readRecordedKeys, TrailResume } from '@aegis/checkpoints';
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

/** As typed. */
export interface ResumeOptions extends ConfirmOptions {
  /** Number of a checkpoint; 0 for none. */
  after: number;
  keys: string[];
}

/** `aegis audit resume`: no when the checkpoint does not hold, or is not the last one that does */
export async function resumeSealing(output: Output, options: ResumeOptions): Promise<ExitCode> {
  const { after, keys } = options;
  assertCanConfirm(options);
  const trusted = keys.length === 0 ? undefined : await keysOfFiles(keys);
  return withSettings(['DATABASE_URL', 'MIGRATION_DATABASE_URL'], async (environment, logger) => {
    if (environment.isProduction && environment.MIGRATION_DATABASE_URL === undefined)
      throw new ConfigurationError(
        'MIGRATION_DATABASE_URL: required in production to resume sealing (or MIGRATION_DATABASE_URL_FILE): the role that owns the schema',
      );
    return withDatabase(environment, logger, 'changes', async ({ ownerUrl }) => {
      const owner = await namingSetting(
        ownerSetting(environment),
        migrationDataSource(ownerUrl).initialize(),
      );
      try {
        await confirm(
          `Every checkpoint after ${after} will be set aside, and its records are sealed again: afterwards the trail does not prove when those records were first sealed.`,
          String(after),
          options,
        );
        const resume = new TrailResume(owner, trusted ?? (await readRecordedKeys(owner)));
        const resumed = await resume.resume(commandLineActor(), after);
        output.end(
          resumed,
          `Sealing resumes after checkpoint ${after}, in epoch ${resumed.epoch}: ${resumed.checkpoints_set_aside} checkpoint(s) and ${resumed.seals_set_aside} seal(s) were set aside. They are kept in audit_checkpoints_set_aside and audit_seals_set_aside.`,
        );
        return ExitCode.yes;
      } finally {
        await owner.destroy();
      }
    });
  });
}
