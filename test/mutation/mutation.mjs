// `npm run mutation`: plants each fault of faults.mjs in a copy of the sources and tells which ones no test noticed.
//   -- --short        every eighth fault, beginning at a random one: what .ci/run does
//   -- --area <name>  the faults of one area
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Bench } from './bench.mjs';
import { AREAS, FAULTS } from './faults.mjs';

const TARGET = 0.85;
const SHORT_STRIDE = 8;

const require = createRequire(import.meta.url);
require('../support/register-swc.cjs');
const startPostgres = require('../support/global-setup.ts').default;
const endPostgres = require('../support/global-teardown.ts').default;
const root = process.cwd();

const { values: options } = parseArgs({
  options: { short: { type: 'boolean' }, area: { type: 'string' } },
});
process.exitCode = await main(chosenFaults(options));

async function main(faults) {
  const doubtful = faults.filter(
    ({ file, from }) => readFileSync(join(root, file), 'utf8').split(from).length !== 2,
  );
  for (const { area, name } of doubtful)
    console.error(`Its text does not stand once in the source: ${area}: ${name}`);
  if (doubtful.length > 0 || faults.length === 0) return 2;
  await startPostgres(false);
  try {
    const waiting = [...faults];
    const survivors = [];
    const areas = [...new Set(faults.map(({ area }) => area))];
    console.log(`Without a fault the tests of ${areas.join(', ')} must pass …`);
    const benches = Array.from({ length: Math.min(2, availableParallelism()) }, () => new Bench());
    try {
      const sound = await Promise.all(share(areas, benches, (bench, area) => bench.passes(AREAS[area])));
      if (sound.flat().includes(false)) return 2;
      await Promise.all(
        benches.map(async (bench) => {
          for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) {
            const survived = await bench.survives(fault);
            if (survived) survivors.push(fault);
            console.log(`${survived ? 'SURVIVED' : 'killed  '}  ${fault.area}: ${fault.name}`);
          }
        }),
      );
    } finally {
      for (const bench of benches) bench.remove();
    }
    const killed = faults.length - survivors.length;
    console.log(
      `\n${killed} of ${faults.length} planted faults were noticed: ${((100 * killed) / faults.length).toFixed(1)} %`,
    );
    for (const area of areas) {
      const [all, left] = [faults, survivors].map(
        (list) => list.filter((fault) => fault.area === area).length,
      );
      console.log(`  ${area}: ${all - left} of ${all}`);
    }
    return killed / faults.length >= TARGET ? 0 : 1;
  } finally {
    await endPostgres();
  }
}

function chosenFaults({ short, area }) {
  const faults = FAULTS.filter((fault) => area === undefined || fault.area === area);
  if (!short) return faults;
  const first = randomInt(SHORT_STRIDE);
  console.log(`Every ${SHORT_STRIDE}th fault from the ${first + 1}. on.`);
  return faults.filter((_, index) => index % SHORT_STRIDE === first);
}

/** Spreads work over the benches, each doing one thing at a time. */
function share(items, benches, work) {
  const waiting = [...items];
  return benches.map(async (bench) => {
    const results = [];
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
      results.push(await work(bench, item));
    return results;
  });
}
