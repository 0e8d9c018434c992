// `npm run bench:timing [-- --short]`: whether the time of a refusal reveals which API keys there are.
// What is measured: docs/attacks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { AegisProcess, embeddedPostgres } from './aegis-process.mjs';

const { values: options } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
/** Requests with each of the two keys. */
const REQUESTS = options.short ? 1_000 : 10_000;
const WARM_UP = 500;
/** A part of the shorter time. */
const ALLOWED = 0.05;
/** Other work on the machine shows in one round or another; what the server gives away shows in each. */
const ROUNDS = 3;
/** Left out at either end of the sorted times: what the machine did meanwhile, not the server. */
const TRIMMED = 0.1;

const { default: format } = await import(
  pathToFileURL(resolve(import.meta.dirname, '../../dist/libs/api-keys/src/api-key-format.js')).href
);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/**
 * @param {string} url
 * @param {string} key
 * @returns {Promise<number>} milliseconds from the request to the end of the answer, which is a 401
 */
function refusal(url, key) {
  return new Promise((done, fail) => {
    const startedAt = performance.now();
    get(`${url}/api/v1/me`, { agent, headers: { 'X-API-Key': key } }, (response) => {
      if (response.statusCode !== 401) fail(new Error(`answered ${response.statusCode}, not 401`));
      response.resume().on('end', () => {
        done(performance.now() - startedAt);
      });
    }).on('error', fail);
  });
}

/**
 * @param {string} url
 * @param {readonly [() => string, () => string]} keys
 * @param {number} count
 * @returns {Promise<[number[], number[]]>} times by key, sorted; asked in turns, each first as often as the other
 */
async function times(url, [one, other], count) {
  /** @type {[number[], number[]]} */
  const taken = [[], []];
  for (let round = 0; round < count; round += 1)
    for (const which of round % 2 === 0 ? [0, 1] : [1, 0])
      taken[which]?.push(await refusal(url, which === 0 ? one() : other()));
  for (const list of taken) list.sort((a, b) => a - b);
  return taken;
}

const median = (/** @type {number[]} */ sorted) => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
const trimmedMean = (/** @type {number[]} */ sorted) => {
  const cut = Math.floor(sorted.length * TRIMMED);
  const kept = sorted.slice(cut, sorted.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
};
const difference = (/** @type {number} */ a, /** @type {number} */ b) => Math.abs(a - b) / Math.min(a, b);
const percent = (/** @type {number} */ part) => `${(part * 100).toFixed(1)} %`;

const folder = mkdtempSync(join(tmpdir(), 'aegis-timing-'));
const dataDir = join(folder, 'data');
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
/** @type {{ stop(): Promise<void> }[]} */
const running = [];
let even = false;
try {
  const postgres = await startEmbeddedPostgres({ dataDir });
  running.push({ stop: () => postgres.release() });
  const server = await AegisProcess.start({ folder, dataDir });
  running.push(server);
  const knownId = (server.firstAdminKey() ?? '').split('_')[2];
  // New secrets each time, well-formed: nothing could be remembered, and the typing check passes both.
  const known = () => format.makeKey('development', knownId).key;
  const unknown = () => format.makeKey('development').key;
  await times(server.url, [known, unknown], WARM_UP);
  for (let round = 1; round <= ROUNDS && !even; round += 1) {
    const [ofKnown, ofUnknown] = await times(server.url, [known, unknown], REQUESTS);
    const medians = difference(median(ofKnown), median(ofUnknown));
    const means = difference(trimmedMean(ofKnown), trimmedMean(ofUnknown));
    even = medians < ALLOWED && means < ALLOWED;
    process.stdout.write(
      `round ${round}, ${REQUESTS} refusals each: known id ${median(ofKnown).toFixed(3)} ms, unknown ${median(ofUnknown).toFixed(3)} ms; ` +
        `medians differ by ${percent(medians)}, trimmed means by ${percent(means)} (allowed: ${percent(ALLOWED)})\n`,
    );
  }
} finally {
  agent.destroy();
  for (const one of running.reverse()) await one.stop();
  await removeEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
}
if (!even) {
  process.stderr.write(`In each of ${ROUNDS} rounds the time of a refusal revealed which key is known.\n`);
  process.exitCode = 1;
}
