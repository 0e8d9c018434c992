import { PROBLEMS } from '@aegis/errors';
import { Client } from '../support/client';
import { testServer, type TestServer } from '../support/server';

describe('the pages that explain errors', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await testServer();
  });
  afterAll(() => server.close());

  it.each(Object.keys(PROBLEMS))('hold for %s no markup but their own', async (code) => {
    const page = await fetch(`${server.url}/problems/${code}`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = await page.text();
    expect(text).toContain(`<p><code>${code}</code>, HTTP status `);
    expect(
      text.replace(/<(?:!doctype|\/?(?:html|head|meta|link|title|body|h1|p|code))\b[^<>]*>/g, ''),
    ).not.toMatch(/[<>]/);
  });

  it.each(['%3Cscript%3Ealert(1)%3C%2Fscript%3E', '__proto__', 'constructor', 'toString'])(
    'show nothing of %s, which is no code',
    async (code) => {
      const answer = await new Client(server.url).get(`/problems/${code}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(JSON.stringify(answer.body)).not.toContain('<script');
    },
  );
});
