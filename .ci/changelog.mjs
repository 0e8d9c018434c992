// Part of `npm run release`: what CHANGELOG.md has under "Unreleased" becomes the new version's.
import { readFileSync, writeFileSync } from 'node:fs';

const HEADING = '## Unreleased\n';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const text = readFileSync('CHANGELOG.md', 'utf8');
const [before, changes, ...more] = text.split(HEADING);
if (changes === undefined || more.length > 0 || changes.split(/^## /m)[0].trim() === '') {
  console.error(`CHANGELOG.md must have one "${HEADING.trim()}" with changes below it.`);
  process.exit(1);
}
const today = new Date().toISOString().slice(0, 10);
writeFileSync('CHANGELOG.md', `${before}${HEADING}\n## ${version} – ${today}\n${changes}`);
