import { postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../test/support/database/database';

/** A value of a type without a length, longer than any that the server writes, of one character. */
const LONG: Readonly<Record<string, (character: string) => unknown>> = {
  text: (character) => character.repeat(100_000),
  bytea: (character) => `\\x${Buffer.from(character).toString('hex').repeat(5_000_000)}`,
  jsonb: (character) => ({ a: character.repeat(100_000) }),
  'text[]': (character) => [character.repeat(100_000)],
};
const CHARACTERS = ['a', 'A', '0', '_', '-', '.', 'é'];
/** Their values have a length that their type bounds. */
const FIXED = new Set([
  'uuid',
  'bigint',
  'integer',
  'smallint',
  'boolean',
  'inet',
  'date',
  'double precision',
  'xid8',
  'interval',
  'real',
]);

interface Column {
  table: string;
  name: string;
  type: string;
}

describe('columns that the application’s role may write', () => {
  let database: TestDatabase;
  let superuser: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
  });
  afterAll(async () => {
    await superuser.destroy();
    await database.drop();
  });

  const columns = (): Promise<Column[]> =>
    superuser.query<Column[]>(
      `SELECT relname AS "table", attname AS name, format_type(atttypid, NULL) AS type
       FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND attnum > 0 AND NOT attisdropped
         AND (has_column_privilege('aegis_app', attrelid, attnum, 'INSERT')
              OR has_column_privilege('aegis_app', attrelid, attnum, 'UPDATE'))
         -- As long as what it refers to, which is one of these columns, too.
         AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = attrelid AND conkey = ARRAY[attnum])
       ORDER BY 1, 2`,
    );

  /** Whether a CHECK of the table refuses a row that has only one long value. */
  async function refuses({ table, name, type }: Column, character: string): Promise<boolean> {
    const checks = await superuser.query<{ rule: string }[]>(
      `SELECT pg_get_expr(conbin, conrelid) AS rule FROM pg_constraint
       WHERE conrelid = $1::regclass AND contype = 'c'
         AND (SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = $2) = ANY (conkey)`,
      [`public.${table}`, name],
    );
    for (const { rule } of checks) {
      const [row] = await superuser.query<{ refused: boolean }[]>(
        `SELECT (${rule}) IS FALSE AS refused FROM jsonb_populate_record(NULL::public.${table}, $1) AS ${table}`,
        [JSON.stringify({ [name]: LONG[type]!(character) })],
      );
      if (row!.refused) return true;
    }
    return false;
  }

  it('have a length that the database bounds: a server ends that reads hundreds of megabytes', async () => {
    const all = (await columns()).filter(({ type }) => !FIXED.has(type) && !type.startsWith('timestamp'));
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter(({ type }) => !(type in LONG))).toEqual([]);
    const unbounded: string[] = [];
    for (const column of all)
      for (const character of CHARACTERS)
        if (!(await refuses(column, character))) {
          unbounded.push(`${column.table}.${column.name} ${column.type}`);
          break;
        }
    expect(unbounded).toEqual([]);
  });

  it('are of no more than 1,000 signing keys, which every process reads', async () => {
    const app = await database.dataSource([]);
    const write = (from: number, to: number): Promise<unknown> =>
      app.query(`INSERT INTO signing_keys (kid, alg, public_key, state)
                 SELECT 'k' || n, 'EdDSA', lpad(n::text, 43, 'A'), 'retired' FROM generate_series(${from}, ${to}) AS n`);
    await expect(write(1, 1001)).rejects.toMatchObject({ code: '23514' });
    await write(1, 1000);
    await expect(write(1001, 1001)).rejects.toThrow(/at most 1000 rows/);
  });
});
