import { migrateUp, postgresOptions, SESSION_OPTIONS } from '@aegis/database';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { DataSource, type MixedList } from 'typeorm';
import { migrationDataSource } from '../../../migrations/data-source';
import { applicationPrivileges } from '../../../migrations/privileges';

/** A database of a test's own on the run's PostgreSQL, migrated, empty. */
export interface TestDatabase {
  /** Under the role that the server has: a superuser would ignore grants. */
  applicationUrl: string;
  ownerUrl: string;
  superuserUrl: string;
  /** A connected data source under the application's role; closed by `drop`. */
  dataSource(entities: MixedList<new () => object>): Promise<DataSource>;
  /** Refuses every connection from now on, and ends those that there are. */
  takeAway(): Promise<void>;
  drop(): Promise<void>;
}

/** Planted faults in migrations are in a template of their own. */
const TEMPLATE = process.env.AEGIS_TEST_TEMPLATE ?? 'aegis_template';

/** URLs of the run's PostgreSQL, set by the global set-up. */
function server(): { ownerUrl: string; applicationUrl: string; superuserUrl: string } {
  const urls = process.env.AEGIS_TEST_POSTGRES;
  if (!urls) throw new Error('AEGIS_TEST_POSTGRES is unset: run the tests through jest.config.cjs');
  return JSON.parse(urls) as ReturnType<typeof server>;
}

/** The same server and role, another database. */
export function inDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

async function asSuperuser<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: inDatabase(server().superuserUrl, 'postgres') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function create(name: string, template: string): Promise<TestDatabase> {
  const { ownerUrl, applicationUrl, superuserUrl } = server();
  await asSuperuser((client) =>
    client.query(`CREATE DATABASE ${name} OWNER aegis_owner TEMPLATE ${template}`),
  );
  const open: DataSource[] = [];
  const applicationUrlHere = inDatabase(applicationUrl, name);
  return {
    applicationUrl: applicationUrlHere,
    ownerUrl: inDatabase(ownerUrl, name),
    superuserUrl: inDatabase(superuserUrl, name),
    async dataSource(entities) {
      // As the server's own connections are.
      const extra = { pipeline: true, options: SESSION_OPTIONS, application_name: 'aegis' };
      const dataSource = new DataSource({ ...postgresOptions(applicationUrlHere), entities, extra });
      await dataSource.initialize();
      open.push(dataSource);
      return dataSource;
    },
    async takeAway() {
      await asSuperuser(async (client) => {
        await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
        await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
          name,
        ]);
      });
    },
    async drop() {
      await Promise.all(open.map((dataSource) => dataSource.destroy()));
      await asSuperuser((client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

/** A migrated database: a copy of the run's template. */
export function testDatabase(): Promise<TestDatabase> {
  return create(`test_${randomBytes(6).toString('hex')}`, TEMPLATE);
}

/** What a database is now, as another one: a backup of it. Nobody may be connected to it. */
export function copyOf({ ownerUrl }: TestDatabase): Promise<TestDatabase> {
  return create(`test_${randomBytes(6).toString('hex')}`, new URL(ownerUrl).pathname.slice(1));
}

/** A database without any table, for tests of the migrations themselves. */
export function emptyDatabase(): Promise<TestDatabase> {
  return create(`test_${randomBytes(6).toString('hex')}`, 'template0');
}

/** A database that the migrations of these sources made, not the run's template: for tests of what they grant. */
export async function migratedDatabase(): Promise<TestDatabase> {
  const database = await emptyDatabase();
  await migrate(database.ownerUrl);
  return database;
}

async function migrate(ownerUrl: string): Promise<void> {
  const migrations = await migrationDataSource(ownerUrl).initialize();
  await migrateUp(migrations, 'aegis_app', applicationPrivileges).finally(() => migrations.destroy());
}

/** Makes the template that every test database is copied from. Once a run. */
export async function makeTemplate(): Promise<void> {
  await asSuperuser((client) =>
    client.query(`CREATE DATABASE ${TEMPLATE} OWNER aegis_owner TEMPLATE template0`),
  );
  await migrate(inDatabase(server().ownerUrl, TEMPLATE));
}
