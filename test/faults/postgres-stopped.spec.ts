import { spawnSync } from 'node:child_process';
import { get } from 'node:https';
import type { ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import { CertificateAuthority } from '../support/processes/certificates';
import { freePort } from '../support/processes/free-port';
import { HOST_NAME, startNginx } from '../support/deployment/nginx';
import { whatIsLost } from './support/consistency';
import { Load } from './support/load';
import { MetricsReading } from './support/metrics';
import { answeredBetween, notWell, wrongRefusals } from './support/outage';
import { RowPostgres } from './support/postgres';
import { shortOrLong, SLOW_MACHINE } from './support/promises';
import { PublishedTexts } from './support/published';
import { Servers, untilReadyAgain } from './support/servers';

const hasNginx = spawnSync('nginx', ['-v']).error === undefined;
const RATE = shortOrLong(60, 200);
/** How long the database is gone. */
const AWAY_MS = shortOrLong(4_000, 60_000);
/** `DB_POOL_SIZE`. */
const POOL = 10;
// Under CI a missing program is a failure, not a reason to skip.
const nginxIt = hasNginx || process.env.CI === 'true' ? it : it.skip;

describe('PostgreSQL stopped under load, then started', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let server: ServerProcess;
  let load: Load;
  let published: PublishedTexts;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
    server = await servers.start();
    load = new Load(() => [server.url]);
    await load.prepare();
    published = new PublishedTexts(load.licenses[0]!);
    await published.remember(server.url);
  });
  afterAll(async () => {
    published.close();
    load.close();
    await servers.close();
    await postgres.close();
  });

  const answered = (): number => load.operations.filter(({ reply }) => reply !== undefined).length;

  it('requests that need it get 503 within 2 s, keys and status lists are still served, and everything works 5 s after its return', async () => {
    load.start(RATE);
    await until('the load is served', () => Promise.resolve(answered() > 100));
    await postgres.stop();
    const goneAt = performance.now();
    await until('it is not ready', async () => (await server.probe('ready')) === 503);
    const missing = new Set<string>();
    await until('it was gone for long enough', async () => {
      for (const what of await published.missingAt(server.url)) missing.add(what);
      expect(await server.probe('live')).toBe(200);
      return performance.now() - goneAt > AWAY_MS;
    });
    expect(await server.probe('ready')).toBe(503);
    const backAt = performance.now();
    await postgres.start();
    const upAt = performance.now();
    const readyAfter = await untilReadyAgain(server);
    await until('validations are answered well for a while', () =>
      Promise.resolve(
        load.operations.slice(-RATE).filter(({ reply }) => reply?.status === 200).length > RATE / 2,
      ),
    );
    await load.stop();

    expect([...missing]).toEqual([]);
    expect(wrongRefusals(answeredBetween(load, goneAt, backAt), 2_000)).toEqual([]);
    expect(readyAfter).toBeLessThan(5_000 * SLOW_MACHINE);
    expect(notWell(load.sentBetween(upAt + 5_000 * shortOrLong(SLOW_MACHINE, 1), Infinity))).toEqual([]);
    await load.settle();
    expect(load.contradictions).toEqual([]);
    expect(await whatIsLost(load, postgres)).toEqual([]);
    // The pool, and one that listens.
    expect(await postgres.sessions()).toBeLessThanOrEqual(POOL + 1);
    const metrics = await MetricsReading.of(server);
    expect(metrics.value('aegis_database_connections', { state: 'waiting' })).toBe(0);
    expect(server.hasEnded).toBe(false);
  });

  nginxIt(
    'what is published is served through nginx in front of two servers that are not ready',
    async () => {
      const authority = new CertificateAuthority('P-256');
      const other = await servers.start();
      const both = [server, other];
      const port = await freePort();
      const upstreams = both.map(({ url }) => Number(new URL(url).port)) as [number, number];
      const nginx = await startNginx(servers.emptyFolder(), authority, { port, upstreams });
      try {
        const through = (path: string): Promise<number | undefined> =>
          new Promise((resolve, reject) => {
            const headers = { Host: HOST_NAME };
            const ca = authority.certificate;
            get({ host: '127.0.0.1', port, servername: HOST_NAME, ca, path, headers }, (response) => {
              response.resume();
              resolve(response.statusCode);
            }).on('error', reject);
          });
        await published.remember(other.url);
        await postgres.stop();
        for (const each of both)
          await until('it is not ready', async () => (await each.probe('ready')) === 503);
        for (const path of published.paths)
          for (let time = 0; time < 6; time++) expect([path, await through(path)]).toEqual([path, 200]);
      } finally {
        await nginx.end('SIGTERM');
        await postgres.start();
      }
    },
  );
});
