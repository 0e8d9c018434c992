import { until } from '../support/until';
import { whatIsLost } from './support/consistency';
import { doctorFinds } from './support/doctor';
import { Load } from './support/load';
import { MemoryLimit } from './support/machine/memory-limit';
import { RowPostgres } from './support/postgres';
import { Servers } from './support/servers';

const FURTHER_BYTES = 8 * 1024 * 1024;

describe('a server that runs out of memory', () => {
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

  it('is killed by the system, serves after a restart, and leaves what is consistent', async () => {
    const limit = MemoryLimit.of(FURTHER_BYTES);
    if (limit === undefined) throw new Error('no group with a memory limit can be made here: root is needed');
    const doomed = await servers.start();
    let { url } = doomed;
    load = new Load(() => [url], { issue: 6, revoke: 3 });
    await load.prepare();
    limit.add(doomed.child.pid!);
    load.start(200);
    expect(await doomed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    limit.remove();
    ({ url } = await servers.start());
    const before = load.operations.length;
    await until('the load is served again', () =>
      Promise.resolve(load!.operations.slice(before).some(({ reply }) => reply?.status === 201)),
    );
    await load.stop();
    await load.settle();
    expect(load.contradictions).toEqual([]);
    expect(await whatIsLost(load, postgres)).toEqual([]);
    expect(await doctorFinds(servers)).toEqual([]);
  });
});
