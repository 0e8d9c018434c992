import { PROBLEMS } from '@aegis/errors';
import { Client } from '../../support/requests/client';
import { testServer, type TestServer } from '../../support/processes/server';

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
      text.replace(/<(?:!doctype|\/?(?:html|head|meta|link|title|body|h1|p|a|code))\b[^<>]*>/g, ''),
    ).not.toMatch(/[<>]/);
  });

  it('are listed on one page, whose links lead to each', async () => {
    const text = await (await fetch(`${server.url}/problems`)).text();
    const links = [...text.matchAll(/<a href="([^"]+)">/g)].map(([, link]) => link!);
    expect(links.map((link) => link.split('/').at(-1)).sort()).toEqual(Object.keys(PROBLEMS).sort());
    for (const link of [...links, '../problems'])
      expect((await fetch(new URL(link, `${server.url}/problems`))).status).toBe(200);
    // Where it lists them, it says already what each means and what to do.
    const shown = text
      .replace(/<\/?code>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>');
    for (const { description } of Object.values(PROBLEMS))
      expect(shown).toContain(`<dd>${description.replaceAll('`', '')}</dd>`);
  });

  it('consist of sentences that say more than the title does', () => {
    for (const { title, description } of Object.values(PROBLEMS)) {
      expect(description).toMatch(/^(`[^`]+`|[A-Z]).*\.$/);
      expect(description.length).toBeGreaterThan(title.length + 25);
    }
  });

  it.each(['%3Cscript%3Ealert(1)%3C%2Fscript%3E', '__proto__', 'constructor', 'toString'])(
    'show nothing of %s, which is not a code',
    async (code) => {
      const answer = await new Client(server.url).get(`/problems/${code}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(JSON.stringify(answer.body)).not.toContain('<script');
    },
  );
});

describe('the page at /', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await testServer();
  });
  afterAll(() => server.close());

  it('links a browser to everything that is public', async () => {
    const page = await fetch(server.url, {
      headers: { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
    });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const links = [...(await page.text()).matchAll(/<a href="([^"]+)">/g)].map(([, link]) => link!);
    expect(links.sort()).toEqual([
      '.well-known/jwks.json',
      'console',
      'docs',
      'health',
      'info',
      'openapi.json',
      'problems',
    ]);
    for (const link of links) expect((await fetch(new URL(link, server.url))).status).toBe(200);
  });

  it.each([undefined, '*/*', 'application/json'])('is JSON for programs: Accept %s', async (accept) => {
    const answer = await fetch(server.url, { headers: accept === undefined ? {} : { Accept: accept } });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.json()).toMatchObject({ name: 'AEGIS License Server', docs: expect.any(String) });
  });

  it('shows no link to documentation that is not served', async () => {
    const silent = await testServer({ variables: { DOCS_ENABLED: 'false' } });
    const page = await (await fetch(silent.url, { headers: { Accept: 'text/html' } })).text();
    await silent.close();
    expect(page).toContain('href="problems"');
    expect(page).not.toMatch(/href="(docs|openapi.json)"/);
  });
});
