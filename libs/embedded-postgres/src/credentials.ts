import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { OWN_SECRET, openOwnFolderSync, readTrustedFileSync, whyUnreadable } from '@aegis/secret-files';
import { errorCode } from './error-code';

/** What one cluster was made with. All random, so that a cluster never answers to another one's file. */
export interface Credentials {
  /** Names the data folder: a DATA_DIR that is deleted and created again gets a cluster of its own. */
  clusterId: string;
  superuserPassword: string;
  ownerPassword: string;
  applicationPassword: string;
}

/** @returns where the credentials of a DATA_DIR are kept. */
export function credentialsPath(dataDir: string): string {
  return join(dataDir, 'secrets', 'embedded-postgres.json');
}

/**
 * Reads the credentials of this DATA_DIR, or makes them: one file, so that they can't come apart.
 * @param dataDir absolute; exists
 * @throws ConfigurationError if the file can't be read, is readable by others, a link, or damaged
 */
export function readOrCreateCredentials(dataDir: string): Credentials {
  const path = credentialsPath(dataDir);
  try {
    openOwnFolderSync(dirname(path));
  } catch (error) {
    unreadable(dirname(path), whyUnreadable(error));
  }
  return readCredentials(path) ?? create(path) ?? unreadable(path, 'was deleted while it was read');
}

function readCredentials(path: string): Credentials | undefined {
  let text: string;
  try {
    text = readTrustedFileSync(path, OWN_SECRET).toString();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    return unreadable(path, whyUnreadable(error));
  }
  return parse(text) ?? unreadable(path, 'is damaged');
}

function parse(text: string): Credentials | undefined {
  let stored: Partial<Record<keyof Credentials, unknown>> | null;
  try {
    stored = JSON.parse(text) as typeof stored;
  } catch {
    return undefined;
  }
  const hex = (value: unknown): string =>
    typeof value === 'string' && /^[0-9a-f]{16,64}$/.test(value) ? value : '';
  const credentials: Credentials = {
    clusterId: hex(stored?.clusterId),
    superuserPassword: hex(stored?.superuserPassword),
    ownerPassword: hex(stored?.ownerPassword),
    applicationPassword: hex(stored?.applicationPassword),
  };
  return Object.values(credentials).includes('') ? undefined : credentials;
}

function create(path: string): Credentials | undefined {
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  const credentials: Credentials = {
    clusterId: randomBytes(8).toString('hex'),
    superuserPassword: randomBytes(24).toString('hex'),
    ownerPassword: randomBytes(24).toString('hex'),
    applicationPassword: randomBytes(24).toString('hex'),
  };
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(file, `${JSON.stringify(credentials)}\n`);
      fsyncSync(file);
      linkSync(draft, path);
    } finally {
      closeSync(file);
      rmSync(draft);
    }
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EEXIST') unreadable(path, `can't be written (${code ?? 'unknown error'})`);
  }
  // If another process was faster, its file counts.
  return readCredentials(path);
}

function unreadable(path: string, why: string): never {
  throw new ConfigurationError(
    `${path} ${why}. It belongs to the embedded PostgreSQL: repair it, set DATA_DIR to another folder or DATABASE_URL to ` +
      `your own PostgreSQL, or delete the file to begin with an empty database.`,
  );
}
