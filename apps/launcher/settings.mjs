// `npm run generate:settings`: writes .env.example and docs/configuration.md from the settings that the code knows.
import './node-version.mjs';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

await prepare();
const { describeSettings, configurationPage } = createRequire(import.meta.url)(
  join(root, 'dist/libs/config/src'),
);
writeFileSync(join(root, '.env.example'), `${describeSettings('dotenv')}\n`);
writeFileSync(join(root, 'docs', 'configuration.md'), `${configurationPage()}\n`);
