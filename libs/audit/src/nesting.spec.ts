import { postgresOptions } from '@aegis/database';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { migratedDatabase, type TestDatabase } from '../../../test/support/database/database';
import { columnNestsTooDeep, nestsTooDeep } from './nesting';

const lists = (count: number, inner: string): string => '['.repeat(count) + inner + ']'.repeat(count);
const objects = (count: number, inner: string): string => '{"a":'.repeat(count) + inner + '}'.repeat(count);

/** At most 32 objects and lists may be within one another. */
const CASES: [string, string, boolean][] = [
  ['no list', '1', false],
  ['31 lists with a number', lists(31, '1'), false],
  ['32 lists, the last one empty', lists(32, ''), false],
  ['32 lists with a number', lists(32, '1'), false],
  ['32 lists with null', lists(32, 'null'), false],
  ['32 lists of two', lists(31, '[1,2],3'), false],
  ['33 lists, the last one empty', lists(33, ''), true],
  ['33 lists with a number', lists(33, '1'), true],
  ['34 lists, the last one empty', lists(34, ''), true],
  ['34 lists with a number', lists(34, '1'), true],
  ['32 objects with a number', objects(32, '1'), false],
  ['32 objects, the last one empty', objects(31, '{}'), false],
  ['33 objects, the last one empty', objects(32, '{}'), true],
  ['33 objects with a number', objects(33, '1'), true],
  ['16 objects in 16 lists', lists(16, objects(16, '"x"')), false],
  ['17 objects in 16 lists', lists(16, objects(16, '{}')), true],
  ['one list among 32 that is deeper', `[1,${lists(31, '1')},${lists(32, '1')}]`, true],
  ['text and names with brackets', objects(32, JSON.stringify(`"\\${'[{'.repeat(40)}`)), false],
  ['a name with brackets', `{${JSON.stringify('[{"'.repeat(40))}: 1}`, false],
];

describe('data that nests too deep', () => {
  let database: TestDatabase;
  let superuser: DataSource;

  beforeAll(async () => {
    database = await migratedDatabase();
    superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    await superuser.query('ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_event_data_object');
  });
  afterAll(async () => {
    await superuser.destroy();
    await database.drop();
  });

  async function bySql(json: string): Promise<boolean> {
    const [row] = await superuser.query<{ deep: boolean }[]>(
      `SELECT ${columnNestsTooDeep('data')} AS deep FROM (SELECT $1::jsonb AS data) AS one`,
      [json],
    );
    return row!.deep;
  }

  it.each(CASES)(
    'is found in a text, in the database, and by its rule alike: %s',
    async (_, json, isTooDeep) => {
      expect([nestsTooDeep(json), await bySql(json)]).toEqual([isTooDeep, isTooDeep]);
      const insert = superuser.query(
        `INSERT INTO audit_logs (event_type, actor, event_data) VALUES ('license.validated', 'system', $1::jsonb)`,
        [json],
      );
      if (isTooDeep) await expect(insert).rejects.toThrow(/audit_logs_depth/);
      else await expect(insert).resolves.toBeDefined();
    },
  );

  it('does not include data that is missing (NULL)', async () => {
    const [row] = await superuser.query<{ deep: boolean }[]>(
      `SELECT ${columnNestsTooDeep('NULL::jsonb')} AS deep`,
    );
    expect(row!.deep).toBe(false);
  });

  it('is recognised in the same way in a text and in the database', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.string());
    const wrap = fc.array(fc.boolean(), { minLength: 28, maxLength: 34 });
    await fc.assert(
      fc.asyncProperty(value, wrap, async (inner, around) => {
        const json = around.reduce(
          (text, isList) => (isList ? `[0,${text}]` : `{"a":${text},"b":[]}`),
          JSON.stringify(inner).replaceAll('\\u0000', ''),
        );
        expect(await bySql(json)).toBe(nestsTooDeep(json));
      }),
      { numRuns: 300 },
    );
  });
});
