import { randomBytes } from 'node:crypto';
import {
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@aegis/embedded-postgres';
import { Client } from 'pg';
import { prepareBinaries } from '../../../libs/embedded-postgres/src/binaries';
import { clusterIn, type ClusterFolder } from '../../../libs/embedded-postgres/src/cluster';
import { openClusterFolder } from '../../../libs/embedded-postgres/src/cluster-folder';
import {
  findPostmaster,
  launchPostmaster,
  stopPostmaster,
} from '../../../libs/embedded-postgres/src/postmaster';
import { until } from '../until';

/** What a base backup leaves out (PostgreSQL, "Making a Base Backup Using the Low Level API"). */
const LEFT_OUT =
  /\/(?:postmaster\.(?:pid|opts)|pg_(?:replslot|dynshmem|notify|serial|snapshots|stat_tmp|subtrans)\/.+)$/;

/** A primary and its hot standby by streaming replication: two PostgreSQL of a test's own. */
export class ReplicatedPostgres {
  private constructor(
    readonly primary: EmbeddedPostgres,
    /** Port of the standby on this machine. */
    private readonly standbyPort: number,
    private readonly undo: (() => Promise<void> | void)[],
  ) {}

  /** @param prepare runs on the primary before the standby is copied from it */
  static async start(prepare: (primary: EmbeddedPostgres) => Promise<void>): Promise<ReplicatedPostgres> {
    // Undone in reverse order: by `close`, or by a start that fails.
    const undo: (() => Promise<void> | void)[] = [];
    try {
      const folder = mkdtempSync(join(tmpdir(), 'aegis-standby-'));
      undo.push(() => {
        rmSync(folder, { recursive: true, force: true });
      });
      const primaryDir = join(folder, 'primary');
      const primary = await startEmbeddedPostgres({ dataDir: primaryDir, durable: false });
      undo.push(async () => {
        await primary.release();
        await removeEmbeddedPostgres(primaryDir);
      });
      await prepare(primary);
      const dataDir = join(folder, 'standby');
      mkdirSync(dataDir);
      const place = await openClusterFolder(dataDir);
      undo.push(() => {
        rmSync(place.path, { recursive: true, force: true });
      });
      const cluster = clusterIn(place, randomBytes(8).toString('hex'));
      undo.push(async () => {
        const postmaster = findPostmaster(cluster);
        if (postmaster !== undefined) await stopPostmaster(postmaster, 'immediate');
      });
      await makeStandby(primary, cluster.dataFolder, place);
      const launch = await launchPostmaster(cluster, prepareBinaries(place, undefined), { durable: false });
      await until('the standby takes connections', () => {
        if (launch.ended) throw new Error(`the standby does not start:\n${launch.said()}`);
        return Promise.resolve(findPostmaster(cluster)?.ready === true);
      });
      const standby = findPostmaster(cluster);
      if (standby === undefined) throw new Error('the standby has ended');
      return new ReplicatedPostgres(primary, standby.port, undo);
    } catch (error) {
      await undoAll(undo).catch(() => undefined);
      throw error;
    }
  }

  /** A database's URL, on the standby. */
  onStandby(url: string): string {
    const other = new URL(url);
    other.port = String(this.standbyPort);
    return other.href;
  }

  /** Makes the standby a primary, and waits for it. */
  async promote(): Promise<void> {
    const client = new Client(this.onStandby(this.primary.superuserUrl));
    await client.connect();
    try {
      await client.query('SELECT pg_promote(true)');
    } finally {
      await client.end();
    }
  }

  close(): Promise<void> {
    return undoAll(this.undo);
  }
}

async function undoAll(undo: (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.reverse())
    await Promise.resolve()
      .then(step)
      .catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** Copies the running primary, and makes the copy follow it. */
async function makeStandby(
  primary: EmbeddedPostgres,
  dataFolder: string,
  place: ClusterFolder,
): Promise<void> {
  await backUp(primary, dataFolder);
  const { port, username, password } = new URL(primary.superuserUrl);
  writeFileSync(join(dataFolder, 'standby.signal'), '');
  writeFileSync(
    join(dataFolder, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${port} user=${username} password=${password}'\n`,
  );
  handOver(dataFolder, place);
}

/** A base backup of the running primary; the embedded binaries have no `pg_basebackup`. */
async function backUp(primary: EmbeddedPostgres, target: string): Promise<void> {
  const client = new Client(primary.superuserUrl);
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    await client.query(`SELECT pg_backup_start('standby', true)`);
    cpSync(rows[0]!.data_directory, target, {
      recursive: true,
      filter: (path) => !LEFT_OUT.test(path) && lstatSync(path, { throwIfNoEntry: false }) !== undefined,
    });
    const stopped = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    writeFileSync(join(target, 'backup_label'), stopped.rows[0]!.labelfile);
  } finally {
    await client.end();
  }
}

/** As root the files are to be those of the account that runs PostgreSQL. */
function handOver(path: string, { account }: ClusterFolder): void {
  if (account === undefined) return;
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' }))
    chownSync(join(path, entry), account.uid, account.gid);
  chownSync(path, account.uid, account.gid);
}
