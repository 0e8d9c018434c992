import { currentRequest } from '@aegis/logging';
import { Body, Controller, Delete, Get, Post, StreamableFile } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import {
  answersIn,
  connectTo,
  exchange,
  type RawAnswer,
  readAnswer,
} from '../../../../test/support/requests/raw-http';
import { RespondsAsIs } from '../answers/responds';
import { AnyKey, Public } from '../callers/route-access';
import { until } from '../../../../test/support/until';
import { startTestApp, type TestApp } from '../http-app.fixture';

class ThingDto {
  @IsOptional()
  @IsString()
  name?: string;
}

@Controller('things')
@Public()
class ThingsController {
  readonly deleted: string[] = [];

  @Get()
  @RespondsAsIs('application/json')
  list(): object {
    return { ip: currentRequest()?.ip };
  }

  @Get('large')
  @RespondsAsIs('text/plain')
  large(): string {
    return 'x'.repeat(LARGE);
  }

  @Get('streamed')
  @RespondsAsIs('text/plain')
  streamed(): StreamableFile {
    const pieces = Array.from({ length: LARGE / PIECE }, () => Buffer.alloc(PIECE, 'x'));
    return new StreamableFile(Readable.from(pieces, { objectMode: false }));
  }

  @Post('closed')
  @AnyKey()
  @RespondsAsIs('application/json')
  closed(@Body() { name }: ThingDto): object {
    return { name };
  }

  @Post('named')
  @RespondsAsIs('application/json')
  named(@Body() { name }: ThingDto): object {
    return { name };
  }

  @Delete()
  @RespondsAsIs('application/json')
  remove(): object {
    this.deleted.push('all');
    return {};
  }
}

/** More than the buffers of a connection hold, in bytes. */
const LARGE = 32 * 1024 * 1024;
const PIECE = 64 * 1024;
const GET = 'GET /things HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST /things/named HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

describe('the HTTP server', () => {
  let testApp: TestApp;
  let open: TestApp;

  beforeAll(async () => {
    testApp = await startTestApp([ThingsController], {
      RATE_LIMIT_PUBLIC: '100000',
      RATE_LIMIT_DEFAULT: '100000',
    });
    open = await startTestApp([ThingsController], {
      CORS_ORIGINS: 'https://admin.example.com,https://other.example.com',
      TRUST_PROXY: '1',
      HTTP_HEADERS_TIMEOUT_MS: '5000',
      HTTP_REQUEST_TIMEOUT_MS: '61000',
      HTTP_KEEP_ALIVE_TIMEOUT_MS: '7000',
      HTTP_IDLE_TIMEOUT_MS: '8000',
    });
  });
  afterAll(async () => {
    await testApp.app.close();
    await open.app.close();
  });

  const send = async (bytes: string): Promise<RawAnswer> => {
    const answer = await exchange(testApp.url, bytes);
    if (answer === undefined) throw new Error('closed without an answer');
    return answer;
  };

  /** All that comes back until the server closes. */
  async function untilClosed(socket: Socket): Promise<Buffer> {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
    await once(socket, 'close');
    return Buffer.concat(chunks);
  }

  function expectProblem(answer: RawAnswer | undefined, status: number, code: string): void {
    expect([answer?.status, answer?.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json',
    ]);
    expect(answer?.body).toMatchObject({ status, code, request_id: answer?.headers.get('x-request-id') });
  }

  describe('says in its headers', () => {
    it.each([
      [
        'content-security-policy',
        "default-src 'self';base-uri 'none';font-src 'self' https: data:;form-action 'self';frame-ancestors 'none';" +
          "img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';" +
          "style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
      ],
      ['cross-origin-opener-policy', 'same-origin'],
      ['cross-origin-resource-policy', 'same-origin'],
      ['origin-agent-cluster', '?1'],
      ['referrer-policy', 'no-referrer'],
      ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
      ['x-content-type-options', 'nosniff'],
      ['x-dns-prefetch-control', 'off'],
      ['x-download-options', 'noopen'],
      ['x-frame-options', 'DENY'],
      ['x-permitted-cross-domain-policies', 'none'],
      ['x-xss-protection', '0'],
    ])('%s: %s, on answers and on refusals', async (name, value) => {
      for (const path of ['/things', '/nowhere', '/things#refused'])
        expect((await send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)).headers.get(name)).toBe(value);
    });

    it('neither its framework nor an ETag that the route does not have', async () => {
      const { headers } = await send(`${GET}\r\n`);
      for (const name of ['x-powered-by', 'server', 'etag', 'via']) expect(headers.has(name)).toBe(false);
    });
  });

  describe('is, for browsers', () => {
    const preflight = (origin: string): string =>
      `OPTIONS /things HTTP/1.1\r\nHost: x\r\nOrigin: ${origin}\r\n` +
      'Access-Control-Request-Method: DELETE\r\nAccess-Control-Request-Headers: x-api-key\r\n\r\n';
    const corsOf = ({ headers }: { headers: Headers }): string[] =>
      [...headers.keys()].filter((name) => name.startsWith('access-control-'));

    it('closed unless CORS_ORIGINS opens it: no permission in any answer', async () => {
      const asked = await send(preflight('https://admin.example.com'));
      expectProblem(asked, 405, 'method_not_allowed');
      expect(corsOf(asked)).toEqual([]);
      expect(corsOf(await send(`${GET}Origin: https://admin.example.com\r\n\r\n`))).toEqual([]);
    });

    it.each(['https://admin.example.com', 'https://other.example.com'])('open to %s', async (origin) => {
      const asked = await exchange(open.url, preflight(origin));
      expect(asked?.status).toBe(204);
      expect(Object.fromEntries(asked!.headers)).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': expect.stringContaining('DELETE'),
        'access-control-allow-headers': 'x-api-key',
        vary: expect.stringContaining('Origin'),
      });
      const { headers } = (await exchange(open.url, `${GET}Origin: ${origin}\r\n\r\n`))!;
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-expose-headers')?.split(',')).toEqual(
        expect.arrayContaining(['ETag', 'Location', 'Retry-After', 'X-Request-ID']),
      );
    });

    it.each([
      'https://evil.example.com',
      'http://admin.example.com',
      'https://admin.example.com:444',
      'https://admin.example.com.evil.example',
      'https://evil.example/https://admin.example.com',
      'HTTPS://ADMIN.EXAMPLE.COM',
      'null',
      '*',
    ])('closed to %s', async (origin) => {
      for (const bytes of [preflight(origin), `${GET}Origin: ${origin}\r\n\r\n`])
        expect((await exchange(open.url, bytes))!.headers.has('access-control-allow-origin')).toBe(false);
    });

    it('never open to cookies: a browser sends no key by itself', async () => {
      for (const bytes of [
        preflight('https://admin.example.com'),
        `${GET}Origin: https://admin.example.com\r\n\r\n`,
      ])
        expect((await exchange(open.url, bytes))!.headers.has('access-control-allow-credentials')).toBe(
          false,
        );
    });
  });

  describe('waits no longer than it must', () => {
    const limits = ['headersTimeout', 'requestTimeout', 'keepAliveTimeout', 'timeout'] as const;
    let usual: number[];

    beforeAll(() => {
      const server = testApp.app.getHttpServer();
      usual = limits.map((limit) => server[limit]);
    });
    afterEach(() => {
      const server = testApp.app.getHttpServer();
      limits.forEach((limit, index) => (server[limit] = usual[index]!));
    });

    it('with the default limits', () => {
      expect(usual).toEqual([10_000, 90_000, 65_000, 60_000]);
    });

    it('with the limits of the settings', () => {
      const server = open.app.getHttpServer();
      expect(limits.map((limit) => server[limit])).toEqual([5_000, 61_000, 7_000, 8_000]);
    });

    it('for headers that drip in', async () => {
      testApp.app.getHttpServer().headersTimeout = 300;
      const socket = connectTo(testApp.url);
      const closed = untilClosed(socket);
      socket.write('GET /things HTTP/1.1\r\nHost: x\r\n');
      const drip = setInterval(() => socket.write('X-Drip: y\r\n'), 50);
      const answer = readAnswer(await closed, false, true);
      clearInterval(drip);
      expectProblem(answer, 408, 'request_timeout');
    });

    it('for a caller that continues to send after it was refused', async () => {
      const server = testApp.app.getHttpServer();
      server.headersTimeout = 300;
      // Other tests' connections end by themselves.
      const served = (): Promise<number> =>
        new Promise((resolve, reject) => {
          server.getConnections((error, count) => {
            if (error) reject(error);
            else resolve(count);
          });
        });
      await until('no connection is left', async () => (await served()) === 0);
      const socket = connectTo(testApp.url).on('error', () => undefined);
      socket.write('GET /things HTTP/1.1\r\nHost: x\r\n');
      const drip = setInterval(() => socket.write('X-Drip: y\r\n'), 50);
      await until('it is connected', async () => (await served()) === 1);
      // The answer is never read, so that this side is not closed.
      await until('it is cut off', async () => (await served()) === 0, 30_000);
      clearInterval(drip);
      socket.destroy();
    });

    it('for a request that never begins', async () => {
      testApp.app.getHttpServer().headersTimeout = 300;
      expectProblem(
        readAnswer(await untilClosed(connectTo(testApp.url)), false, true),
        408,
        'request_timeout',
      );
    });

    it('for a body that drips in', async () => {
      const server = testApp.app.getHttpServer();
      server.headersTimeout = 300;
      server.requestTimeout = 400;
      const socket = connectTo(testApp.url);
      const closed = untilClosed(socket);
      socket.write(`${POST}Content-Length: 100000\r\n\r\n{"name":"`);
      const drip = setInterval(() => socket.write('x'), 50);
      const answer = readAnswer(await closed, false, true);
      clearInterval(drip);
      expectProblem(answer, 408, 'request_timeout');
    });

    it('for the next request of a connection', async () => {
      testApp.app.getHttpServer().keepAliveTimeout = 100;
      const socket = connectTo(testApp.url);
      const closed = untilClosed(socket);
      socket.write(`${GET}\r\n`);
      const answer = readAnswer(await closed, false, true);
      expect([answer?.status, answer?.headers.get('connection')]).toEqual([200, 'keep-alive']);
    });

    it('for a caller that does not take its answer', async () => {
      testApp.app.getHttpServer().timeout = 300;
      const ended = new Promise<void>((resolve) => {
        testApp.app.getHttpServer().once('request', (_request: unknown, response: ServerResponse) => {
          response.once('close', resolve);
        });
      });
      const socket = connectTo(testApp.url);
      socket.pause();
      socket.write('GET /things/large HTTP/1.1\r\nHost: x\r\n\r\n');
      await ended;
      // What is left to read is what the connection had room for.
      const rest = untilClosed(socket);
      socket.resume();
      expect((await rest).length).toBeLessThan(LARGE);
    });

    it('for a caller to go that was refused', async () => {
      const socket = connectTo(testApp.url);
      socket.on('error', () => undefined);
      const [taken] = (await Promise.all([
        once(testApp.app.getHttpServer(), 'connection'),
        once(socket, 'connect'),
      ])) as [[Socket], unknown];
      socket.write('no request\r\n\r\n');
      await once(taken[0], 'close');
      expect(taken[0].destroyed).toBe(true);
      socket.destroy();
    });
  });

  describe('takes no more than', () => {
    const fields = (count: number): string =>
      Array.from({ length: count }, (_, index) => `X${index}: y\r\n`).join('');

    it('100 header fields', async () => {
      expect((await send(`${GET}${fields(99)}\r\n`)).status).toBe(200);
      for (const count of [100, 1_000, 1_999, 2_100]) {
        const answer = await send(`${GET}${fields(count)}\r\n`);
        expectProblem(answer, 431, 'headers_too_large');
      }
    });

    it('100 header fields, even if a good credential comes after them', async () => {
      const answer = await send(
        `POST /things/closed HTTP/1.1\r\nHost: x\r\n${'A: b\r\n'.repeat(2_000)}X-API-Key: key-1\r\n\r\n`,
      );
      expectProblem(answer, 431, 'headers_too_large');
    });

    it.each([
      ['one header of 16 KiB', `${GET}X: ${'y'.repeat(16 * 1024)}\r\n\r\n`],
      ['16 KiB of headers', `${GET}${`X: ${'y'.repeat(1_000)}\r\n`.repeat(17)}\r\n`],
      ['a request line of 16 KiB', `GET /${'x'.repeat(16 * 1024)} HTTP/1.1\r\nHost: x\r\n\r\n`],
      ['a query of 16 KiB', `GET /things?${'x'.repeat(16 * 1024)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ])('%s', async (_, bytes) => {
      expectProblem(await send(bytes), 431, 'headers_too_large');
    });

    it('32 levels of JSON', async () => {
      const nested = (levels: number): string =>
        `{"name":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
      const post = (body: string): Promise<RawAnswer> =>
        send(`${POST}Content-Length: ${body.length}\r\n\r\n${body}`);
      expectProblem(await post(nested(32)), 422, 'validation_failed');
      const deeper = await post(nested(33));
      expectProblem(deeper, 400, 'invalid_request');
      expect(deeper.body).toMatchObject({ detail: 'The body nests deeper than 32 levels.' });
      expectProblem(await post(nested(10_000)), 400, 'invalid_request');
    });
  });

  describe('reads a target', () => {
    it('in absolute form as the path in it, whatever host it names', async () => {
      const answer = await send('GET http://evil.example/things HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(answer.status).toBe(200);
      const unknown = await send(
        'GET https://user:pass@evil.example:1/nowhere?a=b HTTP/1.1\r\nHost: x\r\n\r\n',
      );
      expectProblem(unknown, 404, 'not_found');
      expect(unknown.body).toMatchObject({ instance: '/nowhere' });
      expectProblem(await send('GET http://evil.example HTTP/1.1\r\nHost: x\r\n\r\n'), 404, 'not_found');
    });

    it.each([
      ['OPTIONS *'],
      ['GET *'],
      ['GET things'],
      ['GET evil.example:443'],
      ['GET /things#fragment'],
      ['GET /things?a#b'],
      ['GET /th\xefngs'],
      ['GET ftp://evil.example/things'],
      ['GET http://evil.example/things#fragment'],
    ])('that is not a path as an error: %s', async (line) => {
      const answer = await send(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expectProblem(answer, 400, 'invalid_request');
      expect(answer.body).toMatchObject({ instance: '/' });
    });

    it.each([
      '/THINGS',
      '/Things',
      '/%74hings',
      '//things',
      '/things/../things',
      '/./things',
      '/things;x=1',
      '/things%00',
    ])('literally: %s is not /things', async (path) => {
      expectProblem(await send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`), 404, 'not_found');
    });
  });

  describe('demands of a request', () => {
    it.each([
      ['no host', 'GET /things HTTP/1.1\r\n\r\n'],
      ['two hosts', `${GET}Host: y\r\n\r\n`],
      ['the same host twice', `${GET}host: x\r\n\r\n`],
      ['two credentials', `${GET}Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n`],
      ['two types of body', `${POST}content-type: text/plain\r\nContent-Length: 2\r\n\r\n{}`],
      ['a space before the colon', `${GET}X-API-Key : key-1\r\n\r\n`],
      ['a NUL in a header', `${GET}X: a\0b\r\n\r\n`],
      ['a bare line feed', 'GET /things HTTP/1.1\nHost: x\n\n'],
      ['another version', 'GET /things HTTP/3.0\r\nHost: x\r\n\r\n'],
      ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ])('that it has no such fault: %s', async (_, bytes) => {
      expectProblem(await exchange(testApp.url, bytes, { halfClose: true }), 400, 'invalid_request');
    });

    it.each(['HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/2'])(
      'that its line does not name %s, whatever is right about the rest of it, and reads no further',
      async (version) => {
        for (const bytes of [GET, `${POST}Content-Length: 12\r\n`]) {
          const body = bytes === GET ? '' : '{"name":"a"}';
          const next = 'DELETE /things HTTP/1.1\r\nHost: x\r\n\r\n';
          const sent = `${bytes.replace('HTTP/1.1', version)}\r\n${body}${next}`;
          const answer = await exchange(testApp.url, sent, { untilClosed: true });
          expectProblem(answer, 400, 'invalid_request');
          expect(answer!.headers.get('connection')).toBe('close');
          expect(answersIn(answer!)).toHaveLength(1);
        }
        expect(testApp.app.get(ThingsController, { strict: false }).deleted).toEqual([]);
      },
    );

    it('no Host in HTTP/1.0, and closes after the answer', async () => {
      const answer = await exchange(testApp.url, 'GET /things HTTP/1.0\r\n\r\n', { untilClosed: true });
      expect([answer?.status, answer?.headers.get('connection')]).toEqual([200, 'close']);
    });

    it('nothing about upgrades, and continues in HTTP/1.1', async () => {
      for (const protocol of ['websocket', 'h2c', 'TLS/1.2']) {
        const answer = await send(`${GET}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
        expect([answer.status, answer.headers.has('upgrade')]).toEqual([200, false]);
      }
    });

    it('that it does not ask for a tunnel', async () => {
      const answer = await exchange(testApp.url, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n', {
        untilClosed: true,
      });
      expectProblem(answer, 400, 'invalid_request');
    });
  });

  it.each([
    ['more requests than may wait', `${GET}\r\n`.repeat(40)],
    ['requests whose caller leaves', `${GET}\r\n`.repeat(15)],
    ['broken bytes behind requests', `${GET}\r\n`.repeat(3) + 'nonsense\r\n\r\n'],
    ['a tunnel behind requests', `${GET}\r\n`.repeat(3) + 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('ends every response of %s', async (_what, bytes) => {
    const server = testApp.app.getHttpServer();
    let begun = 0;
    let ended = 0;
    const count = (_request: unknown, response: ServerResponse): void => {
      begun += 1;
      response.once('close', () => (ended += 1));
    };
    server.prependListener('request', count);
    try {
      const socket = connectTo(testApp.url);
      socket.on('error', () => undefined);
      socket.write(bytes);
      await until('the requests came', () => Promise.resolve(begun >= 3));
      socket.resetAndDestroy();
      await until('all have ended', () => Promise.resolve(ended === begun));
    } finally {
      server.off('request', count);
    }
  });

  describe('of a tunnel that is asked for behind a request', () => {
    const CONNECT = 'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n';

    it('still sends the answer to that request, which is the last', async () => {
      const answer = await exchange(testApp.url, `${GET}\r\n${CONNECT}`, { untilClosed: true });
      expect([answer?.status, answer?.body]).toEqual([200, { ip: '127.0.0.1' }]);
      expect(answer?.headers.get('connection')).toBe('close');
      expect(answersIn(answer!)).toHaveLength(1);
    });

    it('keeps the whole answer to that request, also one that is streamed', async () => {
      const socket = connectTo(testApp.url);
      socket.write(`GET /things/streamed HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n${CONNECT}`);
      const [head, body] = (await untilClosed(socket)).toString('latin1').split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      expect(body === 'x'.repeat(LARGE)).toBe(true);
    });

    it('writes nothing into an answer that has begun', async () => {
      const socket = connectTo(testApp.url);
      socket.write('GET /things/large HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(socket, 'readable');
      socket.write(CONNECT);
      const received = (await untilClosed(socket)).toString('latin1');
      expect(received).toMatch(/^HTTP\/1\.1 200 /);
      expect(received).not.toContain('HTTP/1.1 400');
    });
  });

  describe('of two ways to frame a body', () => {
    const SECOND = 'DELETE /things HTTP/1.1\r\nHost: x\r\n\r\n';
    it.each([
      [
        'a length and chunks',
        `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`,
      ],
      [
        'chunks and a length',
        `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SECOND}`,
      ],
      ['two lengths', `${POST}Content-Length: 2\r\nContent-Length: 0\r\n\r\n{}${SECOND}`],
      ['a list of lengths', `${POST}Content-Length: 2, 2\r\n\r\n{}${SECOND}`],
      ['a signed length', `${POST}Content-Length: +2\r\n\r\n{}${SECOND}`],
      ['an unknown coding', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SECOND}`],
      ['chunks that are not last', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SECOND}`],
      ['a disguised coding', `${POST}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n${SECOND}`],
      [
        'a chunk that is longer than it says',
        `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n${SECOND}`,
      ],
    ])('refuses both, and what follows: %s', async (_, bytes) => {
      const answer = await exchange(testApp.url, bytes, { untilClosed: true });
      const statuses = answersIn(answer!).map(({ status }) => status);
      expect(statuses).toEqual([400]);
      expect(testApp.app.get(ThingsController, { strict: false }).deleted).toEqual([]);
    });

    it.each([
      ['gzip, chunked'],
      ['gzip,chunked'],
      ['GZIP, Chunked'],
      ['deflate, gzip, chunked'],
      ['identity, chunked'],
      ['x-unknown, chunked'],
      [', chunked'],
      ['gzip\r\nTransfer-Encoding: chunked'],
    ])('accepts only chunked, says so, and stops reading: %j', async (coding) => {
      for (const line of [
        'POST /things/named',
        'DELETE /things',
        'GET /things',
        'GET /nowhere',
        'OPTIONS *',
      ]) {
        const bytes = `${line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\n{}\r\n0\r\n\r\n${SECOND}`;
        const answer = await exchange(testApp.url, bytes, { untilClosed: true });
        expectProblem(answer, 501, 'transfer_coding_unsupported');
        expect(answer!.headers.get('connection')).toBe('close');
        expect(answersIn(answer!)).toHaveLength(1);
      }
      expect(testApp.app.get(ThingsController, { strict: false }).deleted).toEqual([]);
    });

    it.each(['chunked', 'Chunked', 'CHUNKED', '\tchunked '])('reads %j', async (coding) => {
      const bytes = `${POST}Transfer-Encoding: ${coding}\r\n\r\nc\r\n{"name":"a"}\r\n0\r\n\r\n`;
      const answer = await send(bytes);
      expect([answer.status, answer.body]).toEqual([200, { name: 'a' }]);
    });

    it('refuses every transfer coding in HTTP/1.0, and what follows', async () => {
      const old = POST.replace('HTTP/1.1', 'HTTP/1.0');
      const bytes = `${old}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n${SECOND}`;
      const answer = await exchange(testApp.url, bytes, { untilClosed: true });
      expectProblem(answer, 400, 'invalid_request');
      expect(answersIn(answer!)).toHaveLength(1);
      expect(testApp.app.get(ThingsController, { strict: false }).deleted).toEqual([]);
    });

    it('answers a complete request as usual when what follows it is broken, and then stops', async () => {
      const bytes = `${POST}Content-Length: 12\r\n\r\n{"name":"a"}BROKEN\r\n\r\n`;
      const answer = await exchange(testApp.url, bytes, { untilClosed: true });
      expect([answer?.status, answer?.body]).toEqual([200, { name: 'a' }]);
      expect(answer?.headers.get('connection')).toBe('close');
      expect(answersIn(answer!)).toHaveLength(1);
    });

    it('accepts one of them, and answers what follows in order', async () => {
      const post = (name: string): string =>
        `${POST}Content-Length: ${name.length + 11}\r\n\r\n{"name":"${name}"}`;
      const last = `${GET}Connection: close\r\n\r\n`;
      const answer = await exchange(testApp.url, post('a') + post('bb') + post('ccc') + last, {
        untilClosed: true,
      });
      expect(answersIn(answer!).map(({ body }) => body as unknown)).toEqual([
        { name: 'a' },
        { name: 'bb' },
        { name: 'ccc' },
        { ip: '127.0.0.1' },
      ]);
    });
  });

  describe('to a caller that asks before it sends a body', () => {
    const asking = (path: string, length: number): string =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

    it('answers 100 Continue when it wants the body', async () => {
      const socket = connectTo(testApp.url);
      const received: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => {
        // Nothing is sent before the server says so.
        if (received.push(chunk) === 1) socket.write('{"name":"a"}');
      });
      const closed = once(socket, 'close');
      socket.write(asking('/things/named', 12).replace('Expect', 'Connection: close\r\nExpect'));
      await closed;
      const text = Buffer.concat(received).toString();
      expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
      expect(text).toContain('{"name":"a"}');
    });

    it('answers at once when it does not want the body', async () => {
      for (const [bytes, status] of [
        [asking('/nowhere', 12), 404],
        [asking('/things/closed', 12).replace('Expect', 'X-Refuse: 401\r\nExpect'), 401],
        [asking('/things/named', 12).replace('application/json', 'text/plain'), 415],
      ] as const) {
        const raw = await untilClosed(
          connectTo(testApp.url).on('connect', function (this: Socket) {
            this.write(bytes);
          }),
        );
        expect(raw.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      }
    });

    it('judges it again when the body has come', async () => {
      const lost = asking('/things/closed', 12).replace(
        'Expect',
        'Connection: close\r\nX-API-Key: key-lost\r\nExpect',
      );
      const socket = connectTo(testApp.url);
      const received: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => {
        if (received.push(chunk) === 1) socket.write('{"name":"a"}');
      });
      const closed = once(socket, 'close');
      socket.write(lost);
      await closed;
      expect(Buffer.concat(received).toString()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401 /);
    });

    it('serves a request with an unknown expectation', async () => {
      expect((await send(`${GET}Expect: 200-ok\r\n\r\n`)).status).toBe(200);
    });
  });

  describe('lets nobody', () => {
    it('replace the method that was sent', async () => {
      for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
        const answer = await send(`${GET}${name}: DELETE\r\n\r\n`);
        expect(answer.status).toBe(200);
      }
      // Were it heard: the route has no DELETE.
      expect((await send('GET /things?_method=DELETE HTTP/1.1\r\nHost: x\r\n\r\n')).status).toBe(200);
      const body = '{"_method":"DELETE"}';
      const posted = await send(
        `${POST}X-HTTP-Method-Override: DELETE\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      expectProblem(posted, 422, 'validation_failed');
      expect(testApp.app.get(ThingsController, { strict: false }).deleted).toEqual([]);
    });

    it('get a request back by TRACE', async () => {
      const answer = await send('TRACE /things HTTP/1.1\r\nHost: x\r\nX-Secret: canary\r\n\r\n');
      expectProblem(answer, 405, 'method_not_allowed');
      expect(JSON.stringify(answer.body)).not.toContain('canary');
    });

    it('replace the path that was sent', async () => {
      for (const name of ['X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Path', 'X-Forwarded-Prefix']) {
        const answer = await send(`GET /nowhere HTTP/1.1\r\nHost: x\r\n${name}: /things\r\n\r\n`);
        expectProblem(answer, 404, 'not_found');
      }
    });
  });
});
