import { randomBytes } from 'node:crypto';
import { chownSync, cpSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@aegis/embedded-postgres';
import { Client } from 'pg';
import { prepareBinaries } from '../../../libs/embedded-postgres/src/binaries';
import { clusterIn, type Cluster, type ClusterFolder } from '../../../libs/embedded-postgres/src/cluster';
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

/** Ends what was started, in reverse order. */
type Undo = (() => Promise<void> | void)[];

/** A hot standby by streaming replication. */
export class Standby {
  private constructor(
    private readonly cluster: Cluster,
    private readonly port: number,
    private readonly superuserUrl: string,
  ) {}

  /**
   * Copies a running primary, and starts the copy.
   * @param undo what has to be undone is added here
   * @param upstreamUrl what it follows; the primary unless given
   */
  static of(
    primary: EmbeddedPostgres,
    folder: string,
    undo: Undo,
    upstreamUrl = primary.superuserUrl,
  ): Promise<Standby> {
    return Standby.copied(primary, folder, undo, (dataFolder) => {
      makeStandby(upstreamUrl, dataFolder);
    });
  }

  /**
   * Copies a running primary, and starts the copy as a primary of its own, as from a snapshot of the disk: with the same
   * system identifier, on the same timeline.
   */
  static snapshotOf(primary: EmbeddedPostgres, folder: string, undo: Undo): Promise<Standby> {
    return Standby.copied(primary, folder, undo, () => undefined);
  }

  private static async copied(
    primary: EmbeddedPostgres,
    folder: string,
    undo: Undo,
    prepare: (dataFolder: string) => void,
  ): Promise<Standby> {
    const dataDir = mkdtempSync(join(folder, 'standby-'));
    const place = await openClusterFolder(dataDir);
    undo.push(() => {
      rmSync(place.path, { recursive: true, force: true });
    });
    const cluster = clusterIn(place, randomBytes(8).toString('hex'));
    undo.push(() => stopIfRunning(cluster));
    await backUp(primary, cluster.dataFolder);
    prepare(cluster.dataFolder);
    handOver(cluster.dataFolder, place);
    const launch = await launchPostmaster(cluster, prepareBinaries(place, undefined), { durable: false });
    await until('the standby takes connections', () => {
      if (launch.ended) throw new Error(`the standby does not start:\n${launch.said()}`);
      return Promise.resolve(findPostmaster(cluster)?.ready === true);
    });
    const standby = findPostmaster(cluster);
    if (standby === undefined) throw new Error('the standby has ended');
    return new Standby(cluster, standby.port, primary.superuserUrl);
  }

  /** A database's URL, on this standby. */
  urlOf(url: string): string {
    const other = new URL(url);
    other.port = String(this.port);
    return other.href;
  }

  /** Runs one statement as superuser. */
  async query<Row extends object>(statement: string): Promise<Row[]> {
    const client = new Client(this.urlOf(this.superuserUrl));
    await client.connect();
    try {
      return (await client.query<Row>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Makes it a primary, and waits for it. */
  async promote(): Promise<void> {
    await this.query('SELECT pg_promote(true)');
  }

  /** From now on it receives what its primary writes, and does not show it. */
  async pauseReplay(): Promise<void> {
    await this.query('SELECT pg_wal_replay_pause()');
    await until('replay is paused', async () => {
      const [row] = await this.query<{ state: string }>('SELECT pg_get_wal_replay_pause_state() AS state');
      return row?.state === 'paused';
    });
  }

  /** Ends the pause, if there is one. */
  async resumeReplay(): Promise<void> {
    await this.query('SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_replay_resume() END');
  }

  /** Ends it at once. */
  stop(): Promise<void> {
    return stopIfRunning(this.cluster);
  }
}

async function stopIfRunning(cluster: Cluster): Promise<void> {
  const postmaster = findPostmaster(cluster);
  if (postmaster !== undefined) await stopPostmaster(postmaster, 'immediate');
}

/** A primary and its hot standby: two PostgreSQL of a test's own. */
export class ReplicatedPostgres {
  private constructor(
    readonly primary: EmbeddedPostgres,
    readonly standby: Standby,
    private readonly folder: string,
    private readonly undo: Undo,
  ) {}

  /** @param prepare runs on the primary before the standby is copied from it */
  static async start(prepare: (primary: EmbeddedPostgres) => Promise<void>): Promise<ReplicatedPostgres> {
    // Undone by `close`, or by a start that fails.
    const undo: Undo = [];
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
      await keepLog(primary);
      await prepare(primary);
      return new ReplicatedPostgres(primary, await Standby.of(primary, folder, undo), folder, undo);
    } catch (error) {
      await undoAll(undo).catch(() => undefined);
      throw error;
    }
  }

  /** Starts a further standby of the primary. */
  addStandby(): Promise<Standby> {
    return Standby.of(this.primary, this.folder, this.undo);
  }

  /** Starts a copy of the primary as it is now, which follows nobody. */
  addSnapshot(): Promise<Standby> {
    return Standby.snapshotOf(this.primary, this.folder, this.undo);
  }

  /** Starts a standby that follows the first one, and continues to do so when that is promoted. */
  addStandbyOfStandby(): Promise<Standby> {
    return Standby.of(this.primary, this.folder, this.undo, this.onStandby(this.primary.superuserUrl));
  }

  /** A database's URL, on the standby. */
  onStandby(url: string): string {
    return this.standby.urlOf(url);
  }

  /** Makes the standby a primary, and waits for it. */
  promote(): Promise<void> {
    return this.standby.promote();
  }

  close(): Promise<void> {
    return undoAll(this.undo);
  }
}

async function undoAll(undo: Undo): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.reverse())
    await Promise.resolve()
      .then(step)
      .catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** A standby that is slow to connect still finds the log that it needs. */
async function keepLog({ superuserUrl }: EmbeddedPostgres): Promise<void> {
  const client = new Client(superuserUrl);
  await client.connect();
  try {
    await client.query(`ALTER SYSTEM SET wal_keep_size = '1GB'`);
    await client.query('SELECT pg_reload_conf()');
  } finally {
    await client.end();
  }
}

/** Makes a copy of the primary follow it, or another one that has its log. */
function makeStandby(upstreamUrl: string, dataFolder: string): void {
  const { port, username, password } = new URL(upstreamUrl);
  writeFileSync(join(dataFolder, 'standby.signal'), '');
  writeFileSync(
    join(dataFolder, 'postgresql.auto.conf'),
    `wal_keep_size = '1GB'\nprimary_conninfo = 'host=127.0.0.1 port=${port} user=${username} password=${password}'\n`,
  );
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
    // With the end of the backup in it, for a copy that has nowhere else to read it from.
    cpSync(join(rows[0]!.data_directory, 'pg_wal'), join(target, 'pg_wal'), { recursive: true, force: true });
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
