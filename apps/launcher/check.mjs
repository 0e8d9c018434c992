// `npm run check`: what is quick to check before a commit. The whole is `.ci/run`.
import './node-version.mjs';
import { spawnSync } from 'node:child_process';
import { changedFiles } from './changed-files.mjs';
import { prepare, root } from './preparation/prepare.mjs';

/** What is checked of a page or a route without running the whole suite. */
const QUICK_TESTS = [
  'test/contract/openapi.spec.ts',
  'test/contract/routes.spec.ts',
  'test/docs-names.spec.ts',
  'test/docs-tables.spec.ts',
  'test/pages.spec.ts',
  'libs/config/src/configuration-page.spec.ts',
  'libs/config/src/describe-settings.spec.ts',
  'libs/config/src/load-environment.spec.ts',
];

await prepare({ withTools: true });
process.chdir(root);

const changed = changedFilesOrEnd();
const code = changed.filter((name) => /\.(ts|tsx|mjs|cjs)$/.test(name));
step('types', 'npm', ['run', '-s', 'typecheck']);
if (code.length > 0)
  step(`lint of ${code.length} changed files (npm run lint:fix repairs most problems)`, 'npx', [
    'eslint',
    ...code,
  ]);
if (changed.length > 0) step('format', 'npx', ['prettier', '--check', '--ignore-unknown', ...changed]);
step('plain English', 'node', ['.ci/plain-english.mjs']);
step('architecture', 'npm', ['run', '-s', 'architecture']);
step('planted faults have their text', 'npm', ['run', '-s', 'mutation', '--', '--check']);
step('contract and docs', 'npm', ['test', '-s', '--', ...QUICK_TESTS]);

/** @returns {string[]} */
function changedFilesOrEnd() {
  try {
    return changedFiles();
  } catch (error) {
    console.error(`\nWhat changed is unknown, so that it cannot be checked: ${error.message}`);
    process.exit(1);
  }
}

function step(name, command, args) {
  const began = Date.now();
  console.log(`== ${name}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  console.log(`== took ${Math.round((Date.now() - began) / 1000)} s`);
  if (status !== 0) {
    console.error(`\nThis check failed: ${name}`);
    process.exit(1);
  }
}
