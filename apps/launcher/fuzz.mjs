/** `npm run fuzz -- --cases 50000 --seed 7`: the fuzzer of the tests, for as many cases as one has time for. */
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '50000' }, seed: { type: 'string' } },
});
for (const [name, value] of Object.entries(values))
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    console.error(`--${name} takes a whole number above 0`);
    process.exit(2);
  }
process.env.FUZZ_CASES = values.cases;
if (values.seed !== undefined) process.env.FUZZ_SEED = values.seed;
process.argv = [...process.argv.slice(0, 2), 'test/attacks/fuzz', '--maxWorkers=1'];
await import('./test.mjs');
