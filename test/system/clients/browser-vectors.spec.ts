import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { askClient, type ClientAnswer } from '../../support/vectors/ask-client';
import { readVectors, vectorFiles, VECTORS } from '../../support/vectors/read-vectors';

const CHROMIUM = '/usr/bin/chromium';
const hasChromium = existsSync(CHROMIUM);
// Under CI a missing tool is a failure, not a reason to skip.
const browserDescribe = hasChromium || process.env.CI === 'true' ? describe : describe.skip;

const PAGE = `<!doctype html>
<script type="module">
  import { verifyLicense } from '/client.mjs';
  globalThis.ask = (asked) => (${askClient.toString()})(verifyLicense, asked);
</script>`;

browserDescribe('verifyLicense of the build for browsers, in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-browser-build-'));
  let browser: Browser;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(VECTORS, '../typescript/bundle.mjs'), folder]);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('answers all vectors as written', async () => {
    const page = await browser.newPage();
    // Nothing leaves the machine: what the page loads is answered here. WebCrypto needs a secure origin.
    await page.route('**/*', (route) => {
      const name = new URL(route.request().url()).pathname.slice(1);
      if (name === 'client.mjs')
        return route.fulfill({
          contentType: 'text/javascript',
          body: readFileSync(join(folder, 'index.mjs')),
        });
      if (vectorFiles().includes(name))
        return route.fulfill({ contentType: 'application/json', body: readFileSync(join(VECTORS, name)) });
      return route.fulfill({ contentType: 'text/html', body: PAGE });
    });
    await page.goto('https://vectors.example/');
    // As text: lone surrogates do not survive the way between page and test.
    const said = await page.evaluate(async (files) => {
      const { ask } = globalThis as unknown as { ask: (asked: unknown) => Promise<ClientAnswer> };
      const answers: [id: string, answer: ClientAnswer][] = [];
      for (const file of files) {
        const { vectors } = (await (await fetch(`/${file}`)).json()) as { vectors: { id: string }[] };
        for (const vector of vectors) answers.push([vector.id, await ask(vector)]);
      }
      return JSON.stringify(answers);
    }, vectorFiles());
    const answers = new Map(JSON.parse(said) as [string, ClientAnswer][]);
    for (const { id, expect: answer } of readVectors())
      expect([id, answers.get(id)?.answer]).toStrictEqual([id, answer]);
    expect(answers.size).toBeGreaterThan(1_000);
  });
});
