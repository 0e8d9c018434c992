import { namingSetting, type MigrationState, migrateDown, migrateUp, migrationStates } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import type { DataSource } from 'typeorm';
import { migrationDataSource } from '../../../../migrations/data-source';
import { applicationPrivileges } from '../../../../migrations/privileges';
import { ownerSetting } from '../../../../migrations/settle';
import type { CommandAccess } from './command-access';
import { withDatabase } from './database';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withSettings } from '../settings';

/** `aegis migrate up` */
export function applyMigrations(output: Output): Promise<ExitCode> {
  return asOwner('makes', async (owner, applicationRole) => {
    const applied = await migrateUp(owner, applicationRole, applicationPrivileges);
    output.end(
      { applied },
      applied.length === 0 ? 'Nothing is pending.' : applied.map((name) => `applied  ${name}`).join('\n'),
    );
    return ExitCode.yes;
  });
}

/** `aegis migrate down` */
export function undoMigration(output: Output): Promise<ExitCode> {
  return asOwner('changes', async (owner) => {
    const undone = await migrateDown(owner);
    output.end(
      { undone: undone ?? null },
      undone === undefined ? 'No migration is applied.' : `undone   ${undone}`,
    );
    return ExitCode.yes;
  });
}

/** `aegis migrate status`: no when some are pending */
export function showMigrations(output: Output): Promise<ExitCode> {
  return asOwner('reads', async (owner) => {
    const migrations = await migrationStates(owner);
    const pending = migrations.filter(({ applied }) => !applied).length;
    const line = ({ name, applied }: MigrationState): string => `${applied ? 'applied' : 'pending'}  ${name}`;
    output.end({ migrations, pending }, [...migrations.map(line), `${pending} pending`].join('\n'));
    return pending === 0 ? ExitCode.yes : ExitCode.no;
  });
}

function asOwner(
  access: CommandAccess,
  work: (owner: DataSource, applicationRole: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withSettings(['DATABASE_URL', 'MIGRATION_DATABASE_URL'], async (environment, logger) => {
    if (access === 'changes' && environment.isProduction)
      throw new ConfigurationError(
        'ENVIRONMENT: a migration is not undone in production: its data would be lost. Migrate forward.',
      );
    if (access !== 'reads' && environment.isProduction && environment.MIGRATION_DATABASE_URL === undefined)
      throw new ConfigurationError(
        'MIGRATION_DATABASE_URL: required in production to migrate: the role that owns the schema',
      );
    return withDatabase(environment, logger, access, async ({ ownerUrl, applicationUrl }) => {
      const setting = ownerSetting(environment);
      const owner = await namingSetting(setting, migrationDataSource(ownerUrl).initialize());
      try {
        return await namingSetting(
          setting,
          work(owner, decodeURIComponent(new URL(applicationUrl).username)),
        );
      } finally {
        await owner.destroy();
      }
    });
  });
}
