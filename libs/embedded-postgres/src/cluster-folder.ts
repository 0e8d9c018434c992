import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import type { ClusterFolder } from './cluster';
import { moveCluster } from './cluster-move';
import { errorCode } from './error-code';
import { currentAccount, unprivilegedAccount } from './system-account';

/** The system deletes nothing in it; every user may enter it. */
const STATE_FOLDER = '/var/lib/aegis-embedded';
/** Where earlier versions kept clusters: systemd-tmpfiles deletes there what was not used for 30 days. */
const FORMER_FOLDER = '/var/tmp';

/**
 * As an ordinary user `DATA_DIR/postgres`. As root a folder in /var/lib named after DATA_DIR, which may be where the
 * unprivileged account can't go; one that an earlier version made in /var/tmp as long as it was not moved.
 * @param dataDir absolute; need not exist
 */
export function clusterFolderPath(dataDir: string): string {
  const { path, former } = candidates(dataDir);
  return former !== undefined && !existsSync(path) && isOurs(former) ? former : path;
}

/**
 * Makes the folder if it is missing and refuses one that another user could have prepared. A cluster in /var/tmp is
 * moved to /var/lib; while its PostgreSQL runs, it is used where it is.
 * @param dataDir absolute; exists
 * @param log called when a cluster is moved, or is in a folder whose files the system deletes
 * @throws ConfigurationError if the folder can't be trusted or made
 */
export async function openClusterFolder(
  dataDir: string,
  log: (message: string) => void = () => undefined,
): Promise<ClusterFolder> {
  const { path: wanted, former } = candidates(dataDir);
  const isMovable = former !== undefined && !existsSync(wanted) && isOurs(former);
  if (isMovable) {
    assertTrusted(former);
    makeParent(wanted);
  }
  const path = isMovable && !(await moveCluster(former, wanted, log)) ? former : wanted;
  const asRoot = currentAccount().uid === 0;
  try {
    makeParent(path);
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw unwritable(path, error);
  }
  assertTrusted(path);
  if (isTemporaryFolder(canonicalPath(dataDir)))
    log(
      `DATA_DIR (${dataDir}) is in a folder whose files the system deletes after some time: before you keep anything, start with both DATA_DIR and KEYS_DIR set to others. The passphrase of the keys is in DATA_DIR: a new one does not open the old keys.`,
    );
  if (!asRoot) return { path };
  // The account that runs PostgreSQL must get in, whatever the umask.
  chmodSync(path, 0o755);
  return { path, account: unprivilegedAccount() };
}

/** The account that runs PostgreSQL must get through it. */
function makeParent(path: string): void {
  const made = mkdirSync(dirname(path), { recursive: true });
  if (made !== undefined && made === dirname(path) && currentAccount().uid === 0) chmodSync(made, 0o755);
}

/** Whether systemd-tmpfiles deletes there what was not used for some time. */
export function isTemporaryFolder(path: string): boolean {
  return /^(\/private)?\/(var\/)?tmp\//.test(path);
}

/** Where the cluster belongs, and where an earlier version may have made it. */
function candidates(dataDir: string): { path: string; former?: string } {
  const canonical = canonicalPath(dataDir);
  if (currentAccount().uid !== 0) return { path: join(canonical, 'postgres') };
  const name = createHash('sha256').update(canonical).digest('hex').slice(0, 16);
  return {
    path: join(STATE_FOLDER, name),
    former: join(FORMER_FOLDER, `aegis-${name}`),
  };
}

/** A folder of another user in /var/tmp was not made by us. */
function isOurs(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status?.isDirectory() === true && status.uid === currentAccount().uid;
}

function unwritable(path: string, error: unknown): ConfigurationError {
  return new ConfigurationError(
    `${path}, where the embedded PostgreSQL keeps its data, can't be created (${errorCode(error) ?? 'unknown error'}); let this user write there, or set DATABASE_URL.`,
    { cause: error },
  );
}

/**
 * What is in the folder is run and written to, as root even, so nobody else may own it or write to it.
 * @throws ConfigurationError otherwise
 */
export function assertTrusted(path: string): void {
  const status = lstatSync(path);
  const problem = !status.isDirectory()
    ? 'is not a folder'
    : status.uid !== currentAccount().uid
      ? `belongs to another user (uid ${status.uid})`
      : (status.mode & 0o022) !== 0
        ? 'is writable by other users'
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
