import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { errorCode } from './error-code';
import { currentAccount, unprivilegedAccount, type SystemAccount } from './system-account';

/** Survives a restart of the machine, and every user may enter it. */
const PERSISTENT_TEMPORARY_FOLDER = '/var/tmp';

/** Where the cluster of a DATA_DIR lives, with its lock, its log and the list of its users. */
export interface ClusterFolder {
  path: string;
  /** Set as root: who runs PostgreSQL and owns its data. Unset: we do it ourselves. */
  account?: SystemAccount;
}

/**
 * As an ordinary user `DATA_DIR/postgres`. As root a folder in /var/tmp named after DATA_DIR, which may lie
 * where the unprivileged account can't go.
 * @param dataDir absolute; need not exist
 */
export function clusterFolderPath(dataDir: string): string {
  const canonical = canonicalPath(dataDir);
  if (currentAccount().uid !== 0) return join(canonical, 'postgres');
  const name = createHash('sha256').update(canonical).digest('hex').slice(0, 16);
  return join(PERSISTENT_TEMPORARY_FOLDER, `aegis-${name}`);
}

/**
 * Makes the folder if it is missing and refuses one that another user could have prepared.
 * @param dataDir absolute; exists
 * @throws ConfigurationError if the folder can't be trusted or made
 */
export function openClusterFolder(dataDir: string): ClusterFolder {
  const path = clusterFolderPath(dataDir);
  const asRoot = currentAccount().uid === 0;
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  assertTrusted(path);
  // The account that runs PostgreSQL must get in, whatever the umask.
  if (asRoot) chmodSync(path, 0o755);
  return asRoot ? { path, account: unprivilegedAccount() } : { path };
}

/**
 * What lies in the folder is run and written to, as root even, so nobody else may own it or write to it.
 * @throws ConfigurationError otherwise
 */
export function assertTrusted(path: string): void {
  const status = lstatSync(path);
  const problem = !status.isDirectory()
    ? 'is no folder'
    : status.uid !== currentAccount().uid
      ? `belongs to another user (uid ${status.uid})`
      : (status.mode & 0o022) !== 0
        ? 'may be written by others'
        : undefined;
  if (problem === undefined) return;
  throw new ConfigurationError(
    `${path} ${problem}; the embedded PostgreSQL uses it only if it is a folder of its own user that nobody else ` +
      `may write to. Find out who made it, then remove it; or set DATA_DIR to another folder or DATABASE_URL.`,
  );
}

function canonicalPath(dataDir: string): string {
  try {
    return realpathSync(dataDir);
  } catch {
    const parent = dirname(dataDir);
    return parent === dataDir ? dataDir : join(canonicalPath(parent), basename(dataDir));
  }
}
