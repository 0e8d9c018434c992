import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { End, ServerProcess } from '../support/processes/server-process';
import { until } from '../support/until';
import { doctorFinds } from './support/doctor';
import { emptyDatabase, migratingAtStart } from './support/empty-database';
import { RowPostgres } from './support/postgres';
import { shortOrLong } from './support/promises';
import { Servers } from './support/servers';

const MIGRATIONS = readdirSync(join(__dirname, '../../migrations')).filter((name) =>
  /^\d+-.*\.ts$/.test(name),
).length;
/** So long a server may take to end: what starts is carried out first. */
const END_MS = 30_000;

describe('SIGTERM during a start', () => {
  let postgres: RowPostgres;
  let servers: Servers;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
  });
  afterAll(async () => {
    await servers.close();
    await postgres.close();
  });

  /** Asks a server to end. @returns how it ended, and how long it took */
  async function ended(server: ServerProcess): Promise<End & { milliseconds: number }> {
    const askedAt = performance.now();
    const end = await server.stop('SIGTERM');
    return { ...end, milliseconds: performance.now() - askedAt };
  }

  it('at any moment: the server ends, soon and without an error, and leaves a consistent database', async () => {
    const startedAt = performance.now();
    await (await servers.start()).stop('SIGKILL');
    const startMs = performance.now() - startedAt;
    await until('the killed server has no session', async () => (await postgres.sessions()) === 0);
    const moments = shortOrLong(3, 20);
    for (let moment = 1; moment <= moments; moment++) {
      const launchedAt = performance.now();
      const server = servers.launch();
      // At the last one it has connected to the database and is not ready yet.
      await until('its moment comes', async () =>
        moment === moments
          ? (await postgres.sessions()) > 0
          : performance.now() - launchedAt > (startMs * moment) / moments,
      );
      const { code, signal, milliseconds } = await ended(server);
      // Before it takes signals itself, a signal ends it.
      const isEarly = signal !== null && moment < moments;
      expect([code, signal]).toEqual(isEarly ? [null, 'SIGTERM'] : [0, null]);
      expect(milliseconds).toBeLessThan(END_MS);
      expect(server.stderr).toBe('');
    }
    expect(await doctorFinds(servers)).toEqual([]);
  });

  it('that migrates: ends without an error, and another start migrates the rest, each migration once', async () => {
    const stops = shortOrLong([20], [1, 10, 20, 40, 60]);
    for (const stop of stops) {
      const database = await emptyDatabase(postgres);
      const settings = { ...migratingAtStart(database), SHUTDOWN_DRAIN_SECONDS: '0' };
      const server = servers.launch(settings);
      await until(`${stop} migrations have run`, async () => (await applied(database.query)).length >= stop);
      const { code, milliseconds } = await ended(server);
      expect(code).toBe(0);
      expect(milliseconds).toBeLessThan(END_MS);
      expect(server.stderr).toBe('');
      const next = await servers.start(settings);
      const names = await applied(database.query);
      expect([names.length, new Set(names).size]).toEqual([MIGRATIONS, MIGRATIONS]);
      const make = ['api-keys', 'create', '--name', 'shop', '--scopes', 'admin', '--json'];
      expect((await servers.commandLine(settings).run(...make)).exitCode).toBe(0);
      expect(await doctorFinds(servers, settings)).toEqual([]);
      await next.stop();
    }
  });
});

/** Names of the migrations that have run; none where there is no table yet. */
async function applied(query: <T extends object>(statement: string) => Promise<T[]>): Promise<string[]> {
  const rows = await query<{ name: string }>('SELECT name FROM schema_migrations').catch(() => []);
  return rows.map(({ name }) => name);
}
