import type { Environment } from '@aegis/config';
import {
  createDatabase,
  createRole,
  databaseOfUrl,
  isDatabaseUnavailable,
  loginOfUrl,
  withAdministrator,
  withConnection,
} from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { printable } from '../terminal/printable';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withSettings } from '../settings';
import { withPatience } from './patience';

/** As typed. */
export interface CreateDatabaseOptions {
  /** Seconds to wait for the PostgreSQL. */
  wait?: number;
}

interface Made {
  kind: 'role' | 'database';
  name: string;
  created: boolean;
}

/** `aegis database create` */
export function createDatabaseAndRoles(output: Output, { wait }: CreateDatabaseOptions): Promise<ExitCode> {
  return withSettings(
    ['DATABASE_URL', 'MIGRATION_DATABASE_URL', 'ADMIN_DATABASE_URL'],
    async (environment, logger) => {
      const made = await withPatience(() => create(environment), {
        seconds: wait,
        mayPass: isDatabaseUnavailable,
        waiting: () => {
          logger.write('info', 'the database cannot be reached yet; waiting');
        },
      });
      output.end(
        { made },
        made
          .map(({ kind, name, created }) => `${created ? 'created' : 'exists '}  ${kind} ${printable(name)}`)
          .join('\n'),
      );
      return ExitCode.yes;
    },
  );
}

/** May be interrupted at any point and run again. */
async function create(environment: Environment): Promise<Made[]> {
  const [applicationUrl, ownerUrl, adminUrl] = [
    needed(environment, 'DATABASE_URL'),
    needed(environment, 'MIGRATION_DATABASE_URL'),
    needed(environment, 'ADMIN_DATABASE_URL'),
  ];
  const [application, owner] = [loginOfUrl(applicationUrl), loginOfUrl(ownerUrl)];
  const database = databaseOfUrl(applicationUrl);
  if (application.role === owner.role)
    throw new ConfigurationError(
      'MIGRATION_DATABASE_URL: name another role than DATABASE_URL: the server must not own the tables it writes to',
    );
  if (databaseOfUrl(ownerUrl) !== database)
    throw new ConfigurationError('MIGRATION_DATABASE_URL: name the same database as DATABASE_URL');
  const made = await withAdministrator(
    adminUrl,
    async (admin): Promise<Made[]> => [
      { kind: 'role', name: owner.role, created: await createRole(admin, owner) },
      { kind: 'role', name: application.role, created: await createRole(admin, application) },
      {
        kind: 'database',
        name: database,
        created: await createDatabase(admin, database, owner.role),
      },
    ],
    'ADMIN_DATABASE_URL',
  );
  // A role that was there already may have another password than its URL.
  await withConnection(ownerUrl, (client) => client.query('SELECT'), 'MIGRATION_DATABASE_URL');
  await withConnection(applicationUrl, (client) => client.query('SELECT'), 'DATABASE_URL');
  return made;
}

function needed(
  environment: Environment,
  name: 'DATABASE_URL' | 'MIGRATION_DATABASE_URL' | 'ADMIN_DATABASE_URL',
): string {
  const url = environment[name];
  if (url === undefined)
    throw new ConfigurationError(`${name}: required to create the database and its roles (or ${name}_FILE).`);
  return url;
}
