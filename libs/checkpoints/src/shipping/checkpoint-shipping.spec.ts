import { loadEnvironment } from '@aegis/config';
import type { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { PemSigner } from '@aegis/signing';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { jobsOf, stopJobs } from '../../../../test/support/jobs';
import { until } from '../../../../test/support/until';
import { Trail } from '../../../../test/support/trail/trail';
import { TrailAlarms } from '../sealing/trail-alarms';
import { readCheckpoint, signCheckpoint } from '../checkpoint';
import { rootHash } from '../tree/merkle-tree';
import { CheckpointShipping } from './checkpoint-shipping';
import { FileSink } from './file-sink';

const TOKEN = 'a-token-for-the-sink';
/** The root of the tree over shipped records, and the one that a checkpoint names, as RFC 6962 and RFC 7515 have them. */
const rootOf = (records: string[]): string =>
  rootHash(
    records.map((text) => createHash('sha256').update(Uint8Array.of(0)).update(text).digest()),
  ).toString('base64url');
const rootIn = (jws: string): unknown =>
  (JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()) as { root: unknown }).root;
const LOST = 'does not have checkpoints that were shipped';

/** A sink outside, as somebody would write one. */
class Receiver {
  readonly received: { number: number; jws: string; records: string[] }[] = [];
  /** Of each delivery that was taken: checkpoints, and characters of their records. */
  readonly deliveries: { checkpoints: number; characters: number }[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  status = 204;
  private server?: Server;
  private port = 0;

  async listen(): Promise<string> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.headers.push(request.headers);
        const body = JSON.parse(Buffer.concat(chunks).toString()) as { checkpoints: Receiver['received'] };
        if (this.status === 204) {
          this.received.push(...body.checkpoints);
          const characters = body.checkpoints.flatMap(({ records }) => records).join('').length;
          this.deliveries.push({ checkpoints: body.checkpoints.length, characters });
        }
        response.writeHead(this.status, { Location: '/elsewhere' }).end();
      });
    });
    await new Promise<void>((resolve) => this.server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
    return `http://127.0.0.1:${this.port}/checkpoints`;
  }

  close(): Promise<void> {
    this.server?.closeAllConnections();
    return new Promise((resolve) =>
      this.server?.close(() => {
        resolve();
      }),
    );
  }
}

describe('the shipping of checkpoints', () => {
  let trail: Trail;
  let folder: string;
  let log: string[];
  const running: Jobs[] = [];

  beforeEach(async () => {
    trail = await Trail.open();
    folder = mkdtempSync(join(tmpdir(), 'aegis-shipping-'));
    log = [];
    await trail.sealed();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(stopJobs));
    rmSync(folder, { recursive: true });
    await trail.close();
  });

  function ship(sink: string): Metrics {
    const { metrics, jobs } = shipping(sink);
    void jobs.onApplicationBootstrap();
    running.push(jobs);
    return metrics;
  }

  function shipping(sink: string): { shipping: CheckpointShipping; metrics: Metrics; jobs: Jobs } {
    const environment = loadEnvironment({
      DATA_DIR: folder,
      CHECKPOINT_SINK: sink,
      CHECKPOINT_SINK_TOKEN: TOKEN,
    });
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    const metrics = new Metrics();
    const logger = new Logger({ level: 'debug', format: 'json', stream });
    const jobs = jobsOf({ logger, metrics });
    const made = new CheckpointShipping(
      trail.application,
      environment,
      new TrailAlarms(logger, metrics),
      metrics,
      trail.sealer,
      trail.keyRing,
      logger,
      jobs,
    );
    return { shipping: made, metrics, jobs };
  }

  async function lagOf(metrics: Metrics): Promise<number> {
    const text = await metrics.registry.getSingleMetricAsString('aegis_checkpoint_shipping_lag_seconds');
    return Number(/^aegis_checkpoint_shipping_lag_seconds (\S+)$/m.exec(text)?.[1]);
  }

  async function alarmOf(metrics: Metrics): Promise<string | undefined> {
    const text = await metrics.registry.getSingleMetricAsString('aegis_audit_trail_alarm');
    return /^aegis_audit_trail_alarm\{reason="checkpoints_lost"\} (\S+)$/m.exec(text)?.[1];
  }

  async function sealOneMore(first: number): Promise<void> {
    await trail.append(1, first);
    await trail.sealAll();
  }

  /** As a superuser who wants to be rid of what happened last. */
  async function cutLast(number = 3): Promise<void> {
    await trail.tamper(
      `DELETE FROM audit_logs WHERE id IN (SELECT audit_id FROM audit_seals WHERE checkpoint = ${number})`,
      `DELETE FROM audit_seals WHERE checkpoint = ${number}`,
      `DELETE FROM audit_checkpoints WHERE number = ${number}`,
    );
  }

  /** Reasons of restores that are not reconciled. */
  async function noted(): Promise<string[]> {
    const rows = await trail.superuser.query<{ reason: string }[]>(
      'SELECT reason FROM restores WHERE reconciled_at IS NULL',
    );
    return rows.map(({ reason }) => reason);
  }

  /** As `aegis restore reconcile` does where what was lost is given up. */
  async function reconcile(): Promise<void> {
    await trail.superuser.query(
      'UPDATE restores SET reconciled_at = clock_timestamp(), loss_accepted = true',
    );
    await trail.superuser.query('UPDATE audit_shipments SET acknowledged = 2, acknowledged_hash = NULL');
  }

  describe('to an HTTP sink', () => {
    let receiver: Receiver;
    let url: string;

    beforeEach(async () => {
      receiver = new Receiver();
      url = await receiver.listen();
    });
    afterEach(() => receiver.close());

    const numbers = () => receiver.received.map(({ number }) => number);

    it('sends each in its order with the credential, which no log shows', async () => {
      ship(url);
      await until('three are there', () => Promise.resolve(receiver.received.length === 3));
      expect(receiver.received.map(({ jws }) => jws)).toEqual(await trail.checkpoints());
      expect(numbers()).toEqual([1, 2, 3]);
      for (const { jws, records } of receiver.received) expect(rootOf(records)).toBe(rootIn(jws));
      expect(receiver.headers[0]!.authorization).toBe(`Bearer ${TOKEN}`);
      expect(log.join('')).not.toContain(TOKEN);
    });

    it('sends every checkpoint in its order, however many digits their numbers have', async () => {
      for (let first = 20; first < 123; first += 1) await sealOneMore(first);
      const all = await trail.checkpoints();
      expect(all).toHaveLength(106);
      ship(url);
      await until('all are there', () => Promise.resolve(receiver.received.length === all.length));
      expect(receiver.received.map(({ jws }) => jws)).toEqual(all);
      expect(numbers()).toEqual(all.map((_, index) => index + 1));
      for (const first of [123, 124]) await sealOneMore(first);
      await until('the last two are there', () => Promise.resolve(receiver.received.length === 108));
      expect(numbers().slice(-2)).toEqual([107, 108]);
    });

    it('sends what has waited in deliveries of at most 8 Mi characters, however large its records are', async () => {
      for (let time = 0; time < 4; time += 1) {
        await trail.application.query(
          `INSERT INTO audit_logs (event_type, actor, event_data)
           SELECT 'license.validated', 'system', jsonb_build_object('a', repeat('"', 32000)) FROM generate_series(1, 25)`,
        );
        await trail.sealAll();
      }
      const all = await trail.checkpoints();
      expect(all.length).toBeGreaterThanOrEqual(7);
      ship(url);
      await until('all are there', () => Promise.resolve(receiver.received.length >= all.length));
      expect(receiver.received.map(({ jws }) => jws)).toEqual(all);
      for (const { jws, records } of receiver.received) expect(rootOf(records)).toBe(rootIn(jws));
      const { deliveries } = receiver;
      // More than one delivery takes, and several checkpoints where they fit.
      expect(deliveries.reduce((sum, { characters }) => sum + characters, 0)).toBeGreaterThan(
        8 * 1024 * 1024,
      );
      expect(Math.max(...deliveries.map(({ characters }) => characters))).toBeLessThanOrEqual(
        8 * 1024 * 1024,
      );
      expect(Math.max(...deliveries.map(({ checkpoints }) => checkpoints))).toBeGreaterThan(1);
    });

    it('resumes after an outage with what was not acknowledged, and logs it once', async () => {
      receiver.status = 503;
      const metrics = ship(url);
      await until('it is behind', async () => (await lagOf(metrics)) > 1.5);
      await until('it tried again', () => Promise.resolve(receiver.headers.length >= 2));
      expect(log.filter((line) => line.includes('"checkpoints could not be shipped'))).toHaveLength(1);
      receiver.status = 204;
      await until('three are there', () => Promise.resolve(receiver.received.length === 3));
      await until('it is not behind', async () => (await lagOf(metrics)) === 0);
      await receiver.close();
      await sealOneMore(20);
      await receiver.listen();
      await until('the fourth is there', () => Promise.resolve(receiver.received.length === 4));
      expect(numbers()).toEqual([1, 2, 3, 4]);
    });

    it('follows no redirect with its credential', async () => {
      receiver.status = 307;
      ship(url);
      await until('it tried twice', () => Promise.resolve(receiver.headers.length >= 2));
      expect(receiver.received).toEqual([]);
      expect(log.join('')).toContain('answered 307');
    });

    it.each([
      ['is over', 'now()'],
      ['was given while the clock of the database was ahead', `now() + interval '1 day'`],
    ])(
      'is shared by processes: another takes over where the first left off, once its lease %s',
      async (_, end) => {
        ship(url);
        ship(url);
        await until('three are there', () => Promise.resolve(receiver.received.length === 3));
        await stopJobs(running.shift()!);
        await trail.superuser.query(`UPDATE audit_shipments SET leased_until = ${end}`);
        await sealOneMore(20);
        await until('the fourth is there', () => Promise.resolve(receiver.received.length === 4));
        expect(numbers()).toEqual([1, 2, 3, 4]);
      },
    );

    it('notes a restore when the trail has lost what was shipped, and ships what comes in its place once it is reconciled', async () => {
      const metrics = ship(url);
      await until('three are there', () => Promise.resolve(receiver.received.length === 3));
      expect(await alarmOf(metrics)).toBe('0');
      await cutLast();
      await until('it is noted', async () => (await noted()).length === 1);
      expect(log.join('')).toContain(LOST);
      expect(await noted()).toEqual(['checkpoint 3 was shipped, and the trail ends with 2 or has another']);
      await reconcile();
      await sealOneMore(20);
      await until('another third is there', () => Promise.resolve(receiver.received.length === 4));
      await sealOneMore(21);
      await until('the fourth is there', () => Promise.resolve(receiver.received.length === 5));
      expect(receiver.received.slice(3).map(({ jws }) => jws)).toEqual((await trail.checkpoints()).slice(2));
      // The numbers are complete again, and what was lost is still lost.
      expect(await alarmOf(metrics)).toBe('1');
    });

    it('notes it also when another checkpoint took the place before it looked', async () => {
      ship(url);
      await until('three are there', () => Promise.resolve(receiver.received.length === 3));
      await stopJobs(running.shift()!);
      await cutLast();
      await sealOneMore(20);
      await trail.superuser.query(`UPDATE audit_shipments SET leased_until = now()`);
      ship(url);
      await until('it is noted', async () => (await noted()).length === 1);
      expect(receiver.received).toHaveLength(3);
      expect(log.filter((line) => line.includes(LOST))).toHaveLength(1);
    });
  });

  describe('to a file', () => {
    let path: string;
    beforeEach(() => {
      path = join(folder, 'checkpoints.txt');
    });

    const lines = (): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []);
    /** What is neither a record nor the end of the file. */
    const others = (): string[] => lines().filter((line) => line !== '' && !line.startsWith('['));
    /** The records before each checkpoint; those of a group that a crash cut short belong to the next one. */
    const groups = (): { jws: string; records: string[] }[] => {
      let records: string[] = [];
      return lines().flatMap((line) => {
        if (line.startsWith('[')) records.push(line);
        if (!line.startsWith('eyJ')) return [];
        const group = { jws: line, records };
        records = [];
        return [group];
      });
    };

    it('appends each checkpoint with its records, resumes after what the file has, and separates what a crash cut short', async () => {
      const [first = '', second = '', third = ''] = await trail.checkpoints();
      writeFileSync(path, `${first}\n["aegis-audit-1","6","2026\n${second.slice(0, 30)}`);
      ship(`file:${path}`);
      await until('all are there', () => Promise.resolve(others().length === 4));
      expect(others()).toEqual([first, second.slice(0, 30), second, third]);
      await sealOneMore(20);
      await until('the fourth is there', () => Promise.resolve(others().length === 5));
      expect(others().at(-1)).toBe((await trail.checkpoints())[3]);
      for (const { jws, records } of groups().slice(-2)) expect(rootOf(records)).toBe(rootIn(jws));
    });

    it('finds its place behind the records of a checkpoint that was never written', async () => {
      const all = await trail.checkpoints();
      const cut = `["aegis-audit-1","${'x'.repeat(1000)}"]\n`.repeat(1500);
      writeFileSync(path, `${all[0]!}\n${all[1]!}\n${cut}`);
      ship(`file:${path}`);
      await until('all are there', () => Promise.resolve(others().length >= 3));
      expect(others()).toEqual(all);
    });

    it('ships the hash of a record that is gone or was edited, and no address', async () => {
      await trail.tamper(
        `DELETE FROM audit_logs WHERE customer_id = 'C-1'`,
        `UPDATE audit_logs SET actor = 'cli:mallory' WHERE customer_id = 'C-2'`,
        `UPDATE audit_logs SET ip_address = '203.0.113.7' WHERE customer_id = 'C-3'`,
      );
      ship(`file:${path}`);
      await until('all are there', () => Promise.resolve(others().length === 3));
      const hashes = await trail.superuser.query<{ hash: Buffer }[]>(
        `SELECT leaf_hash AS hash FROM audit_seals WHERE checkpoint = 1 ORDER BY leaf_index`,
      );
      const { records } = groups()[0]!;
      const isHash = (text: string): boolean => text.startsWith('["leaf-hash",');
      expect(records.filter(isHash)).toHaveLength(2);
      records.forEach((text, index) => {
        const hash = hashes[index]!.hash;
        if (isHash(text)) expect(text).toBe(JSON.stringify(['leaf-hash', hash.toString('base64url')]));
        else expect(rootOf([text])).toBe(hash.toString('base64url'));
      });
      expect(readFileSync(path, 'utf8')).not.toContain('203.0.113.7');
    });

    it('waits while the file cannot be written', async () => {
      path = join(folder, 'missing', 'checkpoints.txt');
      const metrics = ship(`file:${path}`);
      await until('it is logged', () => Promise.resolve(log.join('').includes('could not be shipped')));
      await until('it is behind', async () => (await lagOf(metrics)) > 0);
      expect(existsSync(path)).toBe(false);
    });

    it('ships again what could not be flushed, though the file shows it', async () => {
      const all = await trail.checkpoints();
      writeFileSync(path, '');
      const file = await open(path);
      const sync = jest
        .spyOn(Object.getPrototypeOf(file) as FileHandle, 'sync')
        .mockRejectedValueOnce(Object.assign(new Error('no room'), { code: 'ENOSPC' }));
      await file.close();
      const metrics = ship(`file:${path}`);
      await until('they are there again', () => Promise.resolve(others().length === 2 * all.length));
      expect(others()).toEqual([...all, ...all]);
      expect(log.join('')).toContain('ENOSPC');
      await until('none waits', async () => (await lagOf(metrics)) === 0);
      sync.mockRestore();
      await sealOneMore(20);
      await until('the next is there', () => Promise.resolve(others().length === 2 * all.length + 1));
    });

    it('keeps the start waiting for a file system that does not answer, and says so', async () => {
      let answer = (): void => undefined;
      const acknowledged = jest.spyOn(FileSink.prototype, 'acknowledged').mockReturnValue(
        new Promise((resolve) => {
          answer = () => {
            resolve({ last: undefined, mine: true });
          };
        }),
      );
      const timers = jest.spyOn(globalThis, 'setTimeout');
      const start = shipping(`file:${path}`).shipping.onModuleInit();
      const patience = timers.mock.calls.find(([, milliseconds]) => milliseconds === 5000);
      let hasStarted = false;
      void start.then(() => (hasStarted = true));
      patience![0]();
      await until('it is logged', () => Promise.resolve(log.join('').includes('the start waits for')));
      expect(hasStarted).toBe(false);
      answer();
      await start;
      acknowledged.mockRestore();
      timers.mockRestore();
    });

    it('notes no restore because of a checkpoint that no key known here signed', async () => {
      const [, , third = ''] = await trail.checkpoints();
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const claims = { ...readCheckpoint(third)!, number: 9 };
      writeFileSync(path, `${await signCheckpoint(new PemSigner('other', privateKey, publicKey), claims)}\n`);
      const metrics = ship(`file:${path}`);
      await until('it raises the alarm', async () => (await alarmOf(metrics)) === '1');
      await sealOneMore(20);
      await until('it ships what comes', () => Promise.resolve(others().length >= 2));
      expect(await noted()).toEqual([]);
    });

    it('notes no restore when `aegis audit resume` has set aside what was shipped', async () => {
      ship(`file:${path}`);
      await until('all are there', () => Promise.resolve(others().length === 3));
      await stopJobs(running.shift()!);
      await trail.tamper(
        `INSERT INTO audit_checkpoints_set_aside SELECT 2, * FROM audit_checkpoints WHERE number = 3`,
      );
      await cutLast();
      const metrics = ship(`file:${path}`);
      await until('it raises the alarm', async () => (await alarmOf(metrics)) === '1');
      await sealOneMore(20);
      await until('another third is there', () => Promise.resolve(others().length === 4));
      expect(await noted()).toEqual([]);
    });

    it('ships every checkpoint that replaced lost ones, also if they came while it did not run', async () => {
      ship(`file:${path}`);
      await until('all are there', () => Promise.resolve(others().length === 3));
      await stopJobs(running.shift()!);
      await cutLast();
      await trail.tamper(
        'DELETE FROM audit_logs WHERE id IN (SELECT audit_id FROM audit_seals WHERE checkpoint = 2)',
        'DELETE FROM audit_seals WHERE checkpoint = 2',
        'DELETE FROM audit_checkpoints WHERE number = 2',
        `INSERT INTO restores (begun_by, reason, reconciled_at, loss_accepted, reconciled_to)
         VALUES ('a', 'b', clock_timestamp() - interval '1 hour', true, 1)`,
      );
      for (const first of [20, 21, 22]) await sealOneMore(first);
      ship(`file:${path}`);
      await until(
        'the last one is there',
        async () => others().at(-1) === (await trail.checkpoints()).at(-1),
      );
      expect(others().slice(3)).toEqual((await trail.checkpoints()).slice(1));
      expect(await noted()).toEqual([]);
    });

    it('notes a restore after an accepted loss, also when the clock was set back in between', async () => {
      ship(`file:${path}`);
      await until('all are there', () => Promise.resolve(others().length === 3));
      await stopJobs(running.shift()!);
      await cutLast();
      await trail.tamper(
        `INSERT INTO restores (begun_by, reason, reconciled_at, loss_accepted, reconciled_to)
         VALUES ('a', 'b', clock_timestamp() + interval '1 hour', true, 2)`,
      );
      for (const first of [20, 21]) await sealOneMore(first);
      ship(`file:${path}`);
      await until('both are there', () => Promise.resolve(others().length === 5));
      expect(await noted()).toEqual([]);
      await stopJobs(running.shift()!);
      await cutLast(4);
      ship(`file:${path}`);
      await until('it is noted', async () => (await noted()).length === 1);
    });

    it('ships a trail that starts again after a file of an older one', async () => {
      appendFileSync(path, 'no checkpoint\n');
      const metrics = ship(`file:${path}`);
      await until('all are there', () => Promise.resolve(others().length === 4));
      await cutLast();
      await until('it is noted', async () => (await noted()).length === 1);
      expect(log.join('')).toContain(LOST);
      await reconcile();
      await sealOneMore(20);
      await until('another third is there', () => Promise.resolve(others().length === 5));
      expect(others().at(-1)).toBe((await trail.checkpoints())[2]);
      expect(await alarmOf(metrics)).toBe('1');
    });
  });
});
