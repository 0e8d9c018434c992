import './node-version.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './preparation/prepare.mjs';
import { installSystemPackages } from './system-packages.mjs';

// `--system` selects the system tests; everything else is Jest's.
const given = process.argv.slice(2);
const isSystem = given.includes('--system');
// Other tests that need the build make it in their set-up.
await prepare({ withTools: true, withBuild: isSystem });
if (isSystem) {
  const missing = installSystemPackages();
  // What needs them says so, and is skipped; under CI=true it fails.
  if (missing !== undefined) console.error(missing);
}
const selection = isSystem
  ? ['--config', join(root, 'jest.system.config.cjs'), '--passWithNoTests']
  : ['--config', join(root, 'jest.config.cjs')];
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
process.argv = [process.execPath, jest, ...selection, ...given.filter((argument) => argument !== '--system')];
process.chdir(root);
await import(pathToFileURL(jest).href);
