import { commandLineActor } from '@aegis/audit';
import { type CheckpointKeys, CheckpointsModule, readRecordedKeys, Sealer } from '@aegis/checkpoints';
import type { Environment } from '@aegis/config';
import { namingSetting } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { type ReconcileOptions, type Reconciled, Reconciliation } from '@aegis/restore';
import { readPublicKeys } from '@aegis/signing';
import type { DataSource } from 'typeorm';
import { migrationDataSource } from '../../../../migrations/data-source';
import { assertMigrated, ownerSetting } from '../../../../migrations/settle';
import { keysOfFiles } from '../audit/audit-keys';
import { withDatabase } from '../database/database';
import { withServices } from '../services';
import { withSettings } from '../settings';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { UsageProblem } from '../terminal/usage-problem';
import { reconciledText } from './reconciled-text';
import { shippedFiles } from './shipped-files';

/** As typed. */
export interface ReconcileCommandOptions {
  shipped: string[];
  keys: string[];
  unproven?: string;
  acceptLoss?: boolean;
  skipUnreplayable?: boolean;
  dryRun?: boolean;
}

/** `aegis restore reconcile`: no when what was shipped does not prove enough; nothing is written then */
export async function reconcileRestore(output: Output, options: ReconcileCommandOptions): Promise<ExitCode> {
  const { acceptLoss = false, skipUnreplayable = false, dryRun = false, unproven } = options;
  if (unproven !== undefined && unproven !== 'apply' && unproven !== 'ignore')
    throw new UsageProblem('--unproven must be apply or ignore.');
  if (options.shipped.length === 0 && !acceptLoss)
    throw new UsageProblem(
      '--shipped is missing: name what CHECKPOINT_SINK has, or give it up with --accept-loss.',
    );
  const shipped = await shippedFiles(options.shipped);
  const trusted = options.keys.length === 0 ? undefined : await keysOfFiles(options.keys);
  const reconciled = await asOwner(async (owner, environment) => {
    const keys = trusted ?? (await heldKeys(owner, environment));
    const wanted: ReconcileOptions = {
      shipped,
      keys,
      acceptLoss,
      skipUnreplayable,
      dryRun,
      ...(unproven && { unproven }),
    };
    return new Reconciliation(owner).run(commandLineActor(), wanted);
  });
  const sealed = dryRun ? false : await seal();
  if (reconciled === undefined)
    output.end({ reconciled: false, sealed }, 'The last restore is reconciled: there is nothing to do.');
  else output.end(answerOf(reconciled, dryRun, sealed), reconciledText(reconciled, { dryRun, sealed }));
  return ExitCode.yes;
}

function answerOf(reconciled: Reconciled, dryRun: boolean, sealed: boolean): object {
  return { reconciled: !dryRun, dry_run: dryRun, sealed, ...reconciled };
}

/** Keys that are in a file of KEYS_DIR, and on record as the same: neither counts alone. */
async function heldKeys(owner: DataSource, { KEYS_DIR }: Environment): Promise<CheckpointKeys> {
  const files = await readPublicKeys(KEYS_DIR);
  const recorded = await readRecordedKeys(owner);
  return async (kid, jws) => {
    const [file, key] = [files.get(kid), await recorded(kid, jws)];
    return file !== undefined && key?.publicKey.equals(file) === true ? key : undefined;
  };
}

/**
 * Seals the record of the reconciliation, so that a checkpoint of this server's key continues the chain.
 * @returns whether it could; if not, a server does
 */
async function seal(): Promise<boolean> {
  try {
    return await withServices(['KEY_PASSPHRASE'], [CheckpointsModule], 'changes', async (services) => {
      await services.get(Sealer).seal();
      return true;
    });
  } catch {
    return false;
  }
}

function asOwner<T>(work: (owner: DataSource, environment: Environment) => Promise<T>): Promise<T> {
  return withSettings(['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'KEYS_DIR'], async (environment, logger) => {
    if (environment.isProduction && environment.MIGRATION_DATABASE_URL === undefined)
      throw new ConfigurationError(
        'MIGRATION_DATABASE_URL: required in production to reconcile a restored database (or MIGRATION_DATABASE_URL_FILE): the role that owns the schema',
      );
    return withDatabase(environment, logger, 'changes', async (database) => {
      await assertMigrated(database);
      const owner = await namingSetting(
        ownerSetting(environment),
        migrationDataSource(database.ownerUrl).initialize(),
      );
      try {
        return await work(owner, environment);
      } finally {
        await owner.destroy();
      }
    });
  });
}
