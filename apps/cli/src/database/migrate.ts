import {
  isDatabaseUnavailable,
  MissingPrivileges,
  namingSetting,
  type MigrationState,
  migrateDown,
  migrateUp,
  migrationStates,
  sqlState,
} from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import type { DataSource } from 'typeorm';
import { migrationDataSource } from '../../../../migrations/data-source';
import { applicationPrivileges } from '../../../../migrations/privileges';
import { ownerSetting } from '../../../../migrations/settle';
import type { CommandAccess } from './command-access';
import { withDatabase } from './database';
import { type Patience, withPatience } from './patience';
import { confirm, type ConfirmOptions } from '../terminal/confirmation';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withSettings } from '../settings';

const INSUFFICIENT_PRIVILEGE = '42501';

/** As typed. */
export interface MigrationOptions {
  /** Seconds to wait for the database. */
  wait?: number;
}

type Attempts<T> = Pick<Patience<T>, 'seconds' | 'mayPass' | 'isWanted'>;

/** `aegis migrate up`; with `--wait` again, while the database cannot be reached */
export async function applyMigrations(output: Output, { wait }: MigrationOptions): Promise<ExitCode> {
  const applied = await asOwner(
    'makes',
    (owner, applicationRole) => migrateUp(owner, applicationRole, applicationPrivileges),
    { seconds: wait, mayPass: isDatabaseUnavailable },
  );
  output.end(
    { applied },
    applied.length === 0 ? 'Nothing is pending.' : applied.map((name) => `applied  ${name}`).join('\n'),
  );
  return ExitCode.yes;
}

/** `aegis migrate down` */
export async function undoMigration(output: Output, options: ConfirmOptions): Promise<ExitCode> {
  const undone = await asOwner('changes', async (owner) => {
    const newest = (await migrationStates(owner)).findLast(({ applied }) => applied);
    if (newest !== undefined)
      await confirm(
        `${newest.name} will be undone, and the data that only it keeps is lost.`,
        'down',
        options,
      );
    return migrateDown(owner);
  });
  output.end(
    { undone: undone ?? null },
    undone === undefined ? 'No migration is applied.' : `undone   ${undone}`,
  );
  return ExitCode.yes;
}

/** `aegis migrate status`: no when some are pending; with `--wait` again, until none is */
export async function showMigrations(output: Output, { wait }: MigrationOptions): Promise<ExitCode> {
  const pendingOf = (states: readonly MigrationState[]): number =>
    states.filter(({ applied }) => !applied).length;
  const migrations = await asOwner('reads', migrationStates, {
    seconds: wait,
    mayPass: (error) => isDatabaseUnavailable(error) || isNotGrantedYet(error),
    isWanted: (states) => pendingOf(states) === 0,
  });
  const pending = pendingOf(migrations);
  const line = ({ name, applied }: MigrationState): string => `${applied ? 'applied' : 'pending'}  ${name}`;
  output.end({ migrations, pending }, [...migrations.map(line), `${pending} pending`].join('\n'));
  return pending === 0 ? ExitCode.yes : ExitCode.no;
}

/** `aegis migrate up` grants the application's role its privileges as its last step. */
function isNotGrantedYet(error: unknown): boolean {
  return error instanceof MissingPrivileges || sqlState(error) === INSUFFICIENT_PRIVILEGE;
}

function asOwner<T>(
  access: CommandAccess,
  work: (owner: DataSource, applicationRole: string) => Promise<T>,
  attempts: Attempts<T> = { seconds: undefined, mayPass: () => false },
): Promise<T> {
  return withSettings(['DATABASE_URL', 'MIGRATION_DATABASE_URL'], async (environment, logger) => {
    if (access === 'changes' && environment.isProduction)
      throw new ConfigurationError(
        'ENVIRONMENT: a migration is not undone in production: its data would be lost. Migrate forward.',
      );
    if (access !== 'reads' && environment.isProduction && environment.MIGRATION_DATABASE_URL === undefined)
      throw new ConfigurationError(
        'MIGRATION_DATABASE_URL: required in production to migrate (or MIGRATION_DATABASE_URL_FILE): the role that owns the schema',
      );
    const waiting = (): void => {
      logger.write('info', 'the database is not ready yet; waiting');
    };
    return withDatabase(environment, logger, access, ({ ownerUrl, applicationUrl }) => {
      const setting = ownerSetting(environment);
      const role = decodeURIComponent(new URL(applicationUrl).username);
      const attempt = async (): Promise<T> => {
        const owner = await namingSetting(setting, migrationDataSource(ownerUrl).initialize());
        try {
          return await namingSetting(setting, work(owner, role));
        } finally {
          await owner.destroy();
        }
      };
      return withPatience(attempt, { ...attempts, waiting });
    });
  });
}
