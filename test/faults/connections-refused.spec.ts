import { until } from '../support/until';
import { Caller, codeOf } from './support/caller';
import { MetricsReading } from './support/metrics';
import { notWell } from './support/outage';
import { Row } from './support/row';
import { template } from './support/template';

const RATE = 60;

describe('PostgreSQL that refuses connections', () => {
  let row: Row;

  beforeAll(async () => {
    row = await Row.start();
  });
  afterAll(() => row.close());

  const endSessions = (): Promise<unknown> =>
    row.postgres.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aegis_app'`);
  const obstacle = async (): Promise<number | undefined> =>
    (await MetricsReading.of(row.server)).value('aegis_database_obstacle', { obstacle: 'unreachable' });

  it.each([
    [
      'the password of its role was changed',
      `ALTER ROLE aegis_app PASSWORD 'another one, which nobody gave to the server'`,
      () => `ALTER ROLE aegis_app PASSWORD '${template().passwords.application}'`,
      'password authentication failed',
    ],
    [
      'there are too many connections (53300)',
      'ALTER ROLE aegis_app CONNECTION LIMIT 0',
      () => 'ALTER ROLE aegis_app CONNECTION LIMIT -1',
      'too many connections',
    ],
    [
      'it takes no connections to this database',
      'ALTER DATABASE aegis ALLOW_CONNECTIONS false',
      () => 'ALTER DATABASE aegis ALLOW_CONNECTIONS true',
      'not currently accepting connections',
    ],
  ])(
    'requests get 503, the server is not ready, a metric and the log say why, and it recovers without restart: %s',
    async (_name, refuse, accept, reason) => {
      const administrator = await row.postgres.connect('postgres');
      try {
        await row.startLoad(RATE);
        await administrator.query(refuse);
        await administrator.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aegis_app'`,
        );
        await row.untilReadyIs(503);
        const refusedFrom = performance.now();
        await until('requests were refused for a while', () =>
          Promise.resolve(
            row.load.sentBetween(refusedFrom, Infinity).filter(({ reply }) => reply).length > RATE,
          ),
        );
        await until('the alarm is raised', async () => (await obstacle()) === 1);
        const statuses = row.load
          .sentBetween(refusedFrom, Infinity)
          .flatMap(({ reply }) => (reply === undefined ? [] : [reply.status]));
        expect([...new Set(statuses)]).toEqual([503]);
        // A caller without a key, whose key is not what could not be checked.
        const { id } = row.load.licenses[0]!;
        const anonymous = new Caller();
        const status = await anonymous.send('GET', `${row.server.url}/api/v1/licenses/${id}/status`);
        expect([status.status, codeOf(status)]).toEqual([503, 'service_unavailable']);
        const keys = await anonymous.send('GET', `${row.server.url}/.well-known/jwks.json`);
        expect(keys.status).toBe(200);
        anonymous.close();
        await until('the log says why', () => Promise.resolve(notReadyLines().includes(reason)));
      } finally {
        await administrator.query(accept());
        await administrator.end();
      }
      await row.untilReadyIs(200);
      await row.answeredWell(RATE);
      await until('the alarm is over', async () => (await obstacle()) === 0);
      expect(await row.whatIsWrong()).toEqual([]);
    },
  );

  const notReadyLines = (): string =>
    row.server.stdout
      .split('\n')
      .filter((line) => line.includes('not ready: the database cannot be reached'))
      .join('\n');

  it('requests are served on existing connections while no others can be made', async () => {
    await row.startLoad(RATE);
    await row.postgres.query('ALTER ROLE aegis_app CONNECTION LIMIT 1');
    const from = performance.now();
    await row.answeredWell(2 * RATE);
    expect(await row.server.probe('ready')).toBe(200);
    await row.postgres.query('ALTER ROLE aegis_app CONNECTION LIMIT -1');
    await row.load.stop();
    expect(notWell(row.load.sentBetween(from, Infinity), [503])).toEqual([]);
    await endSessions();
    await row.untilReadyIs(200);
    expect(await row.whatIsWrong()).toEqual([]);
  });
});
