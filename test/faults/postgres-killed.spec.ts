import { until } from '../support/until';
import { whatIsLost } from './support/consistency';
import { Load } from './support/load';
import { RowPostgres } from './support/postgres';
import { shortOrLong } from './support/promises';
import { Servers, untilReadyAgain } from './support/servers';

describe('kill -9 of PostgreSQL', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let load: Load | undefined;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
  });
  afterAll(async () => {
    load?.close();
    await servers.close();
    await postgres.close();
  });

  it('loses no acknowledged change and no record, however often it happens, and the server serves again', async () => {
    const server = await servers.start();
    load = new Load(() => [server.url], { issue: 6, revoke: 3 });
    await load.prepare();
    const answeredWell = (): number =>
      load!.operations.filter(({ reply }) => (reply?.status ?? 0) >= 200 && (reply?.status ?? 0) < 300)
        .length;
    load.start(100);
    for (let time = 0; time < shortOrLong(2, 20); time++) {
      const before = answeredWell();
      await until('requests are answered well', () => Promise.resolve(answeredWell() > before + 30));
      await postgres.kill();
      await postgres.start();
    }
    await untilReadyAgain(server);
    await load.stop();

    expect(server.hasEnded).toBe(false);
    expect(await load.settle()).toBeGreaterThan(0);
    expect(load.contradictions).toEqual([]);
    expect(await whatIsLost(load, postgres)).toEqual([]);
    // What was not answered well was refused as unavailable, or not known.
    const codes = new Set(
      load.operations
        .filter(({ kind, reply }) => kind === 'validate' && reply?.status !== 200)
        .map(({ reply }) => reply?.status),
    );
    expect([...codes]).toEqual([503]);
  });
});
