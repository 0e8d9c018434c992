import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { Customer } from '@aegis/customers';
import { migrateDown, migrateUp, migrationStates, postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { expectNothingMissing } from '../test/support/complete-list';
import { entities } from '../test/support/database/entities';
import { emptyDatabase, testDatabase, type TestDatabase } from '../test/support/database/database';
import { until } from '../test/support/until';
import { migrationDataSource } from './data-source';
import { applicationPrivileges } from './privileges';

/** What makes a schema: tables, columns, indexes, constraints, triggers and functions, as text. */
async function schemaOf(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ line: string }[]>(`
    SELECT format('column %s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT format('trigger %s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT format('function %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT format('sequence %s', oid::regclass) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
    ORDER BY 1`);
  return rows.map(({ line }) => line);
}

describe('migrations', () => {
  let database: TestDatabase | undefined;

  afterEach(async () => {
    await database?.drop();
    database = undefined;
  });

  it('go up, then each down to the previous schema, and up again to the same schema', async () => {
    database = await emptyDatabase();
    const owner = await migrationDataSource(database.ownerUrl).initialize();
    try {
      await migrateUp(owner, 'aegis_app', applicationPrivileges);
      const complete = await schemaOf(owner);
      expect(complete.length).toBeGreaterThan(100);
      const states = await migrationStates(owner);
      expect(states.every(({ applied }) => applied)).toBe(true);

      for (const { name } of states.toReversed()) expect(await migrateDown(owner)).toBe(name);
      expect(await migrateDown(owner)).toBeUndefined();
      expect((await schemaOf(owner)).filter((line) => !line.includes('schema_migrations'))).toEqual([]);

      expect(await migrateUp(owner, 'aegis_app', applicationPrivileges)).toEqual(
        states.map(({ name }) => name),
      );
      expect(await schemaOf(owner)).toEqual(complete);
    } finally {
      await owner.destroy();
    }
  });

  it('are undone as soon as others let go of what they use', async () => {
    database = await testDatabase();
    const owner = await migrationDataSource(database.ownerUrl).initialize();
    const user = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    const others = user.createQueryRunner();
    const newWait = async (known?: string): Promise<string | undefined> => {
      const [row] = await user.query<{ since: string }[]>(
        `SELECT waitstart::text AS since FROM pg_locks
         WHERE NOT granted AND waitstart IS NOT NULL AND relation = 'public.licenses'::regclass`,
      );
      return row?.since === known ? undefined : row?.since;
    };
    try {
      do expect(await migrateDown(owner)).toBeDefined();
      while (
        (await migrationStates(owner)).findLast(({ applied }) => applied)?.name !== 'AddGrace1764260120000'
      );
      await others.startTransaction();
      await others.query('SELECT FROM licenses');
      const undone = migrateDown(owner);
      const waits: string[] = [];
      await until('it has given up once, and tries again', async () => {
        const since = await newWait(waits.at(-1));
        if (since !== undefined) waits.push(since);
        return waits.length > 1;
      });
      await others.rollbackTransaction();
      expect(await undone).toBe('AddGrace1764260120000');
    } finally {
      await others.release();
      await user.destroy();
      await owner.destroy();
    }
  });

  it('are in the order of their times, in which they run', () => {
    const names = (migrationDataSource('postgres://nowhere').options.migrations as { name: string }[]).map(
      ({ name }) => name,
    );
    const timeOf = (name: string): number => Number(name.slice(-13));
    expect(names).toEqual([...names].sort((one, other) => timeOf(one) - timeOf(other)));
  });

  it('run once when three processes start at once', async () => {
    const empty = (database = await emptyDatabase());
    const owners = await Promise.all([1, 2, 3].map(() => migrationDataSource(empty.ownerUrl).initialize()));
    try {
      const applied = await Promise.all(
        owners.map((owner) => migrateUp(owner, 'aegis_app', applicationPrivileges)),
      );
      expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    } finally {
      await Promise.all(owners.map((owner) => owner.destroy()));
    }
  });

  // An upgrade gives privileges after its last migration.
  it('let servers of the release before judge their callers until privileges are given', async () => {
    database = await testDatabase();
    const owner = await migrationDataSource(database.ownerUrl).initialize();
    const app = await database.dataSource([]);
    try {
      while (!(await migrateDown(owner))?.includes('AddSessions'));
      expect(await owner.runMigrations({ transaction: 'each' })).not.toEqual([]);
      const callers = JSON.stringify([{ kind: 'api_key', id: 'nobody', proofs: [] }]);
      const rows = await app.query<unknown[]>(`SELECT callers_in_force($1, '[]') AS standings`, [callers]);
      expect(rows).toEqual([{ standings: [null] }]);
    } finally {
      await owner.destroy();
    }
  });

  it('agree with the entities', async () => {
    database = await testDatabase();
    const owner = await new DataSource({ ...postgresOptions(database.ownerUrl), entities }).initialize();
    try {
      const { upQueries } = await owner.driver.createSchemaBuilder().log();
      expectNothingMissing(
        upQueries.map(({ query }) => query),
        'The entities differ from the migrations: change the entity, or list a new one in test/support/database/entities.ts. TypeORM would run',
      );
      const columns = await owner.query<{ name: string }[]>(
        `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'audit_logs' ORDER BY 1`,
      );
      const known = owner.getMetadata(AuditRecord).columns.map(({ databaseName }) => databaseName);
      expect(columns.map(({ name }) => name)).toEqual([...known, 'xact'].sort());
    } finally {
      await owner.destroy();
    }
  });

  it('grant the application the privileges that it needs on each table, and no others', async () => {
    database = await testDatabase();
    const app = await database.dataSource([]);
    const tables = await app.query<{ name: string }[]>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND NOT relispartition ORDER BY 1`,
    );
    expectNothingMissing(
      tables.map(({ name }) => name).filter((name) => !(name in applicationPrivileges.tables)),
      'Say in migrations/privileges.ts what the application may do with the table',
    );
    expect(tables.map(({ name }) => name)).toEqual(Object.keys(applicationPrivileges.tables).sort());
    await expect(app.query('DELETE FROM customers')).rejects.toThrow(/permission denied/);
    await expect(app.query('DROP TABLE customers')).rejects.toThrow(/must be owner/);
    await expect(app.query('CREATE TABLE mine (id int)')).rejects.toThrow(/permission denied/);
  });
});

describe('the audit trail in the database', () => {
  let database: TestDatabase;
  let app: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    app = await database.dataSource([AuditRecord, Customer]);
    await new AuditLog().append(app.manager, { type: 'customer.created', actor: SYSTEM, customerId: 'C-1' });
  });

  afterAll(async () => {
    await database.drop();
  });

  it.each(['UPDATE audit_logs SET actor = actor', 'DELETE FROM audit_logs', 'TRUNCATE audit_logs'])(
    'refuses the application: %s',
    async (statement) => {
      await expect(app.query(statement)).rejects.toThrow(/permission denied/);
    },
  );

  it.each(['UPDATE audit_logs SET actor = actor', 'DELETE FROM audit_logs', 'TRUNCATE audit_logs'])(
    'refuses even a superuser who replays as a replica: %s, on the table and on a partition',
    async (statement) => {
      const superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
      try {
        const [partition] = await superuser.query<{ name: string }[]>(
          `SELECT inhrelid::regclass::text AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid
           WHERE inhparent = 'audit_logs'::regclass AND relkind = 'r' ORDER BY 1 LIMIT 1`,
        );
        for (const table of ['audit_logs', partition!.name]) {
          const run = superuser.transaction(async (tx) => {
            await tx.query('SET LOCAL session_replication_role = replica');
            await tx.query(statement.replace('audit_logs', table));
          });
          await expect(run).rejects.toThrow(/append-only/);
        }
      } finally {
        await superuser.destroy();
      }
    },
  );

  it('has partitions for this month and the next three, and makes none twice', async () => {
    const [made] = await app.query<{ made: number }[]>('SELECT audit_logs_make_partitions(3) AS made');
    expect(made!.made).toBe(0);
    const [later] = await app.query<{ made: number }[]>('SELECT audit_logs_make_partitions(5) AS made');
    expect(later!.made).toBe(2);
    await expect(app.query('SELECT audit_logs_make_partitions(25)')).rejects.toThrow(/0 to 24/);
  });
});
