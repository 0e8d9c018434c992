import { until } from '../support/until';
import { answeredBetween, wrongRefusals } from './support/outage';
import { shortOrLong, SLOW_MACHINE } from './support/promises';
import { Row } from './support/row';

const RATE = shortOrLong(60, 200);

describe('PostgreSQL that turned read-only, as after a failover', () => {
  let row: Row;

  beforeAll(async () => {
    row = await Row.start();
  });
  afterAll(() => row.close());

  const sessions = async (): Promise<number[]> =>
    (
      await row.postgres.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE usename = 'aegis_app' AND application_name = 'aegis'`,
      )
    ).map(({ pid }) => pid);

  it('the server is not ready within 2 s, drops the read-only connections, and recovers without restart', async () => {
    await row.startLoad(RATE);
    // What a session was given at its beginning it keeps, as those of a demoted primary do.
    const administrator = await row.postgres.connect('postgres');
    await administrator.query('ALTER DATABASE aegis SET default_transaction_read_only = on');
    await administrator.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aegis_app'`,
    );
    const changedAt = performance.now();
    expect(await row.untilReadyIs(503)).toBeLessThan(2_000 * SLOW_MACHINE);
    const notReadyAt = performance.now();
    await until('requests were refused for a while', () =>
      Promise.resolve(
        row.load.sentBetween(notReadyAt, Infinity).filter(({ reply }) => reply).length > 2 * RATE,
      ),
    );
    const stale = await sessions();
    const backAt = performance.now();
    await administrator.query('ALTER DATABASE aegis RESET default_transaction_read_only');
    await administrator.end();
    await row.untilReadyIs(200);
    await row.answeredWell(RATE);
    await until('no connection is as old', async () => {
      const now = await sessions();
      return !stale.some((pid) => now.includes(pid));
    });
    await row.load.stop();
    // Nothing is answered from what may be outdated.
    const during = answeredBetween(row.load, notReadyAt, backAt);
    expect(wrongRefusals(during, 2_000)).toEqual([]);
    expect(row.load.sentBetween(changedAt, backAt).length).toBeGreaterThan(RATE);
    expect(row.server.output).toContain('connections are renewed');
    expect(await row.whatIsWrong()).toEqual([]);
  });
});
