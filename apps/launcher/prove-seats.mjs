// `npm run prove:seats`: seats that cannot be oversold, in the long form: two servers, 64 clients, kill -9.
//   AEGIS_SEATS_SEED=<seed>   draws the random histories of a run again, whose output names its seed
import './node-version.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './preparation/prepare.mjs';

process.env.AEGIS_FAULTS ??= 'long';
await prepare({ withTools: true, withBuild: true });
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const config = join(root, 'test', 'faults', 'jest.config.cjs');
process.argv = [process.execPath, jest, '--config', config, 'test/faults/seats', ...process.argv.slice(2)];
process.chdir(root);
await import(pathToFileURL(jest).href);
