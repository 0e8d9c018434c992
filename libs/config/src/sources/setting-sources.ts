import { ConfigurationError } from '@aegis/errors';
import {
  assertFileRule,
  READABLE,
  readJudgedFileSync,
  resolveOwnLinksSync,
  SECRET,
  UnsafeFile,
} from '@aegis/secret-files';
import { lstatSync, type Stats } from 'node:fs';
import { parseDotEnv } from './dot-env';
import { type NearMiss, nearMisses } from './near-misses';

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
  /** Variables that are not settings, but differ from one by a letter or two. */
  readonly nearMisses: readonly NearMiss[];
}

/** Variables of the process and of the file `.env` in the working directory. */
export interface Sources {
  readonly process: Variables;
  readonly dotEnv: Variables;
  /** Of the file `.env` that was read; undefined without one. */
  readonly dotEnvStatus?: Stats;
}

/**
 * Reads the variables. The file `.env` is judged before anything of it is used: its settings name programs, addresses
 * and other files, so a file that another user wrote must not count, in any environment.
 * @throws ConfigurationError when there is a file `.env` that another user may have written, that can't be read, or
 * that has a line that is not understood
 */
export function readSources(): Sources {
  return { process: process.env, ...readDotEnv('.env') };
}

/**
 * In production, checks the file `.env` as a file of secrets, if it has any. In development it is a file of the
 * checkout, which others may read.
 * @param secrets names of the settings that are secret
 * @throws ConfigurationError when others may read it
 */
export function assertDotEnvIsClosed(sources: Sources, secrets: readonly string[]): void {
  if (effectiveVariables(sources).ENVIRONMENT !== 'production') return;
  if (!secrets.some((name) => (sources.dotEnv[name] ?? '') !== '')) return;
  if (sources.dotEnvStatus === undefined) return;
  try {
    assertFileRule(sources.dotEnvStatus, SECRET);
  } catch (error) {
    throw dotEnvRefused(error, 'has secrets and ');
  }
}

/** The process wins over the file; an empty value counts as unset, in the process too. */
export function effectiveVariables({ process, dotEnv }: Sources): Variables {
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
    nearMisses: nearMisses([...Object.keys(process), ...Object.keys(dotEnv)], known),
  };
}

function readDotEnv(path: string): { dotEnv: Variables; dotEnvStatus?: Stats } {
  const file = readIfThere(path);
  if (file === undefined) return { dotEnv: {} };
  const { variables, problems } = parseDotEnv(file.bytes);
  if (problems.length > 0) {
    const lines = problems.map(({ line, rule }) => `.env, line ${line}: ${rule}`);
    throw new ConfigurationError(`Configuration refused:\n  ${lines.join('\n  ')}`);
  }
  return { dotEnv: variables, dotEnvStatus: file.status };
}

function readIfThere(path: string): { bytes: Buffer; status: Stats } | undefined {
  try {
    // Not followed again: what was resolved could have become a link meanwhile.
    return readJudgedFileSync(resolveOwnLinksSync(path), { ...READABLE, followsLinks: false });
  } catch (error) {
    // A link to a file that is not there is not the same as no file: somebody meant to give settings.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !exists(path)) return undefined;
    throw dotEnvRefused(error, '');
  }
}

/** @param error what reading or judging the file threw */
function dotEnvRefused(error: unknown, facts: string): ConfigurationError {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  const why =
    error instanceof UnsafeFile
      ? `${error.message}.`
      : `can't be read (${code}); let this user read it, or remove it`;
  return new ConfigurationError(
    `Configuration refused: the file .env in the working directory ${facts}${why}`,
    { cause: error },
  );
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
