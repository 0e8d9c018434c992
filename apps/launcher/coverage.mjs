import './node-version.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './preparation/prepare.mjs';

await prepare({ withTools: true });
process.chdir(root);
await import(pathToFileURL(join(root, 'test', 'coverage', 'coverage.mjs')).href);
