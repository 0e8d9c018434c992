// Reads a JSON array of rendered YAML from standard input, and answers what `deploy/kubernetes/check.mjs` finds in each: in one
// process, because loading the schemas takes most of the time.
import { readFileSync } from 'node:fs';
import { findingsOf } from '../../../deploy/kubernetes/check/findings.mjs';
import { readObjects } from '../../../deploy/kubernetes/check/render.mjs';

const texts = JSON.parse(readFileSync(0, 'utf8'));
const findings = [];
for (const text of texts) findings.push(await findingsOf(readObjects(text), text));
console.log(JSON.stringify(findings));
