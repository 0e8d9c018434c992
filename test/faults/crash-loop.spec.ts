import { until } from '../support/until';
import { whatIsLost } from './support/consistency';
import { doctorFinds } from './support/doctor';
import { Load } from './support/load';
import { RowPostgres } from './support/postgres';
import { shortOrLong } from './support/promises';
import { Servers } from './support/servers';

const LOAD_MS = shortOrLong(1500, 5000);

describe('a server that starts, works and is killed, again and again', () => {
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

  it('leaves what `aegis doctor` finds consistent, and loses nothing that was acknowledged', async () => {
    let url = '';
    load = new Load(() => [url], { issue: 6, revoke: 3 });
    for (let time = 0; time < shortOrLong(2, 50); time++) {
      const server = await servers.start();
      url = server.url;
      if (time === 0) await load.prepare();
      load.start(100);
      const began = load.operations.length;
      const startedAt = performance.now();
      const hasIssued = (): boolean =>
        load!.operations.slice(began).some(({ reply }) => reply?.status === 201);
      await until('the load ran for its time', () =>
        Promise.resolve(performance.now() - startedAt > LOAD_MS && hasIssued()),
      );
      await server.stop('SIGKILL');
      await load.stop();
      expect(await doctorFinds(servers)).toEqual([]);
    }
    url = (await servers.start()).url;
    await load.settle();
    expect(load.contradictions).toEqual([]);
    expect(await whatIsLost(load, postgres)).toEqual([]);
    expect(await doctorFinds(servers)).toEqual([]);
  });
});
