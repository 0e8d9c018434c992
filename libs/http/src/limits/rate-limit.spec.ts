import { Metrics } from '@aegis/metrics';
import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import { IsInt, IsString } from 'class-validator';
import type { Response as HttpResponse } from 'express';
import request, { type Response } from 'supertest';
import { RespondsAsIs } from '../answers/responds';
import { AnyKey, Public } from '../callers/route-access';
import { RateLimiter } from './rate-limiter';
import { startTestApp, type TestApp } from '../http-app.fixture';

class QuestionDto {
  @IsString()
  token!: string;
}

class BatchDto {
  @IsInt()
  items!: number;
}

@Controller()
class RoutesController {
  constructor(private readonly limiter: RateLimiter) {}

  @Post('batch')
  @AnyKey()
  @RespondsAsIs('application/json')
  async batch(
    @Body() { items }: BatchDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<object> {
    await this.limiter.chargeBatch(response, items);
    return {};
  }

  @Get('closed')
  @AnyKey()
  @RespondsAsIs('application/json')
  closed(): object {
    return {};
  }

  @Get('open')
  @Public()
  @RespondsAsIs('application/json')
  open(): object {
    return {};
  }

  @Get('open/:id')
  @Public()
  @RespondsAsIs('application/json')
  openById(): object {
    return {};
  }

  @Get('health')
  @Public({ group: 'exempt', ignoreCredentials: true })
  @RespondsAsIs('application/json')
  health(): object {
    return {};
  }

  @Post('validate')
  @Public({ group: 'validate' })
  @RespondsAsIs('application/json')
  validate(@Body() { token }: QuestionDto): object {
    return { length: token.length };
  }
}

describe('rate limits', () => {
  let testApp: TestApp;

  /** Each test its own buckets: nothing is counted yet. */
  async function start(variables: Record<string, string> = {}): Promise<void> {
    testApp = await startTestApp([RoutesController], { TRUST_PROXY: '1', ...variables });
  }

  afterEach(() => testApp.app.close());

  const get = (path: string, address = '203.0.113.1') =>
    request(testApp.url).get(path).set('X-Forwarded-For', address);
  const validate = (token: string, address = '203.0.113.1') =>
    request(testApp.url).post('/validate').set('X-Forwarded-For', address).send({ token });
  const remaining = ({ headers }: Response) => headers['x-ratelimit-remaining'];

  it('says on each answer what is left, in both ways', async () => {
    await start();
    const { headers } = await get('/open');
    expect(headers['ratelimit-policy']).toBe('"public";q=300;w=60');
    expect(headers.ratelimit).toBe('"public";r=299;t=60');
    expect([
      headers['x-ratelimit-limit'],
      headers['x-ratelimit-remaining'],
      headers['x-ratelimit-reset'],
    ]).toEqual(['300', '299', '60']);
    const closed = await get('/closed').set('X-API-Key', 'key-1');
    expect(closed.headers['ratelimit-policy']).toBe('"default";q=100;w=60');
  });

  it('refuses what exceeds the limit, and says when to come back', async () => {
    await start({ RATE_LIMIT_PUBLIC: '2' });
    expect([(await get('/open')).status, (await get('/open')).status]).toEqual([200, 200]);
    const refused = await get('/open');
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(refused.headers.ratelimit).toMatch(/^"public";r=0;t=\d+$/);
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
    expect((await get('/open', '203.0.113.2')).status).toBe(200);
  });

  it('counts an authenticated key no matter where it calls from, and separately from its address', async () => {
    await start({ RATE_LIMIT_DEFAULT: '2' });
    await get('/closed', '203.0.113.1').set('X-API-Key', 'key-1').expect(200);
    await get('/closed', '203.0.113.2').set('Authorization', 'Bearer key-1').expect(200);
    await get('/closed', '203.0.113.3').set('X-API-Key', 'key-1').expect(429);
    await get('/closed', '203.0.113.1').set('X-API-Key', 'key-2').expect(200);
  });

  it("uses the key's own limit first, in one bucket for everything that the key does", async () => {
    await start({ RATE_LIMIT_DEFAULT: '1', RATE_LIMIT_PUBLIC: '1', RATE_LIMIT_LICENSE: '1' });
    const key = (test: request.Test) => test.set('X-API-Key', 'limited-3');
    expect((await key(get('/closed'))).headers['ratelimit-policy']).toBe('"default";q=3;w=60');
    expect(remaining(await key(get('/open')))).toBe('1');
    expect((await key(validate('t'))).status).toBe(200);
    expect((await key(validate('t'))).status).toBe(429);
  });

  it.each([
    ['at the default one', 100],
    ['below it', 50],
  ])('counts validations by license for a key with its own limit %s', async (_what, own) => {
    await start({ RATE_LIMIT_LICENSE: '2' });
    const ask = (token: string) => validate(token).set('X-API-Key', `limited-${own}`);
    expect((await ask('token-1')).headers['ratelimit-policy']).toBe(
      `"default";q=${own};w=60, "license";q=2;w=60`,
    );
    await ask('token-1').expect(200);
    const refused = await ask('token-1');
    expect([refused.status, refused.headers['x-ratelimit-limit']]).toEqual([429, '2']);
    await ask('token-2').expect(200);
  });

  it('counts no license for a key whose own limit is above the default one', async () => {
    await start({ RATE_LIMIT_LICENSE: '1' });
    for (let times = 0; times < 3; times++) {
      const { status, headers } = await validate('token-1').set('X-API-Key', 'limited-101');
      expect([status, headers['ratelimit-policy']]).toEqual([200, '"default";q=101;w=60']);
    }
  });

  it('says in the headers too that nothing is left while the storage is unavailable and requests are refused', async () => {
    await start({ RATE_LIMIT_ON_STORAGE_FAILURE: 'closed', REDIS_URL: 'redis://127.0.0.1:1' });
    const limitHeaders = ({ status, headers }: Response) => [
      status,
      headers['ratelimit-policy'],
      headers.ratelimit,
      headers['x-ratelimit-limit'],
      headers['x-ratelimit-remaining'],
      headers['x-ratelimit-reset'],
      headers['retry-after'],
    ];
    expect(limitHeaders(await get('/open'))).toEqual([
      503,
      '"public";q=300;w=60',
      '"public";r=0;t=1',
      '300',
      '0',
      '1',
      '1',
    ]);
    // No license is counted that nobody can count.
    expect(limitHeaders(await validate('token-1')).slice(0, 3)).toEqual([
      503,
      '"validate";q=1000;w=60',
      '"validate";r=0;t=1',
    ]);
    expect(limitHeaders(await get('/nowhere')).slice(0, 2)).toEqual([503, '"default";q=100;w=60']);
    expect((await get('/health')).status).toBe(200);
  });

  it('counts failed authentications against the address', async () => {
    await start({ RATE_LIMIT_PUBLIC: '3' });
    expect(remaining(await get('/open').set('X-API-Key', 'guess-1'))).toBe('2');
    expect(remaining(await get('/open').set('X-API-Key', 'guess-2'))).toBe('1');
    expect(remaining(await get('/open'))).toBe('0');
    await get('/open').set('X-API-Key', 'guess-3').expect(429);
  });

  it.each([
    ['the /64 of an IPv6 address', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['an IPv4-mapped address as the IPv4', '203.0.113.9', '::ffff:203.0.113.9'],
  ])('puts into one bucket %s', async (_what, first, second) => {
    await start({ RATE_LIMIT_PUBLIC: '1' });
    await get('/open', first).expect(200);
    await get('/open', second).expect(429);
  });

  it('keeps other networks apart', async () => {
    await start({ RATE_LIMIT_PUBLIC: '1' });
    await get('/open', '2001:db8:1:2::1').expect(200);
    await get('/open', '2001:db8:1:3::1').expect(200);
    await get('/open', '203.0.113.1').expect(200);
  });

  it('keeps IPv4 addresses apart that a translator writes into one /64', async () => {
    await start({ RATE_LIMIT_PUBLIC: '1' });
    await get('/open', '64:ff9b::203.0.113.1').expect(200);
    await get('/open', '64:ff9b::203.0.113.2').expect(200);
    await get('/open', '64:FF9B:0:0::cb00:7101').expect(429);
  });

  it('ignores a forwarded address unless a proxy is trusted', async () => {
    testApp = await startTestApp([RoutesController], { RATE_LIMIT_PUBLIC: '1' });
    await get('/open', '203.0.113.1').expect(200);
    await get('/open', '203.0.113.2').expect(429);
  });

  it.each([
    ['one hop', '1', '203.0.113.1'],
    ['the addresses of proxies', '127.0.0.1/32,10.0.0.0/8', '203.0.113.1, 10.1.1.1'],
  ])('takes the address that %s gives, and nothing in front of it', async (_what, trusted, said) => {
    testApp = await startTestApp([RoutesController], { TRUST_PROXY: trusted, RATE_LIMIT_PUBLIC: '3' });
    const statuses: number[] = [];
    for (const spoofed of ['1.1.1.1', '2001:db8::1', 'garbage', '10.9.9.9, 1.1.1.1'])
      statuses.push((await get('/open', `${spoofed}, ${said}`).set('Forwarded', `for=${spoofed}`)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it.each(['garbage', '', '999.1.1.1', '<script>'])(
    'gives a caller who makes up an address no separate bucket: %s',
    async (made) => {
      await start({ RATE_LIMIT_PUBLIC: '1' });
      await get('/open', made).expect(200);
      await get('/open', `other ${made}`).expect(429);
    },
  );

  it('counts validations by address and by license, and shows the tighter limit', async () => {
    await start();
    const { headers } = await validate('token-1');
    expect(headers['ratelimit-policy']).toBe('"validate";q=1000;w=60, "license";q=60;w=60');
    expect(headers.ratelimit).toBe('"validate";r=999;t=60, "license";r=59;t=60');
    expect([headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']]).toEqual(['60', '59']);
  });

  it('limits one license without limiting the others of its address', async () => {
    await start({ RATE_LIMIT_LICENSE: '2' });
    await validate('token-1', '203.0.113.1').expect(200);
    await validate('token-1', '203.0.113.2').expect(200);
    const refused = await validate('token-1', '203.0.113.1');
    expect(refused.status).toBe(429);
    expect(refused.headers.ratelimit).toMatch(/^"validate";r=998;t=\d+, "license";r=0;t=\d+$/);
    expect(refused.headers['x-ratelimit-remaining']).toBe('0');
    await validate('token-2', '203.0.113.1').expect(200);
    // White space around it does not make another token of it.
    await validate(' token-1\r\n', '203.0.113.1').expect(429);
  });

  it('counts the attempt but no license for a caller that is refused', async () => {
    await start({ RATE_LIMIT_LICENSE: '1' });
    for (let times = 0; times < 3; times++) {
      const { status, headers } = await validate('token-1').set('X-Refuse', '401');
      expect([status, headers['ratelimit-policy']]).toEqual([401, '"validate";q=1000;w=60']);
    }
    const asked = await validate('token-1');
    expect([asked.status, asked.headers.ratelimit]).toEqual([
      200,
      expect.stringMatching(/^"validate";r=996;t=\d+, "license";r=0;t=\d+$/),
    ]);
  });

  it.each([
    ['is broken', 'application/json', '{"token":', 400],
    ['is too large', 'application/json', JSON.stringify({ token: 'x'.repeat(70_000) }), 413],
    ['is of another type', 'text/plain', 'token', 415],
    ['has another field', 'application/json', '{"token":"a","other":1}', 422],
  ])('refuses a caller before it reads a body that %s', async (_what, type, body, status) => {
    await start();
    const post = () => request(testApp.url).post('/validate').set('Content-Type', type);
    expect((await post().set('X-Refuse', '401').send(body)).status).toBe(401);
    expect((await post().send(body)).status).toBe(status);
  });

  it('stops counting licenses for an address that has used up its own limit', async () => {
    await start({ RATE_LIMIT_VALIDATE: '1', RATE_LIMIT_LICENSE: '2' });
    await validate('token-1', '203.0.113.1').expect(200);
    await validate('token-1', '203.0.113.1').expect(429);
    await validate('token-1', '203.0.113.1').expect(429);
    await validate('token-1', '203.0.113.2').expect(200);
  });

  it('counts a validation that cannot be read', async () => {
    await start({ RATE_LIMIT_VALIDATE: '1' });
    const broken = await request(testApp.url)
      .post('/validate')
      .set('X-Forwarded-For', '203.0.113.1')
      .set('Content-Type', 'application/json')
      .send('{"token":');
    expect([broken.status, remaining(broken)]).toEqual([400, '0']);
    await validate('token-1').expect(429);
  });

  it('have a series for each policy from the start, so that the first refusal is seen', async () => {
    await start();
    const { registry } = testApp.app.get(Metrics, { strict: false });
    const { values } = await registry.getSingleMetric('aegis_rate_limit_refusals_total')!.get();
    expect(Object.fromEntries(values.map(({ labels: { policy }, value }) => [policy, value]))).toEqual({
      default: 0,
      validate: 0,
      public: 0,
      license: 0,
      session: 0,
      'batch-items': 0,
      admissions: 0,
      activation: 0,
      'webhook-tests': 0,
    });
  });

  describe('of the items of batches', () => {
    const batch = (items: unknown, key = 'key-1') =>
      request(testApp.url).post('/batch').set('X-API-Key', key).send({ items });

    it('count for the key, separately from its requests, and the answer says what is left of both', async () => {
      await start({ RATE_LIMIT_BATCH_ITEMS: '10' });
      const { status, headers } = await batch(7);
      expect(status).toBe(200);
      expect(headers['ratelimit-policy']).toBe('"default";q=100;w=60, "batch-items";q=10;w=60');
      expect(headers.ratelimit).toMatch(/^"default";r=99;t=\d+, "batch-items";r=3;t=\d+$/);
      expect([headers['x-ratelimit-limit'], headers['x-ratelimit-remaining']]).toEqual(['10', '3']);
    });

    it('refuse a batch that does not fit, count nothing for it, and accept a smaller one', async () => {
      await start({ RATE_LIMIT_BATCH_ITEMS: '10' });
      await batch(7).expect(200);
      const refused = await batch(4);
      expect(refused.status).toBe(429);
      expect(refused.body).toMatchObject({ code: 'rate_limited', status: 429 });
      expect(refused.body.detail).toMatch(
        /^This batch has 4 different items, and 3 of 10 per minute are left\./,
      );
      expect(refused.headers.ratelimit).toMatch(/^"default";r=98;t=\d+, "batch-items";r=3;t=\d+$/);
      expect(refused.headers['x-ratelimit-limit']).toBe('10');
      expect(refused.headers['retry-after']).toMatch(/^\d+$/);
      await batch(3).expect(200);
      await batch(1).expect(429);
    });

    it('say that a batch larger than the limit can never pass', async () => {
      await start({ RATE_LIMIT_BATCH_ITEMS: '10' });
      const { status, body } = await batch(11);
      expect([status, body.detail]).toEqual([
        429,
        'This batch has 11 different items, and 10 per minute are allowed: it can never succeed. Send smaller batches.',
      ]);
      await batch(10).expect(200);
    });

    it("are each key's own, also of keys with a limit of their own, which counts requests", async () => {
      await start({ RATE_LIMIT_BATCH_ITEMS: '10' });
      await batch(10, 'key-1').expect(200);
      await batch(10, 'key-2').expect(200);
      expect((await batch(10, 'limited-2')).headers['ratelimit-policy']).toBe(
        '"default";q=2;w=60, "batch-items";q=10;w=60',
      );
      const refused = await batch(1, 'limited-2');
      expect([refused.status, refused.headers.ratelimit]).toEqual([
        429,
        expect.stringMatching(/^"default";r=0;t=\d+, "batch-items";r=0;t=\d+$/),
      ]);
    });

    it('count nothing for what is refused earlier, or when limits are switched off', async () => {
      await start({ RATE_LIMIT_BATCH_ITEMS: '10' });
      await batch('ten').expect(422);
      await batch(10).expect(200);
      await testApp.app.close();
      await start({ RATE_LIMIT_ENABLED: 'false', RATE_LIMIT_BATCH_ITEMS: '10' });
      await batch(11).expect(200);
    });
  });

  it.each([
    ['an unknown route', '/nowhere', 404],
    ['a path that cannot be decoded', '/open/%zz', 400],
    ['an unknown method', '/validate', 405],
  ])('counts what fails before the guards: %s', async (_what, path, status) => {
    await start({ RATE_LIMIT_DEFAULT: '2' });
    const first = await get(path);
    expect([first.status, first.headers.ratelimit]).toEqual([status, '"default";r=1;t=60']);
    await get(path).expect(status);
    await get(path).expect(429);
    expect(remaining(await get(path).set('X-API-Key', 'key-1'))).toBe('1');
  });

  it('neither counts nor identifies health checks', async () => {
    await start({ RATE_LIMIT_PUBLIC: '1', RATE_LIMIT_DEFAULT: '1' });
    for (let probe = 0; probe < 3; probe++) {
      const { status, headers } = await get('/health').set('X-API-Key', 'down');
      expect([status, headers.ratelimit, headers['x-credential']]).toEqual([200, undefined, 'none']);
    }
  });

  it('refuses nobody when switched off', async () => {
    await start({ RATE_LIMIT_ENABLED: 'false', RATE_LIMIT_PUBLIC: '1' });
    await get('/open').expect(200);
    await get('/open').expect(200);
  });
});
