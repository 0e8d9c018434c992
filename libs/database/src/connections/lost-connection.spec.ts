import { loadEnvironment } from '@aegis/config';
import { DataSource } from 'typeorm';
import { migrationDataSource } from '../../../../migrations/data-source';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { superuserOf } from '../../../../test/support/database/sql';
import { isDatabaseUnavailable } from '../postgres-errors';
import { poolOptions, postgresOptions } from './connection-options';
import { poolOf } from './driver-internals';

describe('a connection that PostgreSQL ends while it is lent and nothing is asked', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(async () => {
    await database.drop();
  });

  const sources: [string, () => DataSource][] = [
    [
      "the server's pool",
      () => {
        const url = database.applicationUrl;
        const environment = loadEnvironment({ ENVIRONMENT: 'test', DATABASE_URL: url });
        return new DataSource({ ...postgresOptions(url), extra: poolOptions(environment) });
      },
    ],
    ['the pool of migrations', () => migrationDataSource(database.ownerUrl)],
  ];

  it.each(sources)('does not end the process, and fails at the next statement: %s', async (_name, make) => {
    const dataSource = await make().initialize();
    const superuser = await superuserOf({ database });
    const client = await poolOf(dataSource).connect();
    try {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      // Not `once` of node:events, which listens for errors itself.
      const ended = new Promise<void>((done) => client.once('end', done));
      await superuser.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
      await ended;
      const error: unknown = await client.query('SELECT 1').catch((reason: unknown) => reason);
      expect(isDatabaseUnavailable(error)).toBe(true);
      expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      client.release(true);
      await superuser.end();
      await dataSource.destroy();
    }
  });
});
