// `npm run bench:memory [-- --minutes 20] [-- --json]`: what memory the server's process occupies under full load, and
// whether that grows. 64 connections; the kinds of requests take turns, so that every cache is filled. The heap has the
// bound that V8 chooses where the process may have 512 MiB, as in deploy/kubernetes and docs/production.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { keepApart } from './cores.mjs';
import { measureInTurns } from './load.mjs';
import { median } from './median.mjs';
import { residentMegabytes } from './resident-memory.mjs';
import { startStockedServer } from './stocked-server.mjs';

const CORES = availableParallelism();
const LICENSES = 10_000;
const HEAP_MIB = 256;
const TURN_SECONDS = 5;
const SAMPLE_MS = 1000;
const MOST_MIB = 300;
/** Of the median of the last tenth to that of the tenth in the middle: what is within it, the garbage collector explains. */
const MOST_GROWTH = 1.05;

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, json: { type: 'boolean' } },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error('--minutes is not a number above 0');
const folder = mkdtempSync(join(tmpdir(), 'aegis-memory-'));
/** @type {(() => unknown)[]} undone in reverse */
const cleanUps = [() => rmSync(folder, { recursive: true, force: true })];
try {
  const server = await startStockedServer({
    folder,
    licenses: LICENSES,
    cleanUps,
    variables: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
  });
  const keptApart = keepApart([server.pid], [server.postmaster]);
  const workloads = [...server.workloads, ...server.furtherWorkloads];
  /** @type {number[]} */
  const samples = [];
  const sampling = setInterval(() => samples.push(residentMegabytes(server.pid)), SAMPLE_MS);
  cleanUps.push(() => clearInterval(sampling));
  const endsAt = performance.now() + minutes * 60_000;
  const answered = new Map(workloads.map(({ name }) => [name, 0]));
  while (performance.now() < endsAt) {
    const turn = await measureInTurns(workloads, {
      connections: 64,
      warmUpSeconds: 1,
      rounds: 1,
      seconds: TURN_SECONDS,
    });
    for (const [name, load] of turn) answered.set(name, (answered.get(name) ?? 0) + load.answered);
    process.stderr.write(`${Math.round(samples.at(-1) ?? 0)} MiB\n`);
  }
  process.exitCode = report({ samples, answered, keptApart });
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}

/** @returns {number} exit code */
function report({ samples, answered, keptApart }) {
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const middle = median(samples.slice(4 * tenth, 5 * tenth));
  const end = median(samples.slice(-tenth));
  const result = {
    cores: CORES,
    load_average: loadavg()[0],
    kept_apart: keptApart,
    minutes,
    heap_mib_at_most: HEAP_MIB,
    answered: Object.fromEntries(answered),
    half_way_mib: middle,
    end_mib: end,
    most_mib: Math.max(...samples),
    growth: end / middle,
  };
  const met = middle < MOST_MIB && result.growth <= MOST_GROWTH;
  console.log(options.json ? JSON.stringify(result, null, 2) : result);
  console.log(
    `Wanted: half-way < ${MOST_MIB} MiB, from there to the end × ${MOST_GROWTH} at most: ${met ? 'met' : 'NOT MET'}`,
  );
  return met ? 0 : 1;
}
