import './node-version.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './preparation/prepare.mjs';
import { installSystemPackages } from './system-packages.mjs';

// `--system` selects the system tests, `--faults` those that hurt the server, `--long` those that are not in CI;
// everything else is Jest's.
const CONFIGURATIONS = {
  system: 'jest.system.config.cjs',
  faults: join('test', 'faults', 'jest.config.cjs'),
  long: 'jest.long.config.cjs',
};
const given = process.argv.slice(2);
const kind = Object.keys(CONFIGURATIONS).find((name) => given.includes(`--${name}`));
// Other tests that need the build make it in their set-up.
await prepare({ withTools: true, withBuild: kind !== undefined });
if (kind !== undefined) {
  const missing = installSystemPackages();
  // What needs them says so, and is skipped; under CI=true it fails.
  if (missing !== undefined) console.error(missing);
}
const selection =
  kind === undefined
    ? ['--config', join(root, 'jest.config.cjs')]
    : ['--config', join(root, CONFIGURATIONS[kind]), '--passWithNoTests'];
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
process.argv = [
  process.execPath,
  jest,
  ...selection,
  ...given.filter((argument) => argument !== `--${kind}`),
];
process.chdir(root);
await import(pathToFileURL(jest).href);
