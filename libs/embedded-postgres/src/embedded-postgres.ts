import { mkdirSync, readdirSync, rmdirSync, rmSync, existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { resolveOwnLinksSync, whyUnreadable } from '@aegis/secret-files';
import { prepareBinaries } from './binaries';
import { clusterIn, type ClusterFolder } from './cluster';
import { createClusterIfMissing, SUPERUSER } from './cluster-creation';
import { assertTrusted, clusterFolderPath, openClusterFolder } from './cluster-folder';
import { connectStarting } from './connection';
import { credentialsPath, readOrCreateCredentials } from './credentials';
import { errorCode } from './error-code';
import { withExclusiveLock } from './exclusive-lock';
import { findPostmaster, stopPostmaster } from './postmaster';
import { APPLICATION, DATABASE, OWNER, provision } from './provisioning';
import { ClusterUsers } from './users';

/** Longer than the longest start. */
const LOCK_TIMEOUT_MS = 90_000;

export interface EmbeddedPostgresOptions {
  /** Absolute path of DATA_DIR; made if missing; never shared by two checkouts. */
  dataDir: string;
  /** PG_BIN: folder with a system PostgreSQL's `initdb` and `postgres`, used instead of the npm binaries. */
  pgBin?: string;
  /** Default true. False is for tests: fsync, synchronous_commit and full_page_writes off. */
  durable?: boolean;
  /** For tests: a folder in which the server also opens a Unix socket. */
  socketFolder?: string;
  /** Called with a sentence about what takes a while or may surprise. */
  log?: (message: string) => void;
}

/** A running PostgreSQL of this DATA_DIR, as one user of it sees it. The URLs hold passwords: never log them. */
export interface EmbeddedPostgres {
  /** Owner of the database: runs the migrations. */
  ownerUrl: string;
  /** The application's role: may log in, owns nothing. */
  applicationUrl: string;
  /** For tests, which make databases of their own. */
  superuserUrl: string;
  /** It was running already. */
  adopted: boolean;
  /** Signs off. The last user stops PostgreSQL, and this resolves when it has ended. May be called twice. */
  release(): Promise<void>;
}

/**
 * Starts the PostgreSQL of this DATA_DIR, or adopts the one that runs. For development and tests.
 * @throws ConfigurationError if this system can't run it, its files can't be trusted, or it does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { durable = true, log = () => undefined } = options;
  if (!isAbsolute(options.dataDir)) throw new ConfigurationError('DATA_DIR must be an absolute path here.');
  const dataDir = ownDataDir(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const folder = await openClusterFolder(dataDir, log);

  const starting = withExclusiveLock(folder.path, LOCK_TIMEOUT_MS, async () => {
    const credentials = readOrCreateCredentials(dataDir);
    const cluster = clusterIn(folder, credentials.clusterId);
    const users = new ClusterUsers(folder.path, credentials.clusterId);
    const handle = users.add();
    try {
      await removeForsakenClusters(folder, credentials.clusterId);
      const { client, port, adopted } = await connectStarting(
        cluster,
        credentials.superuserPassword,
        { durable, socketFolder: options.socketFolder },
        async () => {
          const binaries = prepareBinaries(folder, options.pgBin);
          if (!existsSync(cluster.dataFolder))
            log(`Creating the embedded PostgreSQL in ${cluster.dataFolder}; this takes a few seconds …`);
          const { superuserPassword } = credentials;
          await createClusterIfMissing(cluster, { binaries, superuserPassword, durable });
          return binaries;
        },
      );
      try {
        await provision(client, credentials);
      } finally {
        await client.end();
      }
      if (adopted) log(`Using the embedded PostgreSQL that already runs on port ${port}.`);

      const url = (role: string, password: string, database: string): string =>
        `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
      let released: Promise<void> | undefined;
      return {
        ownerUrl: url(OWNER, credentials.ownerPassword, DATABASE),
        applicationUrl: url(APPLICATION, credentials.applicationPassword, DATABASE),
        superuserUrl: url(SUPERUSER, credentials.superuserPassword, SUPERUSER),
        adopted,
        release: () => (released ??= signOff(folder, credentials.clusterId, handle)),
      };
    } catch (error) {
      users.remove(handle);
      throw error;
    }
  });
  return starting.catch((error: unknown) => {
    // Another process has moved it meanwhile.
    if (errorCode(error) === 'ENOENT' && !existsSync(folder.path)) return startEmbeddedPostgres(options);
    throw error;
  });
}

/** @throws ConfigurationError when a link of another user is in its place, or on the way to it */
function ownDataDir(path: string): string {
  try {
    return resolveOwnLinksSync(path);
  } catch (error) {
    throw new ConfigurationError(`DATA_DIR (${path}) ${whyUnreadable(error)}.`, { cause: error });
  }
}

/**
 * Whether this DATA_DIR has a cluster, running or not. Makes nothing.
 * @param dataDir absolute; need not exist
 * @throws ConfigurationError if its credentials can't be read or are damaged
 */
export function hasEmbeddedPostgres(dataDir: string): boolean {
  if (!existsSync(credentialsPath(dataDir))) return false;
  const { clusterId } = readOrCreateCredentials(dataDir);
  return existsSync(clusterIn({ path: clusterFolderPath(dataDir) }, clusterId).dataFolder);
}

/**
 * Stops the PostgreSQL of this DATA_DIR, no matter who uses it, and deletes its data, binaries and passwords; DATA_DIR
 * itself if nothing else is in it. For the end of a test.
 * @param dataDir absolute; need not exist
 * @throws ConfigurationError if the cluster's folder is not ours
 */
export async function removeEmbeddedPostgres(dataDir: string): Promise<void> {
  const path = clusterFolderPath(dataDir);
  if (existsSync(path)) {
    assertTrusted(path);
    await withExclusiveLock(path, LOCK_TIMEOUT_MS, async () => {
      for (const id of clusterIds(path)) await stop({ path }, id, 'immediate');
      rmSync(path, { recursive: true, force: true });
    });
  }
  const credentials = credentialsPath(dataDir);
  rmSync(credentials, { force: true });
  for (const folder of [dirname(credentials), dataDir]) removeIfEmpty(folder);
}

async function signOff(folder: ClusterFolder, clusterId: string, handle: string): Promise<void> {
  // Removed with everything in it: PostgreSQL was stopped then.
  if (!existsSync(folder.path)) return;
  await withExclusiveLock(folder.path, LOCK_TIMEOUT_MS, async () => {
    const users = new ClusterUsers(folder.path, clusterId);
    users.remove(handle);
    if (users.isEmpty()) await stop(folder, clusterId, 'clean');
  });
}

/** Of a DATA_DIR that was deleted and created again the old cluster is left behind, perhaps running. */
async function removeForsakenClusters(folder: ClusterFolder, ownId: string): Promise<void> {
  for (const id of clusterIds(folder.path)) {
    if (id === ownId || !new ClusterUsers(folder.path, id).isEmpty()) continue;
    await stop(folder, id, 'immediate');
    rmSync(clusterIn(folder, id).dataFolder, { recursive: true, force: true });
    rmSync(join(folder.path, `users-${id}.json`), { force: true });
  }
}

async function stop(folder: ClusterFolder, clusterId: string, mode: 'clean' | 'immediate'): Promise<void> {
  const postmaster = findPostmaster(clusterIn(folder, clusterId));
  if (postmaster !== undefined) await stopPostmaster(postmaster, mode);
}

function clusterIds(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => /^data-([0-9a-f]+)$/.exec(name)?.[1] ?? []);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errorCode(error) ?? '')) throw error;
  }
}
