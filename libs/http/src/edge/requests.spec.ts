import { currentRequest } from '@aegis/logging';
import { Controller, Get } from '@nestjs/common';
import { get as httpGet } from 'node:http';
import request from 'supertest';
import { RespondsAsIs } from '../answers/responds';
import { AnyKey, Public } from '../callers/route-access';
import { startTestApp, type TestApp } from '../http-app.fixture';

@Controller()
class RoutesController {
  @Get('things/:id')
  @AnyKey()
  @RespondsAsIs('application/json')
  async context(): Promise<object> {
    await new Promise(setImmediate);
    return { ...currentRequest() };
  }

  @Get('health')
  @Public({ group: 'exempt', ignoreCredentials: true })
  @RespondsAsIs('application/json')
  health(): object {
    return {};
  }

  @Get('never')
  @Public()
  @RespondsAsIs('application/json')
  never(): Promise<object> {
    return new Promise(() => undefined);
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('requests', () => {
  let testApp: TestApp;

  beforeAll(async () => {
    testApp = await startTestApp([RoutesController], {
      CORS_ORIGINS: 'https://admin.example.com',
      TRUST_PROXY: '127.0.0.1/32,10.0.0.0/8',
    });
  });

  afterAll(() => testApp.app.close());

  const line = (requestId: string) =>
    testApp.lines().find((entry) => entry.request_id === requestId && entry.message === 'request');

  async function lineOf(requestId: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = line(requestId);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it.each(['a', 'A-Za.z_0', 'x'.repeat(128)])('keep the sane id that the caller gave: %s', async (id) => {
    const answer = await request(testApp.url).get('/things/1').set('X-Request-ID', id);
    expect(answer.headers['x-request-id']).toBe(id);
    expect(answer.body.requestId).toBe(id);
  });

  it.each(['a b', 'x'.repeat(129), '<script>', 'a,b', 'ä'])('get another id than %j', async (id) => {
    const answer = await request(testApp.url)
      .get('/things/1')
      .set('X-Request-ID', Buffer.from(id).toString('latin1'));
    expect(answer.headers['x-request-id']).toMatch(UUID);
  });

  it('each get their own id', async () => {
    const [first, second] = [
      await request(testApp.url).get('/nowhere'),
      await request(testApp.url).get('/nowhere'),
    ];
    expect(first.headers['x-request-id']).toMatch(UUID);
    expect(first.headers['x-request-id']).not.toBe(second.headers['x-request-id']);
    expect(first.body.request_id).toBe(first.headers['x-request-id']);
  });

  it.each([`00-${TRACE}-b7ad6b7169203331-01`, `cc-${TRACE}-b7ad6b7169203331-01-later`])(
    'carry on the trace of %s',
    async (traceparent) => {
      const { body } = await request(testApp.url).get('/things/1').set('traceparent', traceparent);
      expect(body.traceId).toBe(TRACE);
    },
  );

  it.each([
    `00-${TRACE}-b7ad6b7169203331-01-more`,
    `00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`,
    `ff-${TRACE}-b7ad6b7169203331-01`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-b7ad6b7169203331`,
    `00-${TRACE}-b7ad6b7169203331-01, 00-${TRACE}-b7ad6b7169203331-01`,
    'nonsense',
  ])('start a new trace for %s', async (traceparent) => {
    const { body } = await request(testApp.url).get('/things/1').set('traceparent', traceparent);
    expect(body.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect([TRACE, '0'.repeat(32)]).not.toContain(body.traceId);
  });

  it('use the address that trusted proxies give, and no address beyond them', async () => {
    const { body } = await request(testApp.url)
      .get('/things/1')
      .set('X-Forwarded-For', '6.6.6.6, 203.0.113.7, 10.1.1.1');
    expect(body.ip).toBe('203.0.113.7');
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['garbage', '127.0.0.1'],
    ['203.0.113.7, garbage', '127.0.0.1'],
    ['1.2.3.4.5', '127.0.0.1'],
    ['999.1.1.1', '127.0.0.1'],
    ["' OR 1=1 --", '127.0.0.1'],
    ['', '127.0.0.1'],
  ])('have an address even if a proxy gives none: %s is %s', async (forwarded, ip) => {
    const { body } = await request(testApp.url).get('/things/1').set('X-Forwarded-For', forwarded);
    expect(body.ip).toBe(ip);
  });

  it.each(['for=203.0.113.7', 'for="[2001:db8::7]:4711"'])(
    'know nothing from `Forwarded`, which no proxy is trusted to overwrite: %s',
    async (forwarded) => {
      const { body } = await request(testApp.url).get('/things/1').set('Forwarded', forwarded);
      expect(body.ip).toBe('127.0.0.1');
    },
  );

  it('know the key that was accepted, and never one that was refused', async () => {
    const known = await request(testApp.url).get('/things/1').set('X-API-Key', 'key-7');
    expect(known.body.apiKeyId).toBe('key-7');
    const refused = await request(testApp.url).get('/things/1').set('X-API-Key', 'guess');
    expect(refused.body.apiKeyId).toBeNull();
  });

  it('are answered in full if there is no entity tag to compare', async () => {
    const answer = await request(testApp.url).get('/things/1').set('If-None-Match', '*');
    expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ ip: '127.0.0.1' })]);
  });

  it('write one line to the log: route, status, time and key, without ids of the path, query or address', async () => {
    await request(testApp.url)
      .get('/things/canary-id?canary=1')
      .set('X-API-Key', 'key-7')
      .set('X-Forwarded-For', '203.0.113.7')
      .set('X-Request-ID', 'logged-1');
    const entry = await lineOf('logged-1');
    expect(entry).toMatchObject({
      level: 'info',
      message: 'request',
      method: 'GET',
      route: '/things/:id',
      status: 422,
      problem: 'validation_failed',
      api_key_id: 'key-7',
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(typeof entry.duration_ms).toBe('number');
    expect(JSON.stringify(entry)).not.toMatch(/canary|203\.0\.113/);
    expect(entry).not.toHaveProperty('aborted');
  });

  it.each([
    ['an unknown route', 'get', '/nowhere', 404],
    ['an unknown method', 'delete', '/things/1', 405],
    ['a path that cannot be decoded', 'get', '/things/%zz', 400],
  ] as const)(
    'leave the key in the log where no route took them: %s',
    async (_what, method, path, status) => {
      const id = `unrouted-${status}`;
      const answer = await request(testApp.url)
        [method](path)
        .set('X-API-Key', 'key-7')
        .set('X-Request-ID', id);
      expect(answer.status).toBe(status);
      expect(await lineOf(id)).toMatchObject({ status, api_key_id: 'key-7' });
    },
  );

  it('are logged quietly when they are probes, and without a path when it is unknown', async () => {
    await request(testApp.url).get('/health').set('X-Request-ID', 'probe-1');
    expect((await lineOf('probe-1')).level).toBe('debug');
    await request(testApp.url).get('/canary').set('X-Request-ID', 'unknown-1');
    expect(await lineOf('unknown-1')).toMatchObject({ route: 'unmatched', status: 404 });
  });

  it('are marked in the log when the caller went away', async () => {
    const call = httpGet(`${testApp.url}/never`, { headers: { 'X-Request-ID': 'gone-1' } });
    call.on('error', () => undefined);
    await new Promise((resolve) => testApp.app.getHttpServer().once('request', resolve));
    call.destroy();
    expect(await lineOf('gone-1')).toMatchObject({ aborted: true, route: '/never' });
  });

  it('are answered with the headers of helmet, and without naming the framework', async () => {
    const { headers } = await request(testApp.url).get('/things/1');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.stringContaining('max-age='),
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('etag');
  });

  it('are open to the browsers of CORS_ORIGINS alone', async () => {
    const ours = await request(testApp.url).get('/things/1').set('Origin', 'https://admin.example.com');
    expect(ours.headers['access-control-allow-origin']).toBe('https://admin.example.com');
    const limits = Object.keys(ours.headers).filter((name) => name.includes('ratelimit'));
    expect(limits).toHaveLength(5);
    const readable = ours.headers['access-control-expose-headers']?.toLowerCase().split(',');
    expect(readable).toEqual(expect.arrayContaining(limits));
    const foreign = await request(testApp.url).get('/things/1').set('Origin', 'https://evil.example.com');
    expect(foreign.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('are open to no browser unless CORS_ORIGINS says so', async () => {
    const closed = await startTestApp([RoutesController]);
    try {
      const { headers } = await request(closed.url)
        .get('/things/1')
        .set('Origin', 'https://admin.example.com');
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    } finally {
      await closed.app.close();
    }
  });

  it('get WWW-Authenticate when the credential is refused', async () => {
    const answer = await request(testApp.url)
      .get('/things/1')
      .set('X-API-Key', 'guess')
      .set('X-Refuse', '401');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="aegis", error="invalid_token"');
    const missing = await request(testApp.url).get('/things/1').set('X-Refuse', '401');
    expect(missing.headers['www-authenticate']).toBe('Bearer realm="aegis"');
  });

  it.each([
    ['none', {}],
    ['conflicting', { 'X-API-Key': 'key-1', Authorization: 'Bearer key-1' }],
    ['refused', { 'X-API-Key': 'guess' }],
    ['unavailable', { 'X-API-Key': 'down' }],
    ['key', { Authorization: 'Bearer key-1' }],
  ])('reach the access guard identified: %s', async (kind, headers) => {
    const answer = await request(testApp.url).get('/things/1').set(headers);
    expect(answer.headers['x-credential']).toBe(kind);
  });
});
