// `npm run generate:settings`: writes .env.example and docs/configuration.md from the settings that the code knows.
import './node-version.mjs';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { prepare, root } from './preparation/prepare.mjs';

await prepare();
const load = createRequire(import.meta.url);
// The settings register themselves when their class is loaded.
load(join(root, 'dist/libs/config/src/environment'));
const { describeSettings } = load(join(root, 'dist/libs/config/src/describe-settings'));
const { configurationPage } = load(join(root, 'dist/libs/config/src/configuration-page'));
writeFileSync(join(root, '.env.example'), `${describeSettings('dotenv')}\n`);
writeFileSync(join(root, 'docs', 'configuration.md'), `${configurationPage()}\n`);
