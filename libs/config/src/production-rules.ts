import type { Environment } from './environment';
import { isLoopback, isSocketHost } from './urls/loopback';
import { signerTlsProblems } from './signers/signer-rules';

const PLACEHOLDER = /change[-_ ]?me|changeit|placeholder|example|password|passphrase|default|your[-_ ]/i;
const MIN_PASSPHRASE = 16;

function roleOf(databaseUrl: string): string {
  return decodeURIComponent(new URL(databaseUrl).username);
}

/**
 * What production demands of a database's URL; one line a refusal.
 * @param value in canonical form
 */
export function databaseProblems(name: string, value: string): string[] {
  const url = new URL(value);
  const mode = url.searchParams.get('sslmode');
  const problems = [];
  const isLocal = isLoopback(url.hostname) || isSocketHost(url.hostname);
  if (!isLocal && mode !== 'verify-full')
    problems.push(
      `${name}: add ?sslmode=verify-full (and sslrootcert=<file> for a CA of your own): except on loopback, TLS must be verified`,
    );
  if (url.password === '' && !isLocal) problems.push(`${name}: give the role a password`);
  return problems;
}

/** What to do about a passphrase that is too weak for production, or undefined when it is strong enough. */
export function weakPassphrase(passphrase: string): string | undefined {
  if (passphrase.length < MIN_PASSPHRASE)
    return `use ${MIN_PASSPHRASE} characters or more (openssl rand -base64 32)`;
  return PLACEHOLDER.test(passphrase) ? 'replace the placeholder with your own secret' : undefined;
}

type Name = keyof Environment;

/**
 * What ENVIRONMENT=production demands beyond valid values.
 * @param isSound whether a setting is set and keeps the rules on its value; for others, only missing values are
 *   reported
 * @returns one line a refusal, each naming the variable and what to do; empty when safe
 */
export function productionProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  return [
    ...databasesProblems(environment, isSound),
    ...redisProblems(environment, isSound),
    ...publicUrlProblems(environment, isSound),
    ...signerTlsProblems(environment, isSound),
    ...secretsProblems(environment, isSound),
  ];
}

function databasesProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  const { DATABASE_URL: url, MIGRATION_DATABASE_URL: migrationUrl } = environment;
  const problems: string[] = [];
  if (url === undefined)
    problems.push(
      'DATABASE_URL: required in production: the embedded PostgreSQL is for development and tests only',
    );
  else if (isSound('DATABASE_URL')) problems.push(...databaseProblems('DATABASE_URL', url));
  if (migrationUrl === undefined) {
    if (environment.MIGRATE_ON_START)
      problems.push(
        'MIGRATION_DATABASE_URL: required with MIGRATE_ON_START=true; or run `aegis migrate up` before the start',
      );
  } else if (isSound('MIGRATION_DATABASE_URL')) {
    problems.push(...databaseProblems('MIGRATION_DATABASE_URL', migrationUrl));
    if (url !== undefined && isSound('DATABASE_URL') && roleOf(url) === roleOf(migrationUrl))
      problems.push(
        'MIGRATION_DATABASE_URL: name another role than DATABASE_URL: the server must not own the tables it writes to',
      );
  }
  if (isSound('DATABASE_REPLICA_URLS')) problems.push(...replicaProblems(environment, isSound));
  for (const name of ['ADMIN_DATABASE_URL', 'V08_DATABASE_URL'] as const) {
    const value = environment[name];
    if (value !== undefined && isSound(name)) problems.push(...databaseProblems(name, value));
  }
  return problems;
}

function replicaProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  const { DATABASE_REPLICA_URLS: urls = [], MIGRATION_DATABASE_URL: migrationUrl } = environment;
  const owner =
    migrationUrl !== undefined && isSound('MIGRATION_DATABASE_URL') ? roleOf(migrationUrl) : undefined;
  const problems = urls.flatMap((url) => [
    ...databaseProblems('DATABASE_REPLICA_URLS', url),
    ...(roleOf(url) === owner
      ? ['DATABASE_REPLICA_URLS: name the role of DATABASE_URL, not that of MIGRATION_DATABASE_URL']
      : []),
  ]);
  return [...new Set(problems)];
}

function redisProblems({ REDIS_URL: value }: Environment, isSound: (name: Name) => boolean): string[] {
  if (value === undefined || !isSound('REDIS_URL')) return [];
  const url = new URL(value);
  if (isLoopback(url.hostname)) return [];
  const problems = [];
  if (url.protocol !== 'rediss:')
    problems.push('REDIS_URL: use rediss: except on loopback, TLS must be verified');
  if (url.password === '')
    problems.push('REDIS_URL: add a password: anyone who can reach Redis could remove the limits');
  return problems;
}

function publicUrlProblems({ PUBLIC_URL }: Environment, isSound: (name: Name) => boolean): string[] {
  if (!isSound('PUBLIC_URL')) return [];
  const url = new URL(PUBLIC_URL);
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return [];
  return ['PUBLIC_URL: use https: it is written into every token'];
}

function secretsProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  const { KEY_PASSPHRASE: passphrase, API_KEY_PEPPERS: peppers, SECRETS_KEY: secretsKeys = [] } = environment;
  const problems: string[] = [];
  const weakness = passphrase === undefined ? undefined : weakPassphrase(passphrase);
  const needsPassphrase = environment.SIGNER === 'pem' && environment.KEY_PASSPHRASE_WRAPPED === undefined;
  if (passphrase === undefined && needsPassphrase)
    problems.push('KEY_PASSPHRASE: required in production (or KEY_PASSPHRASE_FILE)');
  if (weakness !== undefined) problems.push(`KEY_PASSPHRASE: ${weakness}`);
  if (isSound('API_KEY_PEPPERS') && peppers.some((pepper) => PLACEHOLDER.test(pepper)))
    problems.push('API_KEY_PEPPERS: replace the placeholder with your own secret');
  if (isSound('SECRETS_KEY') && secretsKeys.some((secretsKey) => PLACEHOLDER.test(secretsKey)))
    problems.push('SECRETS_KEY: replace the placeholder with your own secret');
  return problems;
}
