import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type Environment, loadEnvironment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { execFileSync } from 'node:child_process';
import { get } from 'node:http';
import { join } from 'node:path';
import { ConsoleBuild } from '../../../apps/server/src/console/console-build';
import { ConsoleFiles } from '../../../apps/server/src/console/console-files';
import { testServer, type TestServer } from '../../support/processes/server';
import { until } from '../../support/until';

const ROOT = join(__dirname, '../../..');

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** The bytes of an answer as they are on the wire. */
function bytesOf(url: string, coding: string): Promise<{ coding: string | undefined; body: Buffer }> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'Accept-Encoding': coding } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ coding: response.headers['content-encoding'], body: Buffer.concat(chunks) });
      });
    }).on('error', reject);
  });
}

describe('the console', () => {
  let server: TestServer;
  let page: string;

  beforeAll(async () => {
    server = await testServer();
    await until(
      'the console is built by its first visit',
      async () => {
        page = await (await fetch(`${server.url}/console`)).text();
        if (page.includes('could not be built')) throw new Error(server.log());
        return page.includes('<div id="root">');
      },
      180_000,
    );
  }, 240_000);
  afterAll(() => server.close());

  const filesIn = (text: string): string[] =>
    [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);

  it.each([
    '/console',
    '/console/',
    '/console/licenses?q=17',
    '/console/licenses/1/deep',
    '/console/%3Cb%3E',
  ])('is one page for all of its paths, under a strict policy: %s', async (path) => {
    const answer = await fetch(`${server.url}${path}`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(page);
    expect(answer.headers.get('content-security-policy')).toBe(POLICY);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('vary')).toContain('Accept-Encoding');
  });

  it('is asked for again each time, which costs a 304', async () => {
    const tag = (await fetch(`${server.url}/console`)).headers.get('etag')!;
    const again = await fetch(`${server.url}/console`, { headers: { 'If-None-Match': tag } });
    expect(again.status).toBe(304);
    expect((await fetch(`${server.url}/console`, { headers: { 'If-None-Match': '"other"' } })).status).toBe(
      200,
    );
  });

  it('loads files whose names have a hash, which are kept, and which are compressed already', async () => {
    const files = filesIn(page);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const path of files) {
      expect(path).toMatch(/^\/console\/assets\/[\w-]+-[\w-]{8}\.(js|css)$/);
      const { headers } = await fetch(`${server.url}${path}`);
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(headers.get('content-type')).toMatch(/^text\/(javascript|css); charset=utf-8$/);
      expect(headers.get('content-security-policy')).toBe(POLICY);
      const plain = await bytesOf(`${server.url}${path}`, 'identity');
      const gzip = await bytesOf(`${server.url}${path}`, 'gzip');
      const brotli = await bytesOf(`${server.url}${path}`, 'gzip, deflate, br');
      expect([plain.coding, gzip.coding, brotli.coding]).toEqual([undefined, 'gzip', 'br']);
      expect(gunzipSync(gzip.body)).toEqual(plain.body);
      expect(brotliDecompressSync(brotli.body)).toEqual(plain.body);
      expect(brotli.body.length).toBeLessThan(gzip.body.length);
    }
  });

  it('loads little at its first visit', async () => {
    let bytes = 0;
    for (const path of filesIn(page)) bytes += (await bytesOf(`${server.url}${path}`, 'br')).body.length;
    expect(bytes).toBeLessThan(150 * 1024);
  });

  it.each(['/console/assets/index.js', '/console/assets/..%2Findex.html', '/console/assets/__proto__'])(
    'has no file %s',
    async (path) => {
      const answer = await fetch(`${server.url}${path}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await answer.json()).toMatchObject({ code: 'not_found' });
    },
  );

  it('is in the package once it is built', () => {
    const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    for (const path of ['index.html', ...filesIn(page).map((file) => file.replace('/console/', ''))])
      for (const coding of ['', '.br', '.gz']) expect(listed).toContain(`"dist/console/${path}${coding}"`);
    expect(listed).toContain('"dist/console/third-party-notices.md"');
  });

  it('is like an unknown route where CONSOLE_ENABLED is false, and no page leads to it', async () => {
    const closed = await testServer({ variables: { CONSOLE_ENABLED: 'false' } });
    try {
      for (const path of ['/console', '/console/licenses', '/console/assets/index.js']) {
        const [answer, unknown] = await Promise.all(
          [path, '/unknown'].map(async (one) => {
            const response = await fetch(`${closed.url}${one}`);
            const {
              instance: _,
              request_id: __,
              ...rest
            } = (await response.json()) as Record<string, unknown>;
            return { status: response.status, rest };
          }),
        );
        expect(answer).toEqual(unknown);
      }
      const start = await fetch(closed.url, { headers: { Accept: 'text/html' } });
      expect(await start.text()).not.toContain('console');
    } finally {
      await closed.close();
    }
  });
});

describe('the build of the console', () => {
  const logger = new Logger({ level: 'error', format: 'json' });
  const files = (exist: boolean): ConsoleFiles =>
    Object.defineProperty(new ConsoleFiles(), 'exist', { value: exist });
  const inProduction = Object.create(loadEnvironment({ ENVIRONMENT: 'test' }), {
    ENVIRONMENT: { value: 'production' },
  }) as Environment;

  it.each([
    [true, 'ready'],
    [false, 'missing'],
  ])('is never begun in production: whether there is one: %s, so it is %s', (exist, state) => {
    expect(new ConsoleBuild(inProduction, files(exist), logger).visit()).toBe(state);
  });
});
