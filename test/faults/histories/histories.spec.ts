import type { ServerProcess } from '../../support/processes/server-process';
import { until } from '../../support/until';
import { RowPostgres } from '../support/postgres';
import { shortOrLong } from '../support/promises';
import { Servers } from '../support/servers';
import { Histories } from './history';

describe('crashes of either process among requests of several clients', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let running: ServerProcess[] = [];

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
    running = [await servers.start(), await servers.start()];
  });
  afterAll(async () => {
    await servers.close();
    await postgres.close();
  });

  it('leave answers that one server without crashes could give: every history has an order that explains it', async () => {
    let crashes = 0;
    const histories: Histories = new Histories({
      servers: () => running.filter(({ hasEnded }) => !hasEnded).map(({ url }) => url),
      histories: shortOrLong(100, 10_000),
      length: 20,
      clients: 12,
      needsMore: () => crashes < 3 || histories.unknown === 0,
    });
    const run = histories.run();
    // It is awaited below, where it fails the test.
    run.catch(() => undefined);
    for (;;) {
      const before = histories.answered;
      await until('histories continue', () =>
        Promise.resolve(histories.hasEnded || histories.answered > before + shortOrLong(300, 1000)),
      );
      if (histories.hasEnded) break;
      const victim = crashes++ % 3;
      if (victim === 2) {
        await postgres.kill();
        await postgres.start();
      } else {
        await running[victim]!.stop('SIGKILL');
        running[victim] = await servers.start();
      }
    }
    await run;

    console.log(`${crashes} crashes, ${histories.answered} answers, ${histories.unknown} unknown outcomes`);
    expect(histories.unexplained.map(({ operations }) => operations)).toEqual([]);
    expect(crashes).toBeGreaterThanOrEqual(3);
    expect(histories.unknown).toBeGreaterThan(0);
  });
});
