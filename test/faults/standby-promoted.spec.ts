import { until } from '../support/until';
import { answeredBetween } from './support/outage';
import { Link } from './support/link';
import { RowPostgres } from './support/postgres';
import { shortOrLong, SLOW_MACHINE } from './support/promises';
import { Row } from './support/row';

const RATE = shortOrLong(60, 200);
const RESUMED_WITHIN_MS = 10_000;

describe('a primary that is lost while its synchronous standby is there', () => {
  let row: Row;
  let standby: RowPostgres;
  let replication: Link;

  beforeAll(async () => {
    row = await Row.start({ mix: { issue: 5, revoke: 2 } });
    replication = await Link.to(row.postgres.port);
    standby = await RowPostgres.startStandby(replication.port);
    // From now on a commit is answered once the standby has it.
    await row.postgres.configure({ synchronous_standby_names: '*' });
    await until('the standby is synchronous', async () => {
      const [replica] = await row.postgres.query<{ state: string }>(
        'SELECT sync_state AS state FROM pg_stat_replication',
      );
      return replica?.state === 'sync';
    });
  });
  afterAll(async () => {
    await standby.close();
    await replication.close();
    await row.close();
  });

  it('the server resumes within 10 s after the promotion, without restart, and nothing acknowledged is lost', async () => {
    await row.startLoad(RATE);
    // Nothing reaches the standby: what it does not have may not be acknowledged.
    replication.silence();
    const behindAt = performance.now();
    await until('changes are not acknowledged', () =>
      Promise.resolve(
        row.load.sentBetween(behindAt, Infinity).filter(({ reply }) => reply?.status === 503).length > RATE,
      ),
    );
    // First its address leads to the standby, as an address that moves too early does: connections are read-only.
    row.link.leadTo(standby.port);
    const lostAt = performance.now();
    await row.postgres.kill();
    replication.cut();
    await row.untilReadyIs(503);
    await until('read-only connections are dropped', () =>
      Promise.resolve(row.server.output.includes('connections are renewed')),
    );
    await until('requests were refused for a while', () =>
      Promise.resolve(answeredBetween(row.load, lostAt, performance.now()).length > RATE),
    );
    const promotingAt = performance.now();
    await standby.query('SELECT pg_promote(true)');
    const promotedAt = performance.now();
    await row.untilReadyIs(200);
    await row.answeredWell(RATE);
    const settledAt = performance.now();
    await row.load.stop();
    expect(settledAt - promotedAt).toBeLessThan(RESUMED_WITHIN_MS * SLOW_MACHINE);
    const statuses = answeredBetween(row.load, lostAt, promotingAt).map(({ reply }) => reply?.status);
    expect([...new Set(statuses)]).toEqual([503]);
    row.postgres = standby;
    expect(await row.whatIsWrong()).toEqual([]);
    expect((await row.load.one('issue')).reply?.status).toBe(201);
    expect((await row.load.one('validate')).reply?.status).toBe(200);
  });
});
