import { aCustomerId } from '../support/factories';
import type { ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import { Caller, codeOf } from './support/caller';
import { whatIsLost } from './support/consistency';
import { Link } from './support/link';
import { Load } from './support/load';
import { MetricsReading } from './support/metrics';
import { answeredBetween, wrongRefusals } from './support/outage';
import { RowPostgres } from './support/postgres';
import { shortOrLong, SLOW_MACHINE } from './support/promises';
import { Servers, untilReadyAgain } from './support/servers';
import { template } from './support/template';

const RATE = shortOrLong(60, 200);
const SILENT_MS = shortOrLong(5_000, 60_000);
/** `DB_POOL_SIZE`. */
const POOL = 10;
/** `DB_ACQUIRE_TIMEOUT_MS` and `DB_DEADLINE_MS`: a request waits for a connection, then for an answer. */
const LONGEST_MS = 800 + 2_500;
const MOST_MEMORY = 100 * 1024 * 1024;

describe('PostgreSQL that is silent', () => {
  let postgres: RowPostgres;
  let link: Link;
  let servers: Servers;
  let server: ServerProcess;
  let load: Load;
  let caller: Caller;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    link = await Link.to(postgres.port);
    servers = new Servers(link.of(postgres.applicationUrl));
    server = await servers.start();
    caller = new Caller(template().apiKey);
    load = new Load(() => [server.url]);
    await load.prepare();
  });
  afterAll(async () => {
    caller.close();
    load.close();
    await servers.close();
    await link.close();
    await postgres.close();
  });

  const resident = async (): Promise<number> =>
    (await MetricsReading.of(server)).value('process_resident_memory_bytes') ?? 0;

  // The network in between is silent, or PostgreSQL itself (SIGSTOP).
  it.each([
    [
      'the network',
      () => {
        link.silence();
      },
      () => {
        link.speak();
      },
    ],
    [
      'every process of it',
      () => {
        postgres.freeze();
      },
      () => {
        postgres.thaw();
      },
    ],
  ])(
    'requests get 503 after the deadline, pool and memory stay bounded, and the server recovers by itself: %s',
    async (_what, silence, speak) => {
      const before = load.operations.length;
      load.start(RATE);
      await until('the load is served', () =>
        Promise.resolve(
          load.operations.slice(before).filter(({ reply }) => reply?.status === 200).length > 100,
        ),
      );
      const memory = await resident();
      silence();
      const silentAt = performance.now();
      await until('it is not ready', async () => (await server.probe('ready')) === 503);
      await until('it was silent for long enough', async () => {
        expect(await server.probe('live')).toBe(200);
        return performance.now() - silentAt > SILENT_MS;
      });
      const during = await MetricsReading.of(server);
      const backAt = performance.now();
      speak();
      const readyAfter = await untilReadyAgain(server);
      await until('requests are answered well', () =>
        Promise.resolve(
          load.operations.slice(-RATE).filter(({ reply }) => reply?.status === 200).length > RATE / 2,
        ),
      );
      await load.stop();

      expect(
        wrongRefusals(answeredBetween(load, silentAt, backAt), LONGEST_MS, [
          'service_unavailable',
          'outcome_unknown',
        ]),
      ).toEqual([]);
      expect(readyAfter).toBeLessThan(5_000 * SLOW_MACHINE);
      const connections = ['idle', 'busy'].map(
        (state) => during.value('aegis_database_connections', { state }) ?? NaN,
      );
      expect(connections[0]! + connections[1]!).toBeLessThanOrEqual(POOL);
      expect((await resident()) - memory).toBeLessThan(MOST_MEMORY);
      await load.settle();
      expect(load.contradictions).toEqual([]);
      expect(await whatIsLost(load, postgres)).toEqual([]);
      expect(server.hasEnded).toBe(false);
    },
  );

  it('a change whose commit is not answered gets 503 outcome_unknown, and the same Idempotency-Key settles it', async () => {
    const customer = { id: aCustomerId(), name: 'Acme Corporation' };
    await caller.send('POST', `${server.url}/api/v1/customers`, customer);
    const issue = () =>
      caller.send(
        'POST',
        `${server.url}/api/v1/licenses`,
        {
          customer_id: customer.id,
          module_name: 'payroll',
          allowed_major_versions: ['17'],
          license_type: 'perpetual',
        },
        { 'Idempotency-Key': 'order-1' },
      );
    // No standby of this name will ever confirm: the commit is made, and waits.
    await postgres.configure({ synchronous_standby_names: 'nobody' });
    const asking = issue();
    // The commit of the license: those of the server's jobs wait as well, perhaps before it.
    await until('the commit waits', async () => {
      const [row] = await postgres.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity
         JOIN pg_locks USING (pid)
         WHERE wait_event = 'SyncRep' AND query ~* '^COMMIT' AND usename = 'aegis_app'
           AND relation = 'licenses'::regclass AND mode = 'RowExclusiveLock'`,
      );
      return (row?.count ?? 0) > 0;
    });
    link.silence();
    const unknown = await asking;
    expect([unknown.status, codeOf(unknown)]).toEqual([503, 'outcome_unknown']);
    expect(Number(unknown.headers['retry-after'])).toBeGreaterThan(0);
    expect(unknown.milliseconds).toBeLessThan(LONGEST_MS * SLOW_MACHINE);
    link.speak();
    await postgres.configure({ synchronous_standby_names: '' });
    await untilReadyAgain(server);
    const settled = await issue();
    expect([settled.status, settled.headers['idempotent-replayed']]).toEqual([201, 'true']);
    expect(await postgres.query('SELECT id FROM licenses WHERE customer_id = $1', [customer.id])).toEqual([
      { id: (settled.body as { id: string }).id },
    ]);
  });
});
