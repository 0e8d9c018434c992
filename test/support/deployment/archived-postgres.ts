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
import { freePort } from '../processes/free-port';
import { until } from '../until';

const FILES = join(__dirname, '../../../deploy/backup');

/** A PostgreSQL of a test's own that archives its WAL by pgBackRest, with the settings of deploy/backup. */
export class ArchivedPostgres {
  private postgres: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly place: ClusterFolder,
    private readonly bin: string,
    readonly port: number,
  ) {}

  static async start(): Promise<ArchivedPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-backup-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'own'));
    const place = await openClusterFolder(join(folder, 'own'));
    const archived = new ArchivedPostgres(folder, place, prepareBinaries(place, undefined), await freePort());
    for (const name of ['repository', 'spool', 'lock', 'log', 'socket', 'data']) archived.makeFolder(name);
    archived.configure();
    archived.initialize();
    await archived.run();
    return archived;
  }

  /** Stops it and removes everything. */
  async close(): Promise<void> {
    await this.stop();
    rmSync(this.place.path, { recursive: true, force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @returns what pgBackRest wrote to standard output @throws Error when it does not succeed */
  pgBackRest(...args: string[]): string {
    return this.succeed(
      'pgbackrest',
      `--config=${join(this.folder, 'pgbackrest.conf')}`,
      '--stanza=aegis',
      ...args,
    );
  }

  /** Starts PostgreSQL, and waits until it takes writes. */
  async run(): Promise<void> {
    let said = '';
    const postgres = spawn(join(this.bin, 'postgres'), ['-D', join(this.folder, 'data')], {
      cwd: this.folder,
      env: this.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...this.place.account,
    });
    this.postgres = postgres;
    postgres.stderr.on('data', (text: Buffer) => (said += text.toString()));
    await until('PostgreSQL takes writes', async () => {
      if (postgres.exitCode !== null) throw new Error(`PostgreSQL ended:\n${said}`);
      const [row] = await this.query('SELECT pg_is_in_recovery() AS recovers').catch(() => [
        { recovers: true },
      ]);
      return row?.recovers === false;
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const { postgres } = this;
    if (postgres?.exitCode !== null || postgres.signalCode !== null) return;
    const ended = once(postgres, 'exit');
    postgres.kill(signal);
    await ended;
  }

  /** What is left of a machine that burnt: nothing of the database, all of the repository. */
  async destroy(): Promise<void> {
    await this.stop('SIGQUIT');
    rmSync(join(this.folder, 'data'), { recursive: true, force: true });
    this.makeFolder('data');
  }

  /** As the superuser. */
  async query(sql: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url('postgres', database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** URL of a database, as a role; every password is accepted. */
  url(role: string, database: string): string {
    return `postgres://${role}:a-password-for-tests@127.0.0.1:${this.port}/${database}`;
  }

  private initialize(): void {
    this.succeed(
      join(this.bin, 'initdb'),
      '--pgdata',
      join(this.folder, 'data'),
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
    );
    writeFileSync(
      join(this.folder, 'data/postgresql.conf'),
      [
        // As it is, except for where the settings of pgBackRest are.
        readFileSync(join(FILES, 'postgresql.conf'), 'utf8').replace(
          'pgbackrest ',
          `pgbackrest --config=${join(this.folder, 'pgbackrest.conf')} `,
        ),
        `port = ${this.port}`,
        `listen_addresses = '127.0.0.1'`,
        `unix_socket_directories = '${join(this.folder, 'socket')}'`,
      ].join('\n'),
    );
  }

  private makeFolder(name: string): void {
    const { account } = this.place;
    mkdirSync(join(this.folder, name), { mode: 0o700 });
    if (account !== undefined) chownSync(join(this.folder, name), account.uid, account.gid);
  }

  /** Ours, with a folder in the place of the bucket, and the folders of this test. */
  private configure(): void {
    const { folder } = this;
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
      `${text}pg1-port=${this.port}\npg1-socket-path=${join(folder, 'socket')}\npg1-user=postgres\n`,
    );
  }

  private get environment(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: this.folder, LC_ALL: 'C' };
  }

  private succeed(program: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: this.environment,
      ...this.place.account,
    });
    if (status !== 0)
      throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }
}

/**
 * Waits for a moment that pgBackRest distinguishes from one before: it knows the end of a backup to the second.
 * @returns that moment, as PostgreSQL writes it
 */
export async function nextSecond(postgres: ArchivedPostgres): Promise<string> {
  const [before] = await postgres.query(`SELECT clock_timestamp()::text AS moment`);
  let moment = '';
  await until('the next second', async () => {
    const [now] = await postgres.query(
      `SELECT clock_timestamp()::text AS moment,
              date_trunc('second', clock_timestamp()) > date_trunc('second', timestamptz '${String(before?.moment)}') AS is_later`,
    );
    moment = String(now?.moment);
    return now?.is_later === true;
  });
  return moment;
}
