// `npm run notices [-- <file>]`: names, versions, licenses and license texts of what the server is made of in production.
// Fails where a package has a license that is not on the list below.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Licenses that allow to ship the package with a product whose source is closed (SPDX). */
const ACCEPTED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
]);
const TEXT_FILE = /^(licen[cs]e|copying|notice)(\.|-|$)/i;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const target = resolve(process.argv[2] ?? 'third-party-notices.txt');
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const installed = Object.entries(packages)
  .filter(([path, { dev }]) => path !== '' && dev !== true && existsSync(join(root, path, 'package.json')))
  .map(([path]) => noticeOf(join(root, path)))
  .sort((a, b) => (a.title < b.title ? -1 : 1));

const refused = installed.filter(({ license }) => !isAccepted(license));
for (const { title, license } of refused)
  console.error(`${title} has the license ${license}, which is not accepted.`);
const sections = new Map(
  installed.map(({ title, license, texts }) => [title, [`${title}\nLicense: ${license}`, ...texts]]),
);
writeFileSync(
  target,
  [...sections.values()].map((parts) => parts.join('\n\n')).join(`\n\n${'-'.repeat(80)}\n\n`),
);
console.log(`${target}: ${sections.size} packages`);
process.exitCode = refused.length > 0 ? 1 : 0;

/** @param {string} folder of a package */
function noticeOf(folder) {
  const described = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { name, version } = described;
  // Old packages have a list of licenses.
  const license = described.license ?? (described.licenses ?? []).map(({ type }) => type).join(' OR ');
  const texts = readdirSync(folder)
    .filter((file) => TEXT_FILE.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { title: `${name} ${version}`, license, texts };
}

/** @param {string} license SPDX expression of names joined by OR */
function isAccepted(license) {
  return license
    .replace(/^\(|\)$/g, '')
    .split(' OR ')
    .some((name) => ACCEPTED.has(name));
}
