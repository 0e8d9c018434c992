import './node-version.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';

await prepare({ withTools: true });
// `--system` selects the system tests; everything else is Jest's.
const given = process.argv.slice(2);
const selection = given.includes('--system')
  ? ['--config', join(root, 'jest.system.config.cjs'), '--passWithNoTests']
  : ['--config', join(root, 'jest.config.cjs')];
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
process.argv = [process.execPath, jest, ...selection, ...given.filter((argument) => argument !== '--system')];
process.chdir(root);
await import(pathToFileURL(jest).href);
