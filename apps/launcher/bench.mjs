import './node-version.mjs';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { prepare, root } from './preparation/prepare.mjs';

/** `npm run bench`, `npm run bench:<name>` and `npm run bench -- --against`: the first argument decides. */
const BENCHMARKS = new Map([
  ['speed', 'bench.mjs'],
  ['lists', 'lists.mjs'],
  ['timing', 'timing.mjs'],
  ['checkpoints', 'checkpoints.mjs'],
  ['resign', 'resign.mjs'],
  ['status-lists', 'status-lists.mjs'],
  ['signers', 'signers.mjs'],
  ['notices', 'notices.mjs'],
  ['traces', 'traces/bench.mjs'],
  ['webhooks', 'webhooks/bench.mjs'],
  ['clients', 'clients/bench.mjs'],
  ['scale', 'scale.mjs'],
  ['overload', 'overload.mjs'],
  ['memory', 'memory.mjs'],
  ['--against', 'against.mjs'],
]);

await prepare({ withTools: true });
const named = BENCHMARKS.get(process.argv[2] ?? '');
if (named !== undefined && named !== 'against.mjs') process.argv.splice(2, 1);
const main = join(root, 'test', 'load', named ?? 'bench.mjs');
process.argv[1] = main;
await import(pathToFileURL(main).href);
