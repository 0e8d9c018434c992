import { loadEnvironment } from '@aegis/config';
import type { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { jobsOf, stopJobs } from '../../../../test/support/jobs';
import { until } from '../../../../test/support/until';
import { Trail } from '../../../../test/support/trail/trail';
import { TrailAlarms } from '../sealing/trail-alarms';
import { CheckpointShipping } from './checkpoint-shipping';

const TOKEN = 'a-token-for-the-sink';
const LOST = 'does not have checkpoints that were shipped';

/** A sink outside, as somebody would write one. */
class Receiver {
  readonly received: { number: number; jws: string }[] = [];
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
        if (this.status === 204) this.received.push(...body.checkpoints);
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
    new CheckpointShipping(
      trail.application,
      environment,
      new TrailAlarms(logger, metrics),
      metrics,
      trail.sealer,
      jobs,
    );
    void jobs.onApplicationBootstrap();
    running.push(jobs);
    return metrics;
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
  async function cutLast(): Promise<void> {
    await trail.tamper(
      'DELETE FROM audit_logs WHERE id IN (SELECT audit_id FROM audit_seals WHERE checkpoint = 3)',
      'DELETE FROM audit_seals WHERE checkpoint = 3',
      'DELETE FROM audit_checkpoints WHERE number = 3',
    );
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

    it('is shared by processes: another takes over where the first left off', async () => {
      ship(url);
      ship(url);
      await until('three are there', () => Promise.resolve(receiver.received.length === 3));
      await stopJobs(running.shift()!);
      await trail.superuser.query(`UPDATE audit_shipments SET leased_until = now()`);
      await sealOneMore(20);
      await until('the fourth is there', () => Promise.resolve(receiver.received.length === 4));
      expect(numbers()).toEqual([1, 2, 3, 4]);
    });

    it('says when the trail has lost what was shipped, and ships what comes in its place', async () => {
      const metrics = ship(url);
      await until('three are there', () => Promise.resolve(receiver.received.length === 3));
      expect(await alarmOf(metrics)).toBe('0');
      await cutLast();
      await until('it is logged', () => Promise.resolve(log.join('').includes(LOST)));
      await sealOneMore(20);
      await until('another third is there', () => Promise.resolve(receiver.received.length === 4));
      await sealOneMore(21);
      await until('the fourth is there', () => Promise.resolve(receiver.received.length === 5));
      expect(receiver.received.slice(3).map(({ jws }) => jws)).toEqual((await trail.checkpoints()).slice(2));
      // The numbers are complete again, and what was lost is still lost.
      expect(await alarmOf(metrics)).toBe('1');
    });

    it('says so too when another checkpoint has taken the place before it looked', async () => {
      ship(url);
      await until('three are there', () => Promise.resolve(receiver.received.length === 3));
      await stopJobs(running.shift()!);
      await cutLast();
      await sealOneMore(20);
      await trail.superuser.query(`UPDATE audit_shipments SET leased_until = now()`);
      ship(url);
      await until('another third is there', () => Promise.resolve(receiver.received.length === 4));
      expect(receiver.received.at(-1)!.jws).toBe((await trail.checkpoints())[2]);
      expect(log.filter((line) => line.includes(LOST))).toHaveLength(1);
    });
  });

  describe('to a file', () => {
    it('appends each, resumes from what the file has, and keeps what a crash cut short apart', async () => {
      const path = join(folder, 'checkpoints.txt');
      const [first = '', second = '', third = ''] = await trail.checkpoints();
      writeFileSync(path, `${first}\n${second.slice(0, 30)}`);
      ship(`file:${path}`);
      const lines = () => readFileSync(path, 'utf8').split('\n');
      await until('all are there', () => Promise.resolve(lines().length === 5));
      expect(lines()).toEqual([first, second.slice(0, 30), second, third, '']);
      await sealOneMore(20);
      await until('the fourth is there', () => Promise.resolve(lines().length === 6));
      expect(lines().at(-2)).toBe((await trail.checkpoints())[3]);
    });

    it('waits while the file cannot be written', async () => {
      const path = join(folder, 'missing', 'checkpoints.txt');
      const metrics = ship(`file:${path}`);
      await until('it is logged', () => Promise.resolve(log.join('').includes('could not be shipped')));
      await until('it is behind', async () => (await lagOf(metrics)) > 0);
      expect(existsSync(path)).toBe(false);
    });

    it('ships a trail that starts again after a file of an older one', async () => {
      const path = join(folder, 'checkpoints.txt');
      const lines = () => readFileSync(path, 'utf8').split('\n');
      appendFileSync(path, 'no checkpoint\n');
      const metrics = ship(`file:${path}`);
      await until('all are there', () => Promise.resolve(lines().length === 5));
      await cutLast();
      await until('it is logged', () => Promise.resolve(log.join('').includes(LOST)));
      await sealOneMore(20);
      await until('another third is there', () => Promise.resolve(lines().length === 6));
      expect(lines().at(-2)).toBe((await trail.checkpoints())[2]);
      expect(await alarmOf(metrics)).toBe('1');
    });
  });
});
