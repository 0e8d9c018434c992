import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { PROGRAM_ENVIRONMENT, type Cluster } from './cluster';

export const SUPERUSER = 'postgres';

export interface ClusterCreation {
  /** Folder with `initdb`. */
  binaries: string;
  superuserPassword: string;
  /** False: the files are not flushed to disk. */
  durable: boolean;
}

/**
 * Makes the data folder with `initdb` unless it exists. It gets its name when it is complete, so that a crash
 * midway leaves nothing that looks like a cluster.
 * @throws ConfigurationError with what initdb said, if it fails
 */
export async function createClusterIfMissing(cluster: Cluster, creation: ClusterCreation): Promise<void> {
  if (existsSync(cluster.dataFolder)) return;
  const draft = join(cluster.folder, 'data.draft');
  // The password goes by file: arguments are visible to every user of the machine.
  const passwordFile = join(cluster.folder, 'password.draft');
  rmSync(draft, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, creation.superuserPassword, { mode: 0o600, flag: 'wx' });
    if (cluster.account !== undefined) {
      for (const path of [draft, passwordFile]) chownSync(path, cluster.account.uid, cluster.account.gid);
    }
    await initdb(cluster, creation, draft, passwordFile);
    renameSync(draft, cluster.dataFolder);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

async function initdb(cluster: Cluster, creation: ClusterCreation, target: string, passwordFile: string) {
  const child = spawn(
    join(creation.binaries, 'initdb'),
    [
      `--pgdata=${target}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
      ...(creation.durable ? [] : ['--no-sync']),
    ],
    {
      cwd: cluster.folder,
      env: PROGRAM_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...cluster.account,
    },
  );
  const [said, [exitCode]] = await Promise.all([
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (exitCode !== 0)
    throw new ConfigurationError(`initdb could not create the embedded PostgreSQL:\n${said.trim()}`);
}
