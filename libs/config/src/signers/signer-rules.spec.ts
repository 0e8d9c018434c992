import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEnvironment } from '../load-environment';
import { readSignerKeys, readTransitKeys } from './signer-keys';

const WRAPPED = 'A'.repeat(342);
const KEY = `keys/passphrase/${'0'.repeat(32)}`;
const folder = mkdtempSync(join(tmpdir(), 'aegis-signer-rules-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function problems(variables: Record<string, string>): string[] {
  try {
    loadEnvironment({ DATA_DIR: folder, ...variables });
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

const vault = { SIGNER: 'vault', VAULT_ADDR: 'https://vault.acme.test:8200', VAULT_KEYS: 'aegis' };
const kms = { SIGNER: 'aws-kms', AWS_REGION: 'eu-central-1', AWS_KMS_KEYS: `k1=mrk-${'0'.repeat(32)}` };
const pkcs11 = {
  SIGNER: 'pkcs11',
  PKCS11_MODULE: '/usr/lib/x.so',
  PKCS11_TOKEN: 'aegis',
  PKCS11_PIN: '1234',
};
const azure = { KEY_PASSPHRASE_WRAPPED: WRAPPED, AZURE_KEY_VAULT_KEY: `https://v.vault.azure.net/${KEY}` };
const sound: Record<string, Record<string, string>> = {
  'Vault by token': { ...vault, VAULT_TOKEN: 's.x' },
  'Vault by AppRole': { ...vault, VAULT_AUTH: 'approle', VAULT_ROLE_ID: 'r', VAULT_SECRET_ID: 's' },
  'Vault by Kubernetes': { ...vault, VAULT_AUTH: 'kubernetes', VAULT_ROLE: 'aegis' },
  'AWS KMS': kms,
  'PKCS#11': pkcs11,
  'Azure by managed identity': azure,
  'Azure by secret': { ...azure, AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' },
  'Azure by workload identity': {
    ...azure,
    AZURE_TENANT_ID: 't',
    AZURE_CLIENT_ID: 'c',
    AZURE_FEDERATED_TOKEN_FILE: '/token',
  },
};
const production = {
  ENVIRONMENT: 'production',
  PUBLIC_URL: 'https://licenses.acme.test',
  LICENSE_ISSUER: 'https://issuer.acme.test',
  DATABASE_URL: 'postgres://app@127.0.0.1/aegis',
  API_KEY_PEPPERS: `v1:${'0123456789abcdef'.repeat(2)}`,
};

it.each(Object.keys(sound))('takes sound settings for %s, in production without a passphrase', (name) => {
  expect(problems(sound[name]!)).toEqual([]);
  expect(problems({ ...production, ...sound[name] })).toEqual([]);
});

const needed = Object.entries(sound).flatMap(([name, variables]) =>
  Object.keys(variables)
    // Without these another choice is meant.
    .filter((variable) => !['SIGNER', 'VAULT_AUTH'].includes(variable))
    .filter((variable) => !/^AZURE_(CLIENT_SECRET|FEDERATED_TOKEN_FILE)$/.test(variable))
    .map((variable) => [name, variable] as const),
);

it.each(needed)('refuses %s without %s, in development too', (name, variable) => {
  const { [variable]: _, ...rest } = sound[name]!;
  const refused = problems(rest);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatch(new RegExp(`^${variable}: required with [A-Z_]+(=[a-z0-9-]+)?$`));
});

it('does not make a passphrase in development where a wrapped one is set, and refuses both', () => {
  expect(loadEnvironment({ DATA_DIR: folder, ...azure }).KEY_PASSPHRASE).toBeUndefined();
  expect(problems({ ...azure, KEY_PASSPHRASE: 'a passphrase that is set too' })).toEqual([
    'KEY_PASSPHRASE: set it or KEY_PASSPHRASE_WRAPPED, not both',
  ]);
});

it.each([
  ['VAULT_ADDR', { ...sound['Vault by token'], VAULT_ADDR: 'http://vault.acme.test:8200' }],
  ['AWS_KMS_ENDPOINT', { ...kms, AWS_KMS_ENDPOINT: 'http://kms.acme.test' }],
  ['AZURE_KEY_VAULT_KEY', { ...azure, AZURE_KEY_VAULT_KEY: `http://v.vault.azure.net/${KEY}` }],
  ['AZURE_AUTHORITY_HOST', { ...azure, AZURE_AUTHORITY_HOST: 'http://login.acme.test' }],
])('production refuses %s beyond loopback without TLS', (name, variables) => {
  expect(problems({ ...production, ...variables })).toEqual([
    `${name}: use https: except on loopback, TLS must be verified`,
  ]);
  const local = Object.fromEntries(
    Object.entries(variables).map(([variable, value]) => [
      variable,
      variable === name ? value.replace(/^http:\/\/[^/]+/, 'http://127.0.0.1:8200') : value,
    ]),
  );
  expect(problems({ ...production, ...local })).toEqual([]);
});

it('reads which key signs under which kid', () => {
  expect(readSignerKeys(['k1=arn:aws:kms:eu-central-1:123456789012:key/x'])).toEqual([
    { kid: 'k1', key: 'arn:aws:kms:eu-central-1:123456789012:key/x' },
  ]);
  expect(readTransitKeys(['aegis', '2026-11-a=aegis:12'])).toEqual([
    { name: 'aegis' },
    { name: 'aegis', pinned: { kid: '2026-11-a', version: 12 } },
  ]);
});
