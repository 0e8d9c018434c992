// `node deploy/kubernetes/check.mjs <overlay>…`: holds what the overlays render against everything that can be known before
// it is applied. Names each mistake, and ends with 1 if there is any. `-` reads rendered objects from standard input.
// Overlays that belong together are given together: the connections of the servers are counted against the database's.
import { readFileSync } from 'node:fs';
import { findingsOf } from './check/findings.mjs';
import { readObjects, render } from './check/render.mjs';

const overlays = process.argv.slice(2);
if (overlays.length === 0) {
  console.error('usage: node deploy/kubernetes/check.mjs <overlay>…');
  process.exit(2);
}

let text;
let objects;
try {
  text = overlays
    .map((overlay) => (overlay === '-' ? readFileSync(0, 'utf8') : render(overlay)))
    .join('\n---\n');
  objects = readObjects(text);
} catch (error) {
  console.error(String(error instanceof Error ? error.message : error));
  process.exit(2);
}
const findings = await findingsOf(objects, text);
for (const finding of findings) console.log(finding);
console.error(`${objects.length} object(s), ${findings.length} finding(s)`);
process.exitCode = findings.length === 0 ? 0 : 1;
