import type { Environment } from '../environment';
import { isLoopback } from '../urls/loopback';

type Name = keyof Environment;

/** What each signer can't do without. */
const REQUIRED: Readonly<Record<Environment['SIGNER'], readonly Name[]>> = {
  pem: [],
  vault: ['VAULT_ADDR', 'VAULT_KEYS'],
  'aws-kms': ['AWS_REGION', 'AWS_KMS_KEYS'],
  pkcs11: ['PKCS11_MODULE', 'PKCS11_TOKEN', 'PKCS11_PIN'],
};

const REQUIRED_TO_LOG_IN: Readonly<Record<Environment['VAULT_AUTH'], readonly Name[]>> = {
  token: ['VAULT_TOKEN'],
  approle: ['VAULT_ROLE_ID', 'VAULT_SECRET_ID'],
  kubernetes: ['VAULT_ROLE'],
};

const SERVICE_URLS = [
  'VAULT_ADDR',
  'AWS_KMS_ENDPOINT',
  'AZURE_KEY_VAULT_KEY',
  'AZURE_AUTHORITY_HOST',
] as const;

/**
 * What the chosen signer needs, in development as well.
 * @param isSound whether a setting is set and keeps the rules on its value
 * @returns one line a refusal, each naming the variable; empty when all is there
 */
export function signerProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  const { SIGNER: signer, VAULT_AUTH: auth } = environment;
  const missing = (names: readonly Name[], why: string): string[] =>
    names.filter((name) => environment[name] === undefined).map((name) => `${name}: required with ${why}`);
  // A value that is not one of those is reported by its own rule.
  return [
    ...missing(Object.hasOwn(REQUIRED, signer) ? REQUIRED[signer] : [], `SIGNER=${signer}`),
    ...(signer === 'vault' && Object.hasOwn(REQUIRED_TO_LOG_IN, auth)
      ? missing(REQUIRED_TO_LOG_IN[auth], `VAULT_AUTH=${auth}`)
      : []),
    ...wrappingProblems(isSound, missing),
  ];
}

function wrappingProblems(
  isSound: (name: Name) => boolean,
  missing: (names: readonly Name[], why: string) => string[],
): string[] {
  const needs = (name: Name, ...names: readonly Name[]): string[] =>
    isSound(name) ? missing(names, name) : [];
  return [
    ...needs('KEY_PASSPHRASE_WRAPPED', 'AZURE_KEY_VAULT_KEY'),
    ...needs('AZURE_KEY_VAULT_KEY', 'KEY_PASSPHRASE_WRAPPED'),
    ...needs('AZURE_CLIENT_SECRET', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID'),
    ...needs('AZURE_FEDERATED_TOKEN_FILE', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID'),
    ...(isSound('KEY_PASSPHRASE_WRAPPED') && isSound('KEY_PASSPHRASE')
      ? ['KEY_PASSPHRASE: set it or KEY_PASSPHRASE_WRAPPED, not both']
      : []),
  ];
}

/**
 * What ENVIRONMENT=production demands of the signers' addresses.
 * @param isSound whether a setting is set and keeps the rules on its value
 */
export function signerTlsProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  return SERVICE_URLS.filter((name) => {
    const value = environment[name];
    if (value === undefined || !isSound(name)) return false;
    const url = new URL(value);
    return url.protocol !== 'https:' && !isLoopback(url.hostname);
  }).map((name) => `${name}: use https: except on loopback, TLS must be verified`);
}
