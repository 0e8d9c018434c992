import { postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { migratedDatabase, type TestDatabase } from '../test/support/database/database';

/** RFC 3339 has no form for times outside of these. */
const OUTSIDE = ['-infinity', '0001-12-31T23:59:59Z BC', '10000-01-01T00:00:00Z', 'infinity'];

interface Column {
  table: string;
  name: string;
}

describe('times that the application’s role may write', () => {
  let database: TestDatabase;
  let superuser: DataSource;

  beforeAll(async () => {
    database = await migratedDatabase();
    superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
  });
  afterAll(async () => {
    await superuser.destroy();
    await database.drop();
  });

  const columns = (): Promise<Column[]> =>
    superuser.query<Column[]>(
      `SELECT relname AS "table", attname AS name FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND atttypid = 'timestamptz'::regtype AND attnum > 0 AND NOT attisdropped
         AND (has_column_privilege('aegis_app', attrelid, attnum, 'INSERT')
              OR has_column_privilege('aegis_app', attrelid, attnum, 'UPDATE'))
       ORDER BY 1, 2`,
    );

  /** Whether a CHECK of the table refuses a row that has only this time. */
  async function refuses({ table, name }: Column, moment: string): Promise<boolean> {
    const checks = await superuser.query<{ rule: string }[]>(
      `SELECT pg_get_expr(conbin, conrelid) AS rule FROM pg_constraint
       WHERE conrelid = $1::regclass AND contype = 'c'
         AND (SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = $2) = ANY (conkey)`,
      [`public.${table}`, name],
    );
    for (const { rule } of checks) {
      const [row] = await superuser.query<{ refused: boolean }[]>(
        `SELECT (${rule}) IS FALSE AS refused FROM jsonb_populate_record(NULL::public.${table}, $1) AS ${table}`,
        [JSON.stringify({ [name]: moment })],
      );
      if (row?.refused === true) return true;
    }
    return false;
  }

  it('are within the years that answers can write: the database refuses others in every column', async () => {
    const all = await columns();
    expect(all.length).toBeGreaterThan(20);
    const unbounded: string[] = [];
    for (const column of all)
      for (const moment of OUTSIDE)
        if (!(await refuses(column, moment))) unbounded.push(`${column.table}.${column.name} ${moment}`);
    // A trigger sets this one by the database's clock.
    const exempt = OUTSIDE.map((moment) => `signing_keys.compromised_at ${moment}`);
    expect(unbounded).toEqual(exempt);
  });
});
