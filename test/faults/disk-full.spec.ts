import { until } from '../support/until';
import { Caller } from './support/caller';
import { doctorFinds } from './support/doctor';
import type { Kind } from './support/load';
import { MetricsReading } from './support/metrics';
import { wrongRefusals } from './support/outage';
import { shortOrLong } from './support/promises';
import { Row, type RowOptions } from './support/row';
import { itWithSmallDisks, noSmallDisks, SmallDisk } from './support/machine/small-disk';
import { template } from './support/template';

const RATE = 60;
/** Longer than the server takes refusals as a sign that the disk is still full. */
const UNASKED_MS = shortOrLong(2_500, 30_000);
/** PostgreSQL gives room back as soon as it may. */
const LITTLE_WAL = { max_wal_size: '32MB', min_wal_size: '32MB', wal_keep_size: 0 };

describe("PostgreSQL's disk that is full", () => {
  /** Of what begins at `on`: ended last to first. */
  const undo: (() => unknown)[] = [];
  let row: Row;
  let disk: SmallDisk;

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  /** Starts a row whose PostgreSQL has something on a disk that holds so many megabytes. */
  async function on(megabytes: number, options: (path: string) => RowOptions): Promise<void> {
    const { clusterFolder, account } = template();
    const mounted = SmallDisk.mount(clusterFolder, megabytes, account);
    if (mounted === undefined) throw new Error('no file system can be mounted here: root is needed');
    disk = mounted;
    undo.push(() => {
      disk.unmount();
    });
    row = await Row.start(options(disk.path));
    undo.push(() => row.close());
    await row.startLoad(RATE);
  }

  const obstacle = async (name: string): Promise<number | undefined> =>
    (await MetricsReading.of(row.server)).value('aegis_database_obstacle', { obstacle: name });
  /** Waits until one of each kind was refused after that moment, and looks how. */
  async function expectRefusals(from: number, codes: readonly string[]): Promise<void> {
    const refused = () =>
      row.load
        .sentBetween(from, Infinity)
        .filter(({ reply }) => ![undefined, 200, 201].includes(reply?.status));
    const kinds: readonly Kind[] = ['issue', 'revoke', 'validate'];
    await until('requests of each kind are refused', () =>
      Promise.resolve(
        refused().length > RATE && kinds.every((wanted) => refused().some(({ kind }) => kind === wanted)),
      ),
    );
    expect(wrongRefusals(refused(), 2_000, codes)).toEqual([]);
    const anyone = new Caller();
    expect((await anyone.send('GET', `${row.server.url}/.well-known/jwks.json`)).status).toBe(200);
    anyone.close();
    expect(await row.server.probe('live')).toBe(200);
  }
  async function expectAllWell(): Promise<void> {
    await row.untilReadyIs(200);
    await row.startLoad(RATE);
    await until('the alarm is over', async () => (await obstacle('disk_full')) === 0);
    expect(await row.whatIsWrong()).toEqual([]);
    expect(await doctorFinds(row.servers)).toEqual([]);
  }

  itWithSmallDisks(
    `its data cannot grow: requests get 503, it is not ready and says why, all is well once there is room, and nothing is half-written${noSmallDisks}`,
    async () => {
      await on(256, (path) => ({ places: { data: path, wal: template().clusterFolder } }));
      const from = performance.now();
      disk.fill();
      await expectRefusals(from, ['service_unavailable']);
      await row.untilReadyIs(503);
      await until('the alarm is raised', async () => (await obstacle('disk_full')) === 1);
      expect(row.server.output).toMatch(
        /"level":"error","message":"not ready: the database has no room on its disk"/,
      );
      // Nor is it ready while nobody asks.
      await row.load.stop();
      const stoppedAt = performance.now();
      await until('nobody was refused for a while', async () => {
        expect(await row.server.probe('ready')).toBe(503);
        return performance.now() - stoppedAt > UNASKED_MS;
      });
      disk.free();
      await expectAllWell();
    },
  );

  itWithSmallDisks(
    `its WAL cannot grow, so that it crashes: requests get 503, all is well once there is room and it was started, and nothing is half-written${noSmallDisks}`,
    async () => {
      await on(100, (path) => ({ places: { wal: path }, postgres: LITTLE_WAL }));
      disk.fill();
      const from = performance.now();
      await until('PostgreSQL has ended', async () => {
        // Else it would have to be waited for until a file of its WAL is full.
        await row.postgres.query('SELECT pg_switch_wal()').catch(() => undefined);
        return row.postgres.hasEnded;
      });
      expect(row.postgres.output).toMatch(/"pg_wal\/[^"]*": No space left on device/);
      await expectRefusals(from, ['service_unavailable', 'outcome_unknown']);
      await row.untilReadyIs(503);
      await until('the alarm is raised', async () => (await obstacle('unreachable')) === 1);
      disk.free();
      await row.postgres.start();
      await expectAllWell();
    },
  );
});
