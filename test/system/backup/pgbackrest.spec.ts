import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { prepareBinaries } from '../../../libs/embedded-postgres/src/binaries';
import { type ClusterFolder } from '../../../libs/embedded-postgres/src/cluster';
import { openClusterFolder } from '../../../libs/embedded-postgres/src/cluster-folder';
import { until } from '../../support/until';
import { freePort } from '../../support/processes/free-port';

const FILES = join(__dirname, '../../../deploy/backup');
const hasPgBackRest = spawnSync('pgbackrest', ['version']).status === 0;
// Under CI a missing tool is a failure, not a reason to skip.
const describeBackups = hasPgBackRest || process.env.CI === 'true' ? describe : describe.skip;

describeBackups('the settings of pgBackRest (Debian package pgbackrest is needed)', () => {
  let folder: string;
  let place: ClusterFolder;
  let bin: string;
  let port: number;
  let postgres: ChildProcess | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-backup-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'own'));
    place = await openClusterFolder(join(folder, 'own'));
    bin = prepareBinaries(place, undefined);
    port = await freePort();
    for (const name of ['repository', 'spool', 'lock', 'log', 'socket']) makeFolder(name);
    configure();
    succeed(
      join(bin, 'initdb'),
      '--pgdata',
      join(folder, 'data'),
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
    );
    writeFileSync(
      join(folder, 'data/postgresql.conf'),
      [
        // As it is, except for where the settings of pgBackRest are.
        readFileSync(join(FILES, 'postgresql.conf'), 'utf8').replace(
          'pgbackrest ',
          `pgbackrest --config=${join(folder, 'pgbackrest.conf')} `,
        ),
        `port = ${port}`,
        `listen_addresses = '127.0.0.1'`,
        `unix_socket_directories = '${join(folder, 'socket')}'`,
      ].join('\n'),
    );
    await start();
  });
  afterAll(async () => {
    await stop();
    rmSync(place.path, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  function makeFolder(name: string): void {
    mkdirSync(join(folder, name), { mode: 0o700 });
    if (place.account !== undefined) chownSync(join(folder, name), place.account.uid, place.account.gid);
  }

  /** Ours, with a folder in the place of the bucket, and the folders of this test. */
  function configure(): void {
    makeFolder('data');
    const text = readFileSync(join(FILES, 'pgbackrest.conf'), 'utf8')
      .replace('repo1-type=s3', 'repo1-type=posix')
      .replaceAll(/^repo1-s3-.*\n/gm, '')
      .replace('repo1-path=/aegis', `repo1-path=${join(folder, 'repository')}`)
      .replace('/var/spool/pgbackrest', join(folder, 'spool'))
      .replace('/var/lib/postgresql/15/main', join(folder, 'data'))
      .replace(
        /^\[global\]$/m,
        `[global]\nlock-path=${join(folder, 'lock')}\nlog-path=${join(folder, 'log')}\nrepo1-cipher-pass=${randomBytes(32).toString('hex')}`,
      );
    writeFileSync(
      join(folder, 'pgbackrest.conf'),
      `${text}pg1-port=${port}\npg1-socket-path=${join(folder, 'socket')}\npg1-user=postgres\n`,
    );
  }

  const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, HOME: folder, LC_ALL: 'C' });

  function succeed(program: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      env: environment(),
      ...place.account,
    });
    if (status !== 0)
      throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }
  const pgBackRest = (...args: string[]): string =>
    succeed('pgbackrest', `--config=${join(folder, 'pgbackrest.conf')}`, '--stanza=aegis', ...args);

  async function start(): Promise<void> {
    let said = '';
    postgres = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data')], {
      cwd: folder,
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...place.account,
    });
    postgres.stderr?.on('data', (text: Buffer) => (said += text.toString()));
    await until('PostgreSQL takes writes', async () => {
      if (postgres?.exitCode !== null) throw new Error(`PostgreSQL ended:\n${said}`);
      const [row] = await query('SELECT pg_is_in_recovery() AS recovers').catch(() => [{ recovers: true }]);
      return row?.recovers === false;
    });
  }

  async function stop(): Promise<void> {
    if (postgres?.exitCode !== null) return;
    const ended = once(postgres, 'exit');
    postgres.kill('SIGINT');
    await ended;
  }

  async function query(sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  it('archive WAL files and back the database up, encrypted, so that a moment in between can be restored', async () => {
    pgBackRest('stanza-create');
    pgBackRest('check');
    await query('CREATE TABLE rows (name text)');
    pgBackRest('--type=full', 'backup');
    await query(`INSERT INTO rows VALUES ('before-the-mistake')`);
    // pgBackRest knows the end of a backup to the second: the moment must lie in a later one.
    const [{ backed_up_at } = {}] = await query('SELECT clock_timestamp() AS backed_up_at');
    let moment: unknown;
    await until('the next second', async () => {
      const [now] = await query(
        `SELECT clock_timestamp()::text AS moment,
                date_trunc('second', clock_timestamp()) > date_trunc('second', timestamptz '${(backed_up_at as Date).toISOString()}') AS is_later`,
      );
      moment = now?.moment;
      return now?.is_later === true;
    });
    await query('DROP TABLE rows');
    // What PostgreSQL has archived so far is enough to go back.
    pgBackRest('check');
    await stop();
    pgBackRest('--delta', '--type=time', `--target=${String(moment)}`, '--target-action=promote', 'restore');
    await start();
    expect(await query('SELECT name FROM rows')).toEqual([{ name: 'before-the-mistake' }]);
    // The text itself could not be found in what is compressed.
    expect(JSON.parse(pgBackRest('--output=json', 'info'))).toMatchObject([
      { name: 'aegis', cipher: 'aes-256-cbc', backup: [{ type: 'full', error: false }], status: { code: 0 } },
    ]);
  });
});
