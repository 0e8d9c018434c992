import { ConfigurationError } from '@aegis/errors';
import { assertTrustedFileSync, SECRET, UnsafeFile } from '@aegis/secret-files';
import { lstatSync, readFileSync } from 'node:fs';
import { parseDotEnv } from './dot-env';

/** An environment, by name of the variable. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Where variables came from: names only, never a value. */
export interface SettingSources {
  /** Settings (or their `_FILE`) that the process's environment has. */
  readonly process: readonly string[];
  /** Settings (or their `_FILE`) that the file `.env` has and the process's environment has not. */
  readonly dotEnv: readonly string[];
  /** Variables of the file `.env` that are not settings: ignored, and perhaps misspelt. */
  readonly unknown: readonly string[];
}

/** Variables of the process and of the file `.env` in the working directory. */
export interface Sources {
  readonly process: Variables;
  readonly dotEnv: Variables;
}

/** @throws ConfigurationError when there is a file `.env` that can't be read or has a line that is not understood */
export function readSources(): Sources {
  return { process: process.env, dotEnv: readDotEnv('.env') };
}

/**
 * Judges the file `.env` as a file of secrets, in production, if it has any. In development it is a file of the
 * checkout, which an editor writes.
 * @param secrets names of the settings that are secret
 * @throws ConfigurationError when others may read it
 */
export function assertDotEnvIsClosed(sources: Sources, secrets: readonly string[]): void {
  if (merged(sources).ENVIRONMENT !== 'production') return;
  if (!secrets.some((name) => (sources.dotEnv[name] ?? '') !== '')) return;
  try {
    assertTrustedFileSync('.env', SECRET);
  } catch (error) {
    if (!(error instanceof UnsafeFile)) throw error;
    throw new ConfigurationError(
      `Configuration refused: the file .env in the working directory has secrets and ${error.message}.`,
      { cause: error },
    );
  }
}

/** The process wins over the file; an empty value counts as unset, in the process too. */
export function merged({ process, dotEnv }: Sources): Variables {
  const given = Object.entries(process).filter(([, value]) => value !== undefined && value !== '');
  return { ...dotEnv, ...Object.fromEntries(given) };
}

/**
 * @param names of all settings
 * @param fromFile those that can be given as `<NAME>_FILE` too
 */
export function describeSources(
  { process, dotEnv }: Sources,
  names: Iterable<string>,
  fromFile: ReadonlySet<string>,
): SettingSources {
  const known = [...names].flatMap((name) => (fromFile.has(name) ? [name, `${name}_FILE`] : [name]));
  const isGiven = (variables: Variables, name: string): boolean => (variables[name] ?? '') !== '';
  const inProcess = known.filter((name) => isGiven(process, name));
  return {
    process: inProcess,
    dotEnv: known.filter((name) => isGiven(dotEnv, name) && !inProcess.includes(name)),
    unknown: Object.keys(dotEnv).filter((name) => !known.includes(name)),
  };
}

function readDotEnv(path: string): Variables {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    // A link to a file that is not there is not the same as no file: somebody meant to give settings.
    if (code === 'ENOENT' && !exists(path)) return {};
    throw new ConfigurationError(
      `Configuration refused: the file .env in the working directory can't be read (${code}); let this user read it, or remove it`,
      { cause: error },
    );
  }
  const { variables, problems } = parseDotEnv(bytes);
  if (problems.length > 0) {
    const lines = problems.map(({ line, rule }) => `.env, line ${line}: ${rule}`);
    throw new ConfigurationError(`Configuration refused:\n  ${lines.join('\n  ')}`);
  }
  return variables;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
