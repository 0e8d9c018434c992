import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeSettings } from './describe-settings';
import { loadEnvironment } from './load-environment';
import { parseDotEnv } from './sources/dot-env';

const example = `${describeSettings('dotenv')}\n`;
const source = [
  'environment.ts',
  'database-limits.ts',
  'audit-settings.ts',
  'webhooks/webhook-settings.ts',
  'events/event-settings.ts',
  'http-limits.ts',
  'rate-limit-settings.ts',
  'signers/signer-settings.ts',
  'tracing/tracing-settings.ts',
]
  .map((file) => readFileSync(join(__dirname, file), 'utf8'))
  .join('');
const settings = [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]*)[!?]: /gm)].map(([, name]) => name!);

it('.env.example is what the settings generate', () => {
  // A diff of the page would not say what to do.
  if (readFileSync(join(__dirname, '../../../.env.example'), 'utf8') !== example)
    throw new Error('.env.example is outdated: run `npm run generate:settings`');
});

it('names exactly the settings of the class, in .env.example and in the table', () => {
  expect(settings.length).toBeGreaterThan(30);
  const named = [...example.matchAll(/^# ([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name!);
  expect(named).toEqual(settings);
  const rows = [...describeSettings('markdown').matchAll(/^\| `([A-Z][A-Z0-9_]*)`/gm)].map(
    ([, name]) => name!,
  );
  expect(rows).toEqual(settings);
});

it('.env.example sets nothing while everything is a comment', () => {
  expect(parseDotEnv(Buffer.from(example))).toEqual({ variables: {}, problems: [] });
});

it('.env.example sets the defaults when every line is uncommented', () => {
  const variables = parseDotEnv(Buffer.from(example.replace(/^# ([A-Z][A-Z0-9_]*=)/gm, '$1'))).variables;
  expect(Object.keys(variables).sort()).toEqual([...settings].sort());
  const DATA_DIR = variables.DATA_DIR!;
  expect(DATA_DIR).toBe('.data');
  const secrets = {
    KEY_PASSPHRASE: 'a'.repeat(32),
    SECRETS_KEY: `v1:${'b'.repeat(32)}`,
    API_KEY_PEPPERS: `v1:${'c'.repeat(32)}`,
  };
  expect(loadEnvironment({ ...variables, ...secrets })).toEqual(loadEnvironment(secrets));
});

it('the table shows defaults, what production requires, and which settings can come from a file', () => {
  expect(example).toContain(
    '\n# Address to listen on.\n# Default in production: 0.0.0.0.\n# HOST=127.0.0.1\n',
  );
  expect(example).toMatch(
    /\n# Unset: made\. Production: required\. Secret: or API_KEY_PEPPERS_FILE\.\n# API_KEY_PEPPERS=\n/,
  );
  expect(describeSettings('markdown')).toContain(
    '\n| `LOG_FORMAT` | `text` (production: `json`) |  | text or json. |\n',
  );
  expect(describeSettings('markdown')).toMatch(
    /\n\| `KEY_PASSPHRASE`, `KEY_PASSPHRASE_FILE` \| made \| required /,
  );
});
