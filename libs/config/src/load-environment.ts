import { ConfigurationError } from '@aegis/errors';
import { validateSync } from 'class-validator';
import { resolve } from 'node:path';
import { certificateProblems } from './certificate-files';
import { developmentSecret, existingDevelopmentSecret } from './development-secrets';
import { Environment } from './environment';
import { productionProblems } from './production-rules';
import { runtimeProblems } from './runtime-rules';
import { serviceLinkProblem } from './urls/service-links';
import { settings } from './setting';
import { signerProblems } from './signers/signer-rules';
import { tracingProblems } from './tracing/tracing-rules';
import { parseSettingText, defaultOf, settingText } from './setting-text';
import {
  assertDotEnvIsClosed,
  describeSources,
  effectiveVariables,
  readSources,
  type SettingSources,
  type Sources,
  type Variables,
} from './sources/setting-sources';

const sources = new WeakMap<Environment, SettingSources>();

/** While settings are being read, even those that are always there afterwards may be missing. */
function isSet(environment: Environment, name: keyof Environment): boolean {
  return environment[name] !== undefined;
}

/** @param secretOf reads a secret in DATA_DIR, or makes it; returns undefined if it must exist and does not */
function useDevelopmentSecrets(
  environment: Environment,
  secretOf: (dataDir: string, name: string) => string | undefined,
): void {
  const { DATA_DIR: dataDir } = environment;
  if (environment.KEY_PASSPHRASE_WRAPPED === undefined)
    environment.KEY_PASSPHRASE ??= secretOf(dataDir, 'key-passphrase');
  environment.SECRETS_KEY ??= firstVersion(secretOf(dataDir, 'secrets-key'));
  if (isSet(environment, 'API_KEY_PEPPERS')) return;
  const peppers = firstVersion(secretOf(dataDir, 'api-key-pepper'));
  if (peppers !== undefined) environment.API_KEY_PEPPERS = peppers;
}

function firstVersion(secret: string | undefined): string[] | undefined {
  return secret === undefined ? undefined : [`v1:${secret}`];
}

/** Sets every setting that is given or has a default; returns what was given wrongly. */
function assign(environment: Environment, variables: Variables): string[] {
  const problems: string[] = [];
  const production = variables.ENVIRONMENT === 'production';
  for (const [name, spec] of settings()) {
    const text = settingText(name, spec, variables, problems) ?? defaultOf(spec, production);
    if (text === undefined) continue;
    const problem = serviceLinkProblem(name, text);
    if (problem !== undefined) problems.push(problem);
    Reflect.set(environment, name, parseSettingText(text, spec));
  }
  environment.KEYS_DIR = resolve(environment.KEYS_DIR);
  environment.DATA_DIR = resolve(environment.DATA_DIR);
  if (production && !isSet(environment, 'PUBLIC_URL'))
    problems.push('PUBLIC_URL: required in production: it is written into every token');
  if (production && !isSet(environment, 'LICENSE_ISSUER'))
    problems.push(
      'LICENSE_ISSUER: required in production: it is written into every token. Licenses that were issued without it carry https://license.biz4a.com',
    );
  return problems;
}

/** If the client gave up first, the database would continue with work that nobody waits for. */
function deadlineProblems({ DB_DEADLINE_MS, DB_STATEMENT_TIMEOUT_MS }: Environment): string[] {
  if (DB_DEADLINE_MS === undefined || DB_DEADLINE_MS > DB_STATEMENT_TIMEOUT_MS) return [];
  return ['DB_DEADLINE_MS: must be more than DB_STATEMENT_TIMEOUT_MS'];
}

/** Whether a setting was given at all, itself or by its file. */
function isGiven(name: string, variables: Variables): boolean {
  return [name, `${name}_FILE`].some((variable) => (variables[variable] ?? '') !== '');
}

function brokenRules(environment: Environment): string[] {
  return validateSync(environment, { skipMissingProperties: false })
    .filter(({ property }) => !isMade(property, environment))
    .map(({ property, constraints }) => {
      const rules = Object.values(constraints ?? {}).map((text) =>
        text.replace(new RegExp(`^${property} `), ''),
      );
      return `${property}: ${rules.join('; ')}${exampleOf(property)}`;
    });
}

/** Shows how the value of a setting is written, behind the rule that it broke. */
function exampleOf(name: string): string {
  const spec = settings().get(name);
  const value = spec && (spec.example ?? defaultOf(spec, false));
  return value === undefined ? '' : ` (example: ${name}=${value})`;
}

/** Settings that are made or derived if they are not given: they can't be wrong. */
function isMade(name: string, environment: Environment): boolean {
  if (name === 'PUBLIC_URL' || name === 'LICENSE_ISSUER') return !isSet(environment, name);
  return name === 'API_KEY_PEPPERS' && !environment.isProduction && !isSet(environment, name);
}

/** The setting that a problem speaks of. */
function settingOf(problem: string): string {
  const name = problem.split(/[:,]/)[0] ?? '';
  return settings().has(name) ? name : name.replace(/_FILE$/, '');
}

/**
 * Reads and validates every setting. In development what is missing of the secrets is made in `DATA_DIR/secrets`.
 * @param variables the process's environment unless a test gives its own; a file `.env` in the working directory adds to it
 * @param uses settings that a command uses: what else production demands may be missing then, but what is given must
 * still be right; all settings unless given
 * @param makesSecrets whether secrets of development that are missing are made; otherwise they are absent
 * (API_KEY_PEPPERS: empty), and nothing is written
 * @throws ConfigurationError naming each variable and rule that is broken, all at once, never a value
 */
export function loadEnvironment(
  variables?: Variables,
  uses?: readonly (keyof Environment)[],
  { makesSecrets = true }: { makesSecrets?: boolean } = {},
): Environment {
  const given: Sources = variables === undefined ? readSources() : { process: variables, dotEnv: {} };
  if (variables === undefined) assertDotEnvIsClosed(given, secretSettings());
  const source = effectiveVariables(given);
  const environment = new Environment();
  const problems: string[] = [];
  const matters = (name: string): boolean =>
    !uses || uses.some((used) => used === name) || isGiven(name, source);
  const add = (found: readonly string[]): void => {
    const known = new Set(problems.map(settingOf));
    const isNew = (name: string): boolean => !known.has(name) && matters(name);
    problems.push(...found.filter((problem) => isNew(settingOf(problem))));
  };
  add(assign(environment, source));
  add(brokenRules(environment));
  const broken = new Set(problems.map(settingOf));
  const isSound = (name: keyof Environment): boolean => isSet(environment, name) && !broken.has(name);
  add(deadlineProblems(environment));
  add(signerProblems(environment, isSound));
  add(certificateProblems(environment, isSound));
  add(tracingProblems(environment, isSound));
  if (environment.isProduction)
    add([...productionProblems(environment, isSound), ...runtimeProblems(given.process)]);
  if (!isSet(environment, 'PUBLIC_URL')) environment.PUBLIC_URL = `http://localhost:${environment.PORT}`;
  if (!environment.isProduction && problems.length === 0)
    useDevelopmentSecrets(environment, makesSecrets ? developmentSecret : existingDevelopmentSecret);
  // Only where none is used and none is given.
  if (!isSet(environment, 'API_KEY_PEPPERS')) environment.API_KEY_PEPPERS = [];
  if (problems.length > 0) throw new ConfigurationError(`Configuration refused:\n  ${problems.join('\n  ')}`);
  sources.set(environment, sourcesIn(given));
  return Object.freeze(environment);
}

/**
 * Where the settings of an environment came from: names only, for the log of a start.
 * @param environment as `loadEnvironment` returned it
 */
export function sourcesOf(environment: Environment): SettingSources {
  return sources.get(environment) ?? { process: [], dotEnv: [], unknown: [], nearMisses: [] };
}

function sourcesIn(given: Sources): SettingSources {
  return describeSources(given, settings().keys(), new Set(secretSettings()));
}

function secretSettings(): string[] {
  return [...settings()].filter(([, { secret }]) => secret === true).map(([name]) => name);
}
