import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Client } from 'pg';
import { clusterFolderPath, isTemporaryFolder } from './cluster-folder';
import { moveFolder } from './cluster-move';
import { readOrCreateCredentials } from './credentials';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';
import { ClusterUsers } from './users';

/** The folder of PostgreSQL is outside of DATA_DIR only for root. */
const isRoot = process.getuid?.() === 0;

describe('a folder that is moved', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'aegis-move-'));
    mkdirSync(join(parent, 'old', 'data-1', 'base'), { recursive: true });
    writeFileSync(join(parent, 'old', 'data-1', 'base', '1'), 'content', { mode: 0o600 });
    chmodSync(join(parent, 'old', 'data-1'), 0o700);
    chmodSync(join(parent, 'old'), 0o755);
    mkdirSync(join(parent, 'old', 'binaries-1'));
  });
  afterEach(() => {
    rmSync(parent, { recursive: true });
  });

  const crossDevice = (from: string, to: string): void => {
    if (basename(from) === 'old') throw Object.assign(new Error('EXDEV'), { code: 'EXDEV' });
    renameSync(from, to);
  };

  it.each([
    ['on one file system', renameSync],
    ['to another file system', crossDevice as typeof renameSync],
  ])('keeps content, modes and owners: %s', (_, rename) => {
    const [from, to] = [join(parent, 'old'), join(parent, 'new')];
    const { uid, gid } = statSync(join(from, 'data-1'));
    moveFolder(from, to, rename);
    expect(existsSync(from)).toBe(false);
    expect(readFileSync(join(to, 'data-1', 'base', '1'), 'utf8')).toBe('content');
    expect(statSync(to).mode & 0o777).toBe(0o755);
    expect(statSync(join(to, 'data-1'))).toMatchObject({ uid, gid });
    expect(statSync(join(to, 'data-1')).mode & 0o777).toBe(0o700);
    expect(statSync(join(to, 'data-1', 'base', '1')).mode & 0o777).toBe(0o600);
    expect(readdirSync(parent)).toEqual(['new']);
  });
});

describe('a cluster that an earlier version made in /var/tmp', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'aegis-former-')));
  });
  afterEach(async () => {
    await removeEmbeddedPostgres(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function words(url: string, statement: string): Promise<unknown[]> {
    const client = new Client(url);
    await client.connect();
    const { rows } = await client.query<object>(statement);
    await client.end();
    return rows;
  }

  const moves = async (): Promise<void> => {
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    await words(first.ownerUrl, "CREATE TABLE kept AS SELECT 'yes' AS word");
    await first.release();
    const path = clusterFolderPath(dataDir);
    expect(isTemporaryFolder(path)).toBe(false);
    const former = join('/var/tmp', `aegis-${basename(path)}`);
    renameSync(path, former);
    expect(clusterFolderPath(dataDir)).toBe(former);

    const { clusterId } = readOrCreateCredentials(dataDir);
    const user = new ClusterUsers(former, clusterId).add();
    const second = await startEmbeddedPostgres({ dataDir, durable: false });
    expect(await words(second.ownerUrl, 'SELECT word FROM kept')).toEqual([{ word: 'yes' }]);
    expect(existsSync(path)).toBe(false);
    new ClusterUsers(former, clusterId).remove(user);
    await second.release();

    const said: string[] = [];
    const both = await Promise.all(
      [1, 2].map(() =>
        startEmbeddedPostgres({ dataDir, durable: false, log: (message) => said.push(message) }),
      ),
    );
    expect(await words(both[0]!.ownerUrl, 'SELECT word FROM kept')).toEqual([{ word: 'yes' }]);
    expect([existsSync(former), existsSync(path)]).toEqual([false, true]);
    expect(said.filter((line) => line.startsWith('Moved'))).toEqual([
      `Moved the embedded PostgreSQL from ${former} to ${path}.`,
    ]);
    for (const handle of both) await handle.release();
  };

  const staysInDataDir = (): void => {
    const before = clusterFolderPath(dataDir);
    expect(before).toBe(join(dataDir, 'postgres'));
    mkdirSync(join('/var/tmp', `aegis-${basename(dataDir)}`), { recursive: true });
    expect(clusterFolderPath(dataDir)).toBe(before);
    rmSync(join('/var/tmp', `aegis-${basename(dataDir)}`), { recursive: true });
  };

  if (isRoot)
    it('stays where it is while it is in use, and then moves to a folder that no system clears', moves);
  else it('does not concern an ordinary user, whose cluster is in DATA_DIR', staysInDataDir);

  it.each([
    ['/tmp/x', true],
    ['/var/tmp/aegis-1', true],
    ['/private/tmp/x', true],
    ['/var/lib/aegis-embedded/1', false],
    ['/home/tmp/x', false],
  ])('is in a folder that is cleared: %s: %s', (path, isSwept) => {
    expect(isTemporaryFolder(path)).toBe(isSwept);
  });
});

describe('the end of a cluster', () => {
  it('waits for connections that are ending, so that none is cut off', async () => {
    const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'aegis-end-')));
    const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
    try {
      const clients = Array.from({ length: 20 }, () => new Client(postgres.applicationUrl));
      const errors: unknown[] = [];
      for (const client of clients) client.on('error', (error) => errors.push(error));
      await Promise.all(clients.map((client) => client.connect()));
      const ends = clients.map((client) => client.end());
      await postgres.release();
      await Promise.all(ends);
      expect(errors).toEqual([]);
    } finally {
      await removeEmbeddedPostgres(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
