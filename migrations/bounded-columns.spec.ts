import { postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { expectNothingMissing } from '../test/support/complete-list';
import { testDatabase, type TestDatabase } from '../test/support/database/database';
import { columnsOfRole, refusesValue } from '../test/support/database/role-columns';

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

  it('have a length that the database limits, because a server that reads hundreds of megabytes ends', async () => {
    const all = (await columnsOfRole(superuser)).filter(
      ({ type, refers }) => !refers && !FIXED.has(type) && !type.startsWith('timestamp'),
    );
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter(({ type }) => !(type in LONG))).toEqual([]);
    const unbounded: string[] = [];
    for (const column of all)
      for (const character of CHARACTERS)
        if (!(await refusesValue(superuser, column, LONG[column.type]!(character)))) {
          unbounded.push(`${column.table}.${column.name} ${column.type}`);
          break;
        }
    expectNothingMissing(
      unbounded,
      'Add a CHECK of the length to the migration, or use a type with a length, as varchar(255)',
    );
  });

  it('exist for at most 1,000 signing keys, all of which every process reads', async () => {
    const app = await database.dataSource([]);
    const write = (from: number, to: number): Promise<unknown> =>
      app.query(`INSERT INTO signing_keys (kid, alg, public_key, state)
                 SELECT 'k' || n, 'EdDSA', lpad(n::text, 42, 'A') || 'A', 'retired' FROM generate_series(${from}, ${to}) AS n`);
    await expect(write(1, 1001)).rejects.toMatchObject({ code: '23514' });
    await write(1, 1000);
    await expect(write(1001, 1001)).rejects.toThrow(/at most 1000 rows/);
  });
});
