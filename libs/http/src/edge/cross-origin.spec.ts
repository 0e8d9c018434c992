import { Controller, Delete, Get, Param, Post } from '@nestjs/common';
import { AnyKey, Public } from '../callers/route-access';
import { startTestApp, type TestApp } from '../http-app.fixture';

const PAGE = 'https://shop.example.net';
const ADMIN = 'https://admin.example.com';

@Controller('things')
class ThingsController {
  @Get('open/:id')
  @Public({ anyOrigin: true })
  open(@Param('id') id: string): object {
    return { id };
  }

  @Post('open/:id')
  @AnyKey()
  closedMethod(): object {
    return {};
  }

  @Post('asked')
  @Public({ anyOrigin: true })
  asked(): object {
    return {};
  }

  @Get('public')
  @Public()
  public(): object {
    return {};
  }

  @Delete('closed')
  @AnyKey()
  closed(): object {
    return {};
  }
}

describe('pages of other origins', () => {
  let testApp: TestApp;
  let withOrigins: TestApp;

  beforeAll(async () => {
    testApp = await startTestApp([ThingsController]);
    withOrigins = await startTestApp([ThingsController], { CORS_ORIGINS: ADMIN });
  });
  afterAll(async () => {
    await testApp.app.close();
    await withOrigins.app.close();
  });

  const get = (path: string, headers: Record<string, string> = {}, { url } = testApp): Promise<Response> =>
    fetch(`${url}/things/${path}`, { headers });
  const preflight = (
    path: string,
    method: string,
    { url, origin = PAGE, headers = 'content-type' }: { url: string; origin?: string; headers?: string },
  ): Promise<Response> =>
    fetch(`${url}/things/${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': headers,
      },
    });
  const corsOf = ({ headers }: Response): string[] =>
    [...headers.keys()].filter((name) => name.startsWith('access-control-'));

  it('may read what is declared open, without credentials, and see what tells them when to ask again', async () => {
    for (const app of [testApp, withOrigins]) {
      const { headers } = await get('open/1', { origin: PAGE }, app);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.has('access-control-allow-credentials')).toBe(false);
      expect(headers.get('access-control-expose-headers')?.split(',')).toContain('Retry-After');
    }
  });

  it('may read it also from a cache that asked without them, or for another page', async () => {
    for (const origin of [undefined, ADMIN]) {
      const { headers } = await get('open/1', origin === undefined ? {} : { origin }, withOrigins);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('vary') ?? '').not.toContain('Origin');
    }
  });

  it('never may send what makes a cookie a credential, not even those of CORS_ORIGINS', async () => {
    const asked = 'content-type, X-AEGIS-Console,x-api-key';
    for (const [path, method] of [
      ['open/1', 'GET'],
      ['closed/1', 'GET'],
      ['asked', 'POST'],
    ] as const)
      for (const origin of [PAGE, ADMIN])
        for (const { url } of [testApp, withOrigins]) {
          const { headers } = await preflight(path, method, { url, origin, headers: asked });
          expect(headers.get('access-control-allow-headers') ?? '').not.toMatch(/console/i);
          expect(headers.has('access-control-allow-credentials')).toBe(false);
        }
    const { headers } = await preflight('closed/1', 'GET', {
      url: withOrigins.url,
      origin: ADMIN,
      headers: asked,
    });
    expect(headers.get('access-control-allow-headers')).toBe('content-type,x-api-key');
  });

  it.each([
    ['GET', 'open/1'],
    ['HEAD', 'open/1'],
    ['POST', 'asked'],
  ])('may ask by %s %s, and send no API key', async (method, path) => {
    const { status, headers } = await preflight(path, method, { url: testApp.url, headers: 'x-api-key' });
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-allow-methods')).toBe(method);
    const allowed = headers.get('access-control-allow-headers')?.toLowerCase().split(',');
    expect(allowed).toContain('content-type');
    expect(allowed).not.toContain('x-api-key');
    expect(allowed).not.toContain('authorization');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it.each([
    ['DELETE', 'closed'],
    ['GET', 'public'],
    ['POST', 'open/1'],
    ['GET', 'open/%ff'],
    ['GET', 'nothing'],
  ])('get no permission for %s %s', async (method, path) => {
    const asked = await preflight(path, method, { url: testApp.url });
    expect(asked.status).toBeGreaterThanOrEqual(400);
    expect(corsOf(asked)).toEqual([]);
    const answer = await fetch(`${testApp.url}/things/${path}`, { method, headers: { origin: PAGE } });
    expect(corsOf(answer)).toEqual([]);
  });

  it('get no permission by an OPTIONS that asks for none', async () => {
    const answer = await fetch(`${testApp.url}/things/open/1`, {
      method: 'OPTIONS',
      headers: { origin: PAGE },
    });
    expect(answer.status).toBe(405);
    expect(corsOf(answer)).toEqual([]);
  });

  it('may send an API key, to what is open too, where they are of CORS_ORIGINS', async () => {
    for (const [method, path] of [
      ['GET', 'open/1'],
      ['DELETE', 'closed'],
    ] as const) {
      const { headers } = await preflight(path, method, {
        url: withOrigins.url,
        origin: ADMIN,
        headers: 'x-api-key',
      });
      expect(headers.get('access-control-allow-origin')).toBe(ADMIN);
      expect(headers.get('access-control-allow-headers')).toBe('x-api-key');
    }
  });

  it('may read why they were refused', async () => {
    const { status, headers } = await get('open/1', { origin: PAGE, 'x-refuse': '401' });
    expect(status).toBe(401);
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });
});
