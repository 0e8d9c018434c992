import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Body, Controller, Get, Post, StreamableFile } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { connectTo, exchange } from '../../../../test/support/requests/raw-http';
import { until } from '../../../../test/support/until';
import { RespondsAsIs } from '../answers/responds';
import { Public } from '../callers/route-access';
import { startTestApp, type TestApp } from '../http-app.fixture';
import { LoadShedding, workOn } from './load-shedding';

const MOST = 10;
/** More than the buffers of a connection. */
const LARGE = 16 * 1024 * 1024;

class ThingDto {
  @IsOptional()
  @IsString()
  name?: string;
}

const held: (() => void)[] = [];

@Controller('things')
@Public()
class ThingsController {
  @Get()
  @RespondsAsIs('application/json')
  one(): object {
    return {};
  }

  @Post()
  @RespondsAsIs('application/json')
  named(@Body() { name }: ThingDto): object {
    return { name };
  }

  @Get('held')
  @RespondsAsIs('application/json')
  async held(): Promise<object> {
    await new Promise<void>((resolve) => held.push(resolve));
    return {};
  }

  @Post('held')
  @RespondsAsIs('application/json')
  async heldWith(@Body() { name }: ThingDto): Promise<object> {
    await new Promise<void>((resolve) => held.push(resolve));
    return { name };
  }

  @Get('large')
  @RespondsAsIs('text/plain')
  large(): string {
    return 'x'.repeat(LARGE);
  }

  @Get('streamed')
  @RespondsAsIs('text/plain')
  streamed(): StreamableFile {
    return new StreamableFile(
      Readable.from(
        Array.from({ length: 256 }, () => Buffer.alloc(LARGE / 256, 'x')),
        { objectMode: false },
      ),
    );
  }
}

@Controller('health')
@Public({ group: 'exempt', ignoreCredentials: true })
class HealthController {
  @Get('live')
  @RespondsAsIs('application/json')
  live(): object {
    return {};
  }
}

describe('more requests than the server lets wait', () => {
  let app: TestApp;
  const connections: Socket[] = [];

  beforeAll(async () => {
    app = await startTestApp([ThingsController, HealthController], {
      MAX_WAITING_REQUESTS: String(MOST),
      RATE_LIMIT_PUBLIC: '100000',
      HTTP_KEEP_ALIVE_TIMEOUT_MS: '2000',
    });
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.destroy();
    await until('nothing waits', async () => {
      // One that is released makes room for the next one of its connection.
      for (const release of held.splice(0)) release();
      return (await waiting()) === 0;
    });
  });
  afterAll(() => app.app.close());

  const get = (path: string): Promise<Response> => fetch(app.url + path);

  async function value(metric: string): Promise<number> {
    const { registry } = app.app.get(Metrics, { strict: false });
    const { values } = (await registry.getSingleMetric(metric)!.get()) as { values: { value: number }[] };
    return values[0]?.value ?? 0;
  }
  const waiting = (): Promise<number> => value('aegis_requests_waiting');

  /** As many requests as may wait. */
  async function fill(): Promise<Promise<Response>[]> {
    const requests = Array.from({ length: MOST }, () => get('/things/held'));
    await until('all wait', () => Promise.resolve(held.length === MOST));
    return requests;
  }

  /** @param bytes sent over a connection of its own, of which nothing is read */
  function send(bytes: string): Socket {
    const connection = connectTo(app.url).on('error', () => undefined);
    connections.push(connection);
    connection.pause();
    connection.write(bytes);
    return connection;
  }

  it('are refused at once with 503, while probes and those that wait are answered', async () => {
    const requests = await fill();
    const before = await value('aegis_requests_shed_total');
    const refused = [
      await get('/things?secret=canary'),
      await fetch(`${app.url}/things`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"name":"x"}',
      }),
      await get('/unknown'),
      await get('/health/live/more'),
    ];
    for (const answer of refused) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      const document = (await answer.json()) as Record<string, unknown>;
      expect(document).toMatchObject({
        code: 'service_unavailable',
        status: 503,
        request_id: answer.headers.get('x-request-id'),
      });
      expect(JSON.stringify(document)).not.toContain('canary');
    }
    const head = await fetch(`${app.url}/things`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([503, '']);
    expect((await get('/health/live')).status).toBe(200);
    expect(await waiting()).toBe(MOST);
    expect((await value('aegis_requests_shed_total')) - before).toBe(5);
    expect(app.lines().filter(({ message }) => message === 'overloaded: requests are refused')).toEqual([
      expect.objectContaining({ level: 'warn', refused: 1 }),
    ]);

    for (const release of held.splice(0)) release();
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual(requests.map(() => 200));
    expect((await get('/things')).status).toBe(200);
  });

  it.each([
    ['another coding than chunked', 'HTTP/1.1', 'gzip, chunked'],
    ['chunks in HTTP/1.0', 'HTTP/1.0', 'chunked'],
    ['another version', 'HTTP/2.0', 'chunked'],
  ])(
    'close the connection if the end of the refused request is uncertain: %s',
    async (_what, version, coding) => {
      const requests = await fill();
      const smuggled = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
      const answer = await exchange(
        app.url,
        `POST /things ${version}\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n${smuggled}`,
        { untilClosed: true },
      );
      expect([answer?.status, answer?.headers.get('connection'), answer?.rest.toString()]).toEqual([
        503,
        'close',
        '',
      ]);
      for (const release of held.splice(0)) release();
      await Promise.all(requests);
    },
  );

  it('include those whose body has arrived, and not those whose body is still being sent', async () => {
    const head =
      'POST /things/held HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n';
    const received: string[] = [];
    const senders = Array.from({ length: 3 * MOST }, (_, index) => {
      received.push('');
      return send(head)
        .on('data', (bytes) => (received[index] = (received[index] ?? '') + bytes.toString()))
        .resume();
    });
    // Which the server sends when it begins to read a body.
    await until('all bodies are waited for', () =>
      Promise.resolve(received.every((text) => text.startsWith('HTTP/1.1 100'))),
    );
    expect(await waiting()).toBe(0);
    expect((await get('/things')).status).toBe(200);
    // And each is served once it is there; they were let in before.
    for (const sender of senders) sender.write('{"name":"x"}');
    await until('all are worked on', () => Promise.resolve(held.length === senders.length));
    expect(await waiting()).toBe(senders.length);
    expect((await get('/things')).status).toBe(503);
    for (const release of held.splice(0)) release();
    await until('all are served', () =>
      Promise.resolve(received.every((text) => text.includes('HTTP/1.1 200'))),
    );
    expect(await waiting()).toBe(0);
  });

  it.each(['/things/large', '/things/streamed'])(
    'do not include those whose answer is not read: %s',
    async (path) => {
      for (let count = 0; count < 3 * MOST; count++) {
        send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        expect((await get('/things')).status).toBe(200);
      }
    },
  );

  it('do not include those that wait behind another one on their connection', async () => {
    const held = 'GET /things/held HTTP/1.1\r\nHost: x\r\n\r\n';
    send(held.repeat(MOST + 5));
    await until('the first waits', async () => (await waiting()) === 1);
    expect((await get('/things')).status).toBe(200);
  });

  it('include those whose caller has left, until the work on them has ended', async () => {
    for (let count = 0; count < MOST; count++) send('GET /things/held HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('all wait', async () => (await waiting()) === MOST);
    for (const connection of connections.splice(0)) connection.resetAndDestroy();
    await until('the server knows that they have left', () =>
      Promise.resolve(app.lines().filter(({ aborted }) => aborted === true).length >= MOST),
    );
    expect(await waiting()).toBe(MOST);
    expect((await get('/things')).status).toBe(503);
    for (const release of held.splice(0)) release();
    await until('none waits', async () => (await waiting()) === 0);
    expect((await get('/things')).status).toBe(200);
  });

  it('do not include those who leave while the server waits for them', async () => {
    const body =
      'POST /things/held HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"name"';
    const streamed = 'GET /things/streamed HTTP/1.1\r\nHost: x\r\n\r\n';
    const large = 'GET /things/large HTTP/1.1\r\nHost: x\r\n\r\n';
    const unknown = 'GET /unknown HTTP/1.1\r\nHost: x\r\n\r\n';
    const before = app.lines().length;
    const left = [body, streamed, large, unknown].flatMap((bytes) => [send(bytes), send(bytes)]);
    await until('all have come', async () => (await get('/things')).status === 200);
    for (const connection of left) connection.resetAndDestroy();
    await until(
      'all are over',
      async () => app.lines().length > before + left.length && (await waiting()) === 0,
    );
  });

  /** A request that no server gets, and how many are counted. */
  function withoutServer() {
    const metrics = new Metrics();
    const environment = app.app.get(Environment, { strict: false });
    const shedding = new LoadShedding(environment, metrics, app.app.get(Logger, { strict: false }));
    const request = new IncomingMessage(new Socket());
    const counted = async (): Promise<number | undefined> =>
      (await metrics.registry.getSingleMetric('aegis_requests_waiting')!.get()).values[0]?.value;
    return { shedding, request, response: new ServerResponse(request), counted };
  }

  it('do not include work forever whose end was missed', async () => {
    const { shedding, request, response, counted } = withoutServer();
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
    try {
      shedding.admit(request, response);
      response.emit('close');
      expect(await counted()).toBe(1);
      jest.advanceTimersByTime(60_000);
      expect(await counted()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('do not include a request twice if its body ends after its answer', async () => {
    const { shedding, request, response, counted } = withoutServer();
    expect(shedding.admit(request, response)).toBe(true);
    expect(await counted()).toBe(1);
    workOn(request)?.pause();
    response.end();
    response.emit('prefinish');
    workOn(request)?.resume();
    expect(await counted()).toBe(0);
  });
});
