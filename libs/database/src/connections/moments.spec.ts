import { loadEnvironment } from '@aegis/config';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { poolOptions, postgresOptions } from './connection-options';

const FIRST = new Date('0001-01-01T00:00:00.000Z');
const LAST = new Date('9999-12-31T23:59:59.999Z');

describe('the connections of the server', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    const environment = loadEnvironment({ ENVIRONMENT: 'test', DATABASE_URL: database.applicationUrl });
    dataSource = await new DataSource({
      ...postgresOptions(database.applicationUrl),
      extra: poolOptions(environment),
    }).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it.each([
    ['2026-02-03T19:12:10.123Z', new Date('2026-02-03T19:12:10.123Z')],
    ['0001-01-01T00:00:00Z', FIRST],
    ['9999-12-31T23:59:59.999Z', LAST],
    ['10000-01-01T00:59:59Z', LAST],
    ['294276-12-31T00:00:00Z', LAST],
    ['infinity', LAST],
    ['0001-12-31T00:00:00Z BC', FIRST],
    ['-infinity', FIRST],
    ['4713-01-02T00:00:00Z BC', FIRST],
    [null, null],
  ])('read %s as a time that answers can write', async (stored, read) => {
    expect(await dataSource.query('SELECT $1::timestamptz AS at', [stored])).toEqual([{ at: read }]);
  });

  it('read all other values as the driver does', async () => {
    const [row] = await dataSource.query<Record<string, unknown>[]>(
      `SELECT 1 AS number, true AS yes, '{"a": [1]}'::jsonb AS json, ARRAY['a'] AS list, '\\x01'::bytea AS bytes`,
    );
    expect(row).toEqual({ number: 1, yes: true, json: { a: [1] }, list: ['a'], bytes: Buffer.from([1]) });
  });
});
