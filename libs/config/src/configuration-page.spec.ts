import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage } from './configuration-page';
import { settings } from './setting';
import './environment';

const page = `${configurationPage()}\n`;

it('docs/configuration.md is what the settings generate', () => {
  if (readFileSync(join(__dirname, '../../../docs/configuration.md'), 'utf8') !== page)
    throw new Error('docs/configuration.md is outdated: run `npm run generate:settings`');
});

it('has a row for each setting', () => {
  const rows = [...page.matchAll(/^\| `([A-Z][A-Z0-9_]*)`/gm)].map(([, name]) => name);
  expect(rows).toEqual([...settings().keys()]);
  expect(rows.length).toBeGreaterThan(30);
});
