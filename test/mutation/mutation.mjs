// `npm run mutation`: plants each fault of areas.mjs in a copy of the sources and lists those that no test noticed.
//   -- --short        some 24 faults of areas drawn at random: what .ci/run does
//   -- --area <name>  the faults of one area
//   -- --record <file>  keeps each result there, a line of JSON each, and plants no fault again whose result is there
//                   and still holds: results.mjs. Continues a run that was ended.
//   -- --check        plants none: only looks whether each fault's text occurs exactly once in its file, and its suites exist
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isCompiled } from '../../apps/launcher/preparation/compilation.mjs';
import { AREAS } from './areas.mjs';
import { Bench } from './bench.mjs';
import { Results } from './results.mjs';

const TARGET = 0.85;
/** Of a short run: the tests of each area that is drawn must pass without a fault first, so few areas give more faults than many. */
const SHORT_FAULTS = 24;
const SHORT_STRIDE = 4;
/** So long after the first fault no further one is planted in a short run: machines differ, and so do suites. */
const SHORT_MS = 240_000;

const require = createRequire(import.meta.url);
require('../support/register-swc.cjs');
const startPostgres = require('../support/global-setup.ts').default;
const endPostgres = require('../support/global-teardown.ts').default;

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean' },
    area: { type: 'string' },
    record: { type: 'string' },
    check: { type: 'boolean' },
  },
});
const all = AREAS.flatMap(({ area, suites, faults }) => faults.map((fault) => ({ area, suites, ...fault })));
process.exitCode = stale(all) ? 2 : options.check ? 0 : await main(chosen(all, options));

async function main(faults) {
  if (faults.length === 0) return 2;
  // With the build the contract is served, which some suites read.
  await startPostgres(isCompiled(process.cwd()));
  const benches = Array.from({ length: Math.min(2, availableParallelism()) }, () => new Bench());
  try {
    const record = options.record === undefined ? undefined : new Results(options.record);
    const tried = faults.filter((fault) => record?.of(fault) !== undefined);
    const survivors = tried.filter((fault) => record?.of(fault) === true);
    const left = faults.filter((fault) => !tried.includes(fault));
    const areas = AREAS.filter(({ area }) => faults.some((fault) => fault.area === area));
    const unsound = [];
    let began;
    const isOver = () => options.short && began !== undefined && performance.now() - began > SHORT_MS;
    const plant = async (bench, fault) => {
      if (isOver()) return;
      began ??= performance.now();
      const { survived, noticedBy } = await bench.plant(fault);
      tried.push(fault);
      if (survived) survivors.push(fault);
      record?.add(fault, { survived, noticedBy });
      console.log(`${survived ? 'SURVIVED' : 'killed  '}  ${fault.area}: ${fault.name}`);
    };
    await spread(benches, largestFirst(areas, left), async (bench, { area, suites, own }) => {
      if (isOver()) return;
      if (!(await bench.isSound(suites))) return void unsound.push(area);
      for (const fault of own) await plant(bench, fault);
    });
    if (unsound.length > 0) {
      console.error(`Without a fault the tests of these areas do not pass: ${unsound.join(', ')}`);
      return 2;
    }
    if (tried.length < faults.length)
      console.log(`Not planted, for lack of time: ${faults.length - tried.length} of ${faults.length}`);
    return report(areas, tried, survivors);
  } finally {
    for (const bench of benches) bench.remove();
    await endPostgres();
  }
}

/** The areas that have faults left, with these; the largest first, so that no bench is left alone with one at the end. */
function largestFirst(areas, faults) {
  return areas
    .map((area) => ({ ...area, own: faults.filter((fault) => fault.area === area.area) }))
    .filter(({ own }) => own.length > 0)
    .sort((a, b) => b.own.length - a.own.length);
}

/** Whether a fault has lost its line: anyone who changes the line finds its faults a new one. */
function stale(faults) {
  const lost = faults.filter(
    ({ file, from }) => !existsSync(file) || readFileSync(file, 'utf8').split(from).length !== 2,
  );
  for (const { area, name, file } of lost)
    console.error(
      `The text of a fault does not occur exactly once in ${file}: ${area}: ${name}. Correct it in test/mutation/faults.`,
    );
  const suites = [...new Set(faults.flatMap((fault) => fault.suites))].filter((suite) => !existsSync(suite));
  for (const suite of suites) console.error(`A suite of test/mutation/faults does not exist: ${suite}`);
  return lost.length + suites.length > 0;
}

function chosen(faults, { short, area }) {
  const those = faults.filter((fault) => area === undefined || fault.area === area);
  return short ? drawn(those) : those;
}

/** Every fourth fault of an area, then of another, drawn at random, until there are enough. */
function drawn(faults) {
  const left = [...new Set(faults.map(({ area }) => area))];
  const taken = [];
  while (taken.length < SHORT_FAULTS && left.length > 0) {
    const [area] = left.splice(randomInt(left.length), 1);
    const first = randomInt(SHORT_STRIDE);
    const own = faults.filter((fault) => fault.area === area);
    taken.push(...own.filter((_, index) => index % SHORT_STRIDE === first));
  }
  return taken;
}

/** Spreads work over the benches, each doing one thing at a time. */
async function spread(benches, items, work) {
  const waiting = [...items];
  const results = [];
  await Promise.all(
    benches.map(async (bench) => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
        results.push(await work(bench, item));
    }),
  );
  return results;
}

/** @returns exit code: 1 when too many faults survived, or, where all are planted, one that has no reason to */
function report(areas, faults, survivors) {
  const share = (faults.length - survivors.length) / faults.length;
  console.log(
    `\n${faults.length - survivors.length} of ${faults.length} planted faults were noticed: ${(100 * share).toFixed(1)} %`,
  );
  const within = (list, area) => list.filter((fault) => fault.area === area).length;
  for (const { area } of areas)
    console.log(`  ${area}: ${within(faults, area) - within(survivors, area)} of ${within(faults, area)}`);
  const unexplained = survivors.filter(({ survives }) => survives === undefined);
  for (const { area, name } of unexplained)
    console.log(`No test notices, and nothing explains: ${area}: ${name}`);
  return share >= TARGET && (options.short || unexplained.length === 0) ? 0 : 1;
}
