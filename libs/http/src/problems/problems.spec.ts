import { DomainError } from '@aegis/errors';
import { Body, Controller, Get, NotFoundException, Post, Res } from '@nestjs/common';
import { IsOptional, IsString } from 'class-validator';
import type { Response } from 'express';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import request from 'supertest';
import { NoStore, RespondsAsIs } from '../answers/responds';
import { AnyKey } from '../callers/route-access';
import { BodyLimit } from '../input/body/body-rules';
import { startTestApp, type TestApp } from '../http-app.fixture';

class LicenseStateForbids extends DomainError {
  readonly code = 'license_state_conflict';
}

class OutOfReach extends DomainError {
  readonly code = 'service_unavailable';
  override readonly retryAfterSeconds = 7;
}

class ThingDto {
  @IsOptional()
  @IsString()
  name?: string;
}

@Controller('things')
@AnyKey()
class ThingsController {
  @Get('conflict')
  @NoStore()
  @RespondsAsIs('application/json')
  conflict(): never {
    throw new LicenseStateForbids('It is revoked.');
  }

  @Get('away')
  @RespondsAsIs('application/json')
  away(): never {
    throw new OutOfReach('The signer cannot be reached.');
  }

  @Get('database-away')
  @RespondsAsIs('application/json')
  databaseAway(): never {
    throw Object.assign(new Error('connect ECONNREFUSED canary-host:5432'), { code: 'ECONNREFUSED' });
  }

  @Get('query-failed')
  @RespondsAsIs('application/json')
  queryFailed(): never {
    throw Object.assign(new Error('duplicate key value: canary-value'), {
      code: '23505',
      detail: 'Key (email)=(canary-value) already exists.',
      status: 500,
    });
  }

  @Get('thrown-text')
  @RespondsAsIs('application/json')
  thrownText(): never {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- careless libraries do
    throw 'canary-text';
  }

  @Get('missing')
  @RespondsAsIs('application/json')
  missing(): never {
    throw new NotFoundException('canary');
  }

  @Get('half')
  @RespondsAsIs('text/plain')
  half(@Res() response: Response): never {
    response.setHeader('Content-Length', 100);
    response.write('half');
    throw new Error('too late');
  }

  @Get(':id')
  @RespondsAsIs('application/json')
  find(): { found: true } {
    return { found: true };
  }

  @Post()
  @BodyLimit(1024)
  @RespondsAsIs('application/json')
  make(@Body() thing: ThingDto): object {
    return { made: thing instanceof ThingDto };
  }
}

describe('problem documents', () => {
  let testApp: TestApp;

  beforeAll(async () => {
    testApp = await startTestApp([ThingsController], {
      RATE_LIMIT_PUBLIC: '100000',
      RATE_LIMIT_DEFAULT: '100000',
    });
  });

  afterAll(() => testApp.app.close());

  it('answers a domain error with all fields of the contract, and no more', async () => {
    const answer = await request(testApp.url).get('/things/conflict').set('X-Request-ID', 'abc-1');
    expect(answer.status).toBe(409);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['x-request-id']).toBe('abc-1');
    expect(answer.body).toEqual({
      type: 'https://license.example.com/problems/license_state_conflict',
      title: 'Not possible in this license state',
      status: 409,
      detail: 'It is revoked.',
      instance: '/things/conflict',
      code: 'license_state_conflict',
      request_id: 'abc-1',
    });
  });

  it('says when to retry what cannot be reached', async () => {
    const answer = await request(testApp.url).get('/things/away');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('7');
    expect(answer.body.code).toBe('service_unavailable');
  });

  it('answers 503 while the database cannot be reached, without saying where it is', async () => {
    const answer = await request(testApp.url).get('/things/database-away');
    expect(answer.status).toBe(503);
    expect(answer.body.code).toBe('service_unavailable');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(answer.text).not.toContain('canary');
  });

  it.each(['query-failed', 'thrown-text'])('never says why it failed: %s', async (route) => {
    const answer = await request(testApp.url).get(`/things/${route}`).set('X-Request-ID', `id-${route}`);
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({ code: 'internal_error', status: 500, request_id: `id-${route}` });
    expect(answer.text).not.toMatch(/canary|stack|23505/);
  });

  it('logs the reason of a 500 under the id that the caller got', async () => {
    await request(testApp.url).get('/things/query-failed').set('X-Request-ID', 'look-me-up');
    const [line] = testApp
      .lines()
      .filter(({ level, request_id: id }) => level === 'error' && id === 'look-me-up');
    expect(line).toMatchObject({ code: 'internal_error', error: { type: 'Error', code: '23505' } });
    expect(JSON.stringify(line)).not.toContain('Key (email)');
  });

  it('answers 404 for an unknown route', async () => {
    const answer = await request(testApp.url).get('/nowhere/canary?x=1');
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'not_found', instance: '/nowhere/canary' });
    expect(answer.body.detail).not.toContain('canary');
    expect(answer.headers.allow).toBeUndefined();
  });

  it('answers 404, not 405, when a route with this method found nothing', async () => {
    const answer = await request(testApp.url).get('/things/missing');
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('canary');
  });

  it.each([
    ['post', '/things/7', 'GET, HEAD'],
    ['delete', '/things', 'POST'],
    ['options', '/things', 'POST'],
    ['head', '/things', 'POST'],
  ] as const)('answers 405 with Allow: %s %s', async (method, path, allow) => {
    const answer = await request(testApp.url)[method](path);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it('answers HEAD like GET, without a body', async () => {
    const found = await request(testApp.url).head('/things/7');
    expect([found.status, found.text]).toEqual([200, undefined]);
    const failed = await request(testApp.url).head('/things/conflict');
    expect([failed.status, failed.text]).toEqual([409, undefined]);
    expect(failed.headers['content-type']).toBe('application/problem+json');
  });

  it.each(['/things/%zz', '/things/%ff', '/things/%'])(
    'answers 400 for broken percent-encoding: %s',
    async (path) => {
      const answer = await request(testApp.url).get(path);
      expect(answer.status).toBe(400);
      expect(answer.body.code).toBe('invalid_request');
    },
  );

  it.each(['?a=%zz', '?%ff=1'])('answers 400 for broken percent-encoding in the query: %s', async (query) => {
    const answer = await request(testApp.url).get(`/things/7${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_request', instance: '/things/7' });
  });

  it.each(['text/html', 'application/json;q=0', 'image/*'])(
    'answers 406 when Accept is %s',
    async (accept) => {
      const answer = await request(testApp.url).get('/things/7').set('Accept', accept);
      expect(answer.status).toBe(406);
      expect(answer.headers['content-type']).toBe('application/problem+json');
    },
  );

  it.each(['*/*', 'application/json', 'text/html, application/*;q=0.1'])(
    'accepts Accept: %s',
    async (accept) => {
      await request(testApp.url).get('/things/7').set('Accept', accept).expect(200);
    },
  );

  it('cuts the connection when an answer fails half way, so that it does not look complete', async () => {
    const failure = await new Promise<unknown>((resolve, reject) => {
      httpRequest(`${testApp.url}/things/half`, (response) => {
        response.on('error', resolve).on('end', () => {
          reject(new Error('the answer ended as if it were whole'));
        });
        response.resume();
      })
        .on('error', resolve)
        .end();
    });
    expect(failure).toMatchObject({ code: 'ECONNRESET' });
  });

  it.each([
    ['no HTTP', 'canary\r\n\r\n', 400, 'invalid_request'],
    [
      'an oversized header',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('answers %s with a problem document too', async (_what, bytes, status, code) => {
    const answer = await raw(testApp.port, bytes);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, code });
    expect(answer).not.toContain('canary');
  });

  it('answers 408 when a request does not arrive in time', async () => {
    const server = testApp.app.getHttpServer();
    expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 90_000]);
    server.requestTimeout = 500;
    server.headersTimeout = 400;
    try {
      const head =
        'POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{';
      const answer = await raw(testApp.port, head);
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('"code":"request_timeout"');
    } finally {
      server.requestTimeout = 90_000;
      server.headersTimeout = 10_000;
    }
  });

  it('survives uploads that break off', async () => {
    const socket = connect(testApp.port, '127.0.0.1');
    socket.write('POST /things HTTP/1.1\r\nHost: x\r\nX-Request-ID: broken-off\r\n');
    socket.write('Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{"a":', () =>
      socket.destroy(),
    );
    await lineOf(testApp, 'broken-off');
    expect(testApp.lines().find((line) => line.request_id === 'broken-off')).toMatchObject({ aborted: true });
    await request(testApp.url).get('/things/7').expect(200);
  });
});

/** Sends bytes and reads until the server closes. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(answer);
    });
  });
}

/** Waits for the line that a request leaves in the log. */
async function lineOf(testApp: TestApp, requestId: string): Promise<void> {
  while (!testApp.lines().some((line) => line.request_id === requestId))
    await new Promise((resolve) => setTimeout(resolve, 10));
}
