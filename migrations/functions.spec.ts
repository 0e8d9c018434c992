import { migrateUp, postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { emptyDatabase, type TestDatabase } from '../test/support/database/database';
import { migrationDataSource } from './data-source';
import { applicationPrivileges } from './privileges';

interface FunctionSettings {
  name: string;
  definer: boolean;
  /** Parsed when it was created: the meaning of its names is fixed. */
  parsed: boolean;
  settings: string[];
  executableByAll: boolean;
  executableByApplication: boolean;
}

const SAFE_PATH = 'search_path=pg_catalog, pg_temp';

describe('functions of the schema', () => {
  let database: TestDatabase;
  let superuser: DataSource;
  let app: DataSource;
  let functions: FunctionSettings[];

  beforeAll(async () => {
    database = await emptyDatabase();
    const owner = await migrationDataSource(database.ownerUrl).initialize();
    await migrateUp(owner, 'aegis_app', applicationPrivileges).finally(() => owner.destroy());
    app = await database.dataSource([]);
    superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    functions = await superuser.query<FunctionSettings[]>(`
      SELECT oid::regprocedure::text AS name, prosecdef AS definer, prosqlbody IS NOT NULL AS parsed,
             coalesce(proconfig, '{}') AS settings,
             EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0)
               AS "executableByAll",
             has_function_privilege('aegis_app', oid, 'EXECUTE') AS "executableByApplication"
      FROM pg_proc WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      ORDER BY 1`);
  });

  afterAll(async () => {
    await superuser.destroy();
    await database.drop();
  });

  it('have a fixed search path, or, without the rights of the owner, names that were resolved when they were created', () => {
    expect(functions.length).toBeGreaterThan(15);
    expect(functions.filter(({ definer }) => definer).length).toBeGreaterThan(8);
    const loose = functions.filter(
      ({ definer, parsed, settings }) => !settings.includes(SAFE_PATH) && (definer || !parsed),
    );
    expect(loose.map(({ name }) => name)).toEqual([]);
  });

  it('are executable by the application where privileges.ts says so, and by nobody else', () => {
    expect(functions.filter(({ executableByAll }) => executableByAll).map(({ name }) => name)).toEqual([]);
    const allowed = functions.filter(({ executableByApplication }) => executableByApplication);
    expect(allowed.map(({ name }) => name)).toEqual([...applicationPrivileges.functions].sort());
  });

  it('stay closed to PUBLIC when the owner creates new ones', async () => {
    const owner = await new DataSource(postgresOptions(database.ownerUrl)).initialize();
    try {
      await owner.query(`CREATE FUNCTION public.made_later() RETURNS integer LANGUAGE sql AS 'SELECT 1'`);
      await expect(app.query('SELECT made_later()')).rejects.toThrow(/permission denied/);
    } finally {
      await owner.query('DROP FUNCTION IF EXISTS public.made_later()');
      await owner.destroy();
    }
  });

  it('never call a function that somebody put into the schema public', async () => {
    // More exact than the functions of pg_catalog, so preferred where the path has both schemas.
    await superuser.query(`
      CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'ran a function of somebody else as %', current_user; END $$`);
    await superuser.query(`
      CREATE FUNCTION public.make_interval(days integer) RETURNS interval LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'ran a function of somebody else as %', current_user; END $$`);
    await superuser.query(
      'GRANT EXECUTE ON FUNCTION public.format(text, text), public.make_interval(integer) TO PUBLIC',
    );
    const [made] = await app.query<{ made: number }[]>('SELECT audit_logs_make_partitions(5) AS made');
    expect(made).toEqual({ made: 2 });
    await expect(app.query('SELECT audit_logs_forget_addresses(30)')).resolves.toBeDefined();
  });

  it('use the signing keys of the schema, not those of a temporary table', async () => {
    const judged = app.transaction(async (tx) => {
      await tx.query('CREATE TEMPORARY TABLE signing_keys (kid text, state text) ON COMMIT DROP');
      await tx.query(`INSERT INTO pg_temp.signing_keys VALUES ('forged', 'active')`);
      await tx.query(`SELECT signing_keys_require_active('{forged}')`);
    });
    await expect(judged).rejects.toMatchObject({ code: 'AE001' });
  });

  it('of triggers cannot be used for a table that the application makes', async () => {
    await expect(
      app.transaction(async (tx) => {
        await tx.query('CREATE TEMPORARY TABLE planted (LIKE public.licenses)');
        await tx.query(`CREATE TRIGGER planted AFTER INSERT ON planted REFERENCING NEW TABLE AS rows_after
                        FOR EACH STATEMENT EXECUTE FUNCTION public.statistics_note_licenses()`);
      }),
    ).rejects.toThrow(/permission denied for function (public[.])?statistics_note_licenses/);
  });
});
