import { PassThrough } from 'node:stream';
import { Logger } from '@aegis/logging';
import type { Pool, PoolClient } from 'pg';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { poolOf } from './driver-internals';
import { PoolRenewal } from './pool-renewal';

describe('a pool whose database does not accept writes', () => {
  let database: TestDatabase;
  let pool: Pool;
  let renewal: PoolRenewal;
  let log: string[];

  beforeEach(async () => {
    database = await testDatabase();
    const dataSource = await database.dataSource([]);
    pool = poolOf(dataSource);
    log = [];
    const stream = new PassThrough().on('data', (chunk: Buffer) => log.push(chunk.toString()));
    renewal = new PoolRenewal(dataSource, new Logger({ level: 'warn', format: 'json', stream }));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await database.drop();
  });

  const sessionOf = async (client: PoolClient): Promise<number> =>
    (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;
  /** Borrows so many connections at once. @returns the sessions that they lead to */
  async function sessions(count: number): Promise<number[]> {
    const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
    const pids = await Promise.all(clients.map(sessionOf));
    for (const client of clients) client.release();
    return pids;
  }
  const writeReadOnly = (client: PoolClient): Promise<unknown> =>
    client.query('SET default_transaction_read_only = on').then(() => client.query('DELETE FROM customers'));

  it('lends no connection again that was idle when it was renewed', async () => {
    const before = await sessions(5);
    renewal.renew();
    const after = await sessions(5);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(log.join('')).toContain('the database does not accept writes: connections are renewed');
  });

  it('lends no connection again that was in use when it was renewed, and ends it when it is given back', async () => {
    const client = await pool.connect();
    const before = await sessionOf(client);
    renewal.renew();
    // It can be used to its end.
    expect(await sessionOf(client)).toBe(before);
    client.release();
    expect(await sessions(1)).not.toContain(before);
  });

  it('keeps connections that were opened after it was renewed', async () => {
    await sessions(1);
    renewal.renew();
    const [first] = await sessions(1);
    const [second] = await sessions(1);
    expect(second).toBe(first);
  });

  it('is renewed when any statement is refused for that reason', async () => {
    const idle = await sessions(3);
    const client = await pool.connect();
    await expect(writeReadOnly(client)).rejects.toMatchObject({ code: '25006' });
    client.release();
    const after = await sessions(3);
    expect(after.filter((pid) => idle.includes(pid))).toEqual([]);
  });

  it('is renewed once within half a second, however many statements are refused', async () => {
    const clock = jest.spyOn(performance, 'now').mockReturnValue(1_000_000);
    await sessions(1);
    renewal.renew();
    const [kept] = await sessions(1);
    clock.mockReturnValue(1_000_499);
    renewal.renew();
    expect(await sessions(1)).toEqual([kept]);
    clock.mockReturnValue(1_000_500);
    renewal.renew();
    expect(await sessions(1)).not.toEqual([kept]);
  });
});
