import { JOB_STOP_MS } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { TRACES_STOP_MS } from '@aegis/tracing';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { PATIENCE_MS } from './drain';
import { Lifecycle } from './lifecycle';
import { CLOSE_MS, type RunningParts, stopServer } from './stop';

const ROOT = resolve(__dirname, '../../..');
/** Timers are late on a machine that is busy. */
const SPARE_MS = 1000;
const never = (): Promise<void> => new Promise(() => undefined);

describe('a stop', () => {
  let server: Server;
  let ended: string[];
  let log: string;

  beforeEach(async () => {
    ended = [];
    log = '';
    // It answers nothing: each request stays open.
    server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  function parts(close: () => Promise<void>): RunningParts {
    const stream = new PassThrough().on('data', (chunk: Buffer) => (log += chunk.toString()));
    const ends = (what: string) => (): Promise<void> => Promise.resolve(void ended.push(what));
    return {
      app: { getHttpServer: () => server, close },
      lifecycle: new Lifecycle(),
      held: { release: () => undefined },
      database: { release: ends('database') },
      metrics: { close: ends('metrics') },
      logger: new Logger({ level: 'info', format: 'json', stream }),
    };
  }

  it('closes the application before the database and the metrics', async () => {
    const close = (): Promise<void> => Promise.resolve(void ended.push('application'));
    await stopServer(parts(close), 0);
    expect(ended).toEqual(['application', 'database', 'metrics']);
    expect(log).not.toContain('does not close');
  });

  it('ends within its limits when a request stays open and the application never closes', async () => {
    const { port } = server.address() as AddressInfo;
    const cut = once(get({ port, host: '127.0.0.1' }), 'error');
    await once(server, 'request');
    await stopServer(parts(never), 0, { openRequestsMs: 1, closeMs: 1 });
    await cut;
    expect(ended).toEqual(['database', 'metrics']);
    expect(log).toContain('the server does not close: the process stops without waiting for it');
  });

  it('fails with what closing fails with', async () => {
    await expect(
      stopServer(
        parts(() => Promise.reject(new Error('out of order'))),
        0,
      ),
    ).rejects.toThrow('out of order');
  });

  it('leaves time for the writes that wait in memory when another job hangs', () => {
    expect(2 * JOB_STOP_MS).toBeLessThan(CLOSE_MS);
  });

  it.each([
    ['deploy/kubernetes/base/server/deployment.yaml', /terminationGracePeriodSeconds: (\d+)/],
    ['docker/compose.yaml', /^  server:[^]*?stop_grace_period: (\d+)s/m],
    ['docker/compose.prod.yaml', /^  server:[^]*?stop_grace_period: (\d+)s/m],
    ['docs/production.md', /TimeoutStopSec=(\d+)/],
    ['docs/several-servers.md', /TimeoutStopSec=(\d+)/],
  ])('takes less time, with everything that can hang, than %s grants', (file, granted) => {
    const [, seconds] = granted.exec(readFileSync(join(ROOT, file), 'utf8'))!;
    // The page is what the settings generate.
    const page = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');
    const [, accepts] = /`SHUTDOWN_DRAIN_SECONDS` \| `\d+` \(production: `(\d+)`\)/.exec(page)!;
    const acceptsMs = Number(accepts) * 1000;
    const longestMs = acceptsMs + PATIENCE_MS + CLOSE_MS + TRACES_STOP_MS;
    expect(longestMs + SPARE_MS).toBeLessThan(Number(seconds) * 1000);
  });
});
