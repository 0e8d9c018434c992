import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { measurePairs } from './pairs.mjs';

const ORIGIN = 'https://bench.example/';
/** Without them a page's clock shows tenths of a millisecond. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/**
 * Asks a browser, by the build for browsers and by its `subtle.verify`. Nothing leaves the machine: what the page loads is
 * answered here.
 * @param {string} executablePath of Chromium  @param {string} bundle path of the build
 * @param {ReturnType<typeof import('./question.mjs').aQuestion>} question
 * @param {{ rounds: number, calls: number, warmUp: number }} size
 */
export async function measureInBrowser(executablePath, bundle, question, size) {
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage();
    const client = await readFile(bundle, 'utf8');
    await page.route('**/*', (route) =>
      route.request().url().endsWith('/client.mjs')
        ? route.fulfill({ contentType: 'text/javascript', body: client, headers: ISOLATED })
        : route.fulfill({ contentType: 'text/html', body: '<!doctype html>', headers: ISOLATED }),
    );
    await page.goto(ORIGIN);
    await page.addScriptTag({ content: `globalThis.measurePairs = ${measurePairs.toString()}` });
    const found = await page.evaluate(measured, { question, size });
    return { runtime: `Chromium ${browser.version()}`, ...found };
  } finally {
    await browser.close();
  }
}

/**
 * Runs in the page.
 * @param {any} asked
 */
async function measured({ question: { token, signingInput, signature, jwk, ...question }, size }) {
  const { verifyLicense } = await import(/** @type {any} */ ('/client.mjs'));
  const options = { ...question, keys: [jwk] };
  const signed = new TextEncoder().encode(signingInput);
  const binary = atob(signature.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const { subtle } = crypto;
  const key = await subtle.importKey('jwk', jwk, 'Ed25519', false, ['verify']);
  const raw = () => subtle.verify('Ed25519', key, bytes, signed);
  const { code } = await verifyLicense(token, options);
  if (code !== 'VALID' || !(await raw())) throw new Error(`refused: ${code}`);
  return /** @type {any} */ (globalThis).measurePairs(raw, () => verifyLicense(token, options), size);
}
