// Signs what source/ describes and writes the files of vectors. It computes no answer: those are typed by hand.
// `npm run generate:vectors`; with `--check` it writes nothing, and fails where a file would change.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const here = import.meta.dirname;
const SUBJECTS = [
  'codes',
  'boundaries',
  'hostile',
  'parsing',
  'signatures',
  'status-lists',
  'guard',
  'keys-and-rotation',
  'key-sets',
  'activations',
  'grace',
  'entitlements',
];

const check = process.argv.includes('--check');
const ids = new Set();
const wrong = [];
for (const subject of SUBJECTS) {
  const { default: vectors } = await import(`./source/${subject}.mjs`);
  for (const { id } of vectors) {
    if (ids.has(id)) throw new Error(`two vectors are called ${id}`);
    ids.add(id);
  }
  const file = join(here, `${subject}.json`);
  const json = JSON.stringify({ $schema: 'vector.schema.json', vectors });
  const text = inAscii(await format(json, { ...(await resolveConfig(file)), parser: 'json' }));
  if (!check) writeFileSync(file, text);
  else if (read(file) !== text) wrong.push(`${subject}.json is not what source/${subject}.mjs says`);
}
for (const name of readdirSync(here).filter((one) => one.endsWith('.json') && one !== 'vector.schema.json'))
  if (!SUBJECTS.includes(name.replace('.json', ''))) wrong.push(`${name} has no source`);
for (const line of wrong) console.error(line);
if (wrong.length > 0) process.exitCode = 1;
else console.log(`${ids.size} vectors`);

/** Characters that an editor would not show, or change. */
function inAscii(text) {
  return text.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
