import {
  cpSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { identifyProcess } from '../../../libs/embedded-postgres/src/process-identity';
import { PROGRAM_ENVIRONMENT } from '../../../libs/embedded-postgres/src/cluster';
import { Child } from '../../support/deployment/child';
import { freePort } from '../../support/processes/free-port';
import { until } from '../../support/until';
import { template } from './template';

/** Settings of PostgreSQL, by name, e.g. `{ max_connections: '20' }`. */
export type PostgresSettings = Readonly<Record<string, string | number>>;

/** Where a PostgreSQL keeps what it has: folders that the account which runs it may enter. */
export interface PostgresPlaces {
  /** Its data; the template's folder unless given. */
  data?: string;
  /** Its log of writes (WAL); next to the data unless given. */
  wal?: string;
}

/**
 * A PostgreSQL of a row's own: durable, and always on the same port with the same data, however often it is stopped,
 * killed and started. It has the roles, the migrated database `aegis`, the signing key and the API key of the template.
 */
export class RowPostgres {
  private child: Child | undefined;

  private constructor(
    /** Its data; below the template's folder unless given. */
    readonly dataFolder: string,
    readonly port: number,
    private readonly settings: PostgresSettings,
    private readonly walFolder: string | undefined,
  ) {}

  /**
   * Copies the template's data and starts a PostgreSQL on them.
   * @param settings besides those of every row
   * @param places where it keeps its data and its WAL
   */
  static start(settings: PostgresSettings = {}, places: PostgresPlaces = {}): Promise<RowPostgres> {
    return RowPostgres.onCopy(settings, places);
  }

  /**
   * Starts a hot standby that streams from a primary. Both are copies of the same template, so that it needs no base backup.
   * The primary must still have all of its log, which it has in a row.
   */
  static startStandby(port: number): Promise<RowPostgres> {
    const { superuser } = template().passwords;
    return RowPostgres.onCopy(
      {
        primary_conninfo: `host=127.0.0.1 port=${port} user=postgres password=${superuser}`,
        hot_standby: 'on',
      },
      {},
      ['standby.signal'],
    );
  }

  /** @param marks empty files that are put into the copy */
  private static async onCopy(
    settings: PostgresSettings,
    { data, wal }: PostgresPlaces,
    marks: readonly string[] = [],
  ): Promise<RowPostgres> {
    const { dataFolder, clusterFolder } = template();
    const copy = mkdtempSync(join(data ?? clusterFolder, 'row-'));
    const walCopy = wal === undefined ? undefined : mkdtempSync(join(wal, 'wal-'));
    cpSync(dataFolder, copy, { recursive: true, filter: (path) => wal === undefined || !isWal(path) });
    for (const mark of marks) writeFileSync(join(copy, mark), '');
    if (walCopy !== undefined) {
      cpSync(join(dataFolder, WAL), walCopy, { recursive: true });
      symlinkSync(walCopy, join(copy, WAL));
      giveToAccount(walCopy);
    }
    giveToAccount(copy);
    const postgres = new RowPostgres(copy, await freePort(), settings, walCopy);
    try {
      await postgres.start();
    } catch (error) {
      await postgres.close();
      throw error;
    }
    return postgres;
  }

  /** Under the server's role. */
  get applicationUrl(): string {
    return this.url('aegis_app', template().passwords.application);
  }

  /** Under the role that owns the schema. */
  get ownerUrl(): string {
    return this.url('aegis_owner', template().passwords.owner);
  }

  get superuserUrl(): string {
    return this.url('postgres', template().passwords.superuser);
  }

  get hasEnded(): boolean {
    return this.child?.hasEnded !== false;
  }

  /** What it said last, with its log. */
  get output(): string {
    return this.child?.output ?? '';
  }

  /** Starts it, and waits until it takes connections. */
  async start(): Promise<void> {
    this.launch();
    await this.untilUp();
  }

  /** Starts it, and does not wait. */
  launch(): void {
    const { binaries, account } = template();
    const settings = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 100,
      wal_keep_size: '256MB',
      timezone: 'UTC',
      log_timezone: 'UTC',
      ...this.settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.child = new Child(join(binaries, 'postgres'), ['-D', this.dataFolder, ...flags], {
      cwd: this.dataFolder,
      env: PROGRAM_ENVIRONMENT,
      ...account,
    });
  }

  /** Waits until it takes connections. */
  async untilUp(): Promise<void> {
    await until('PostgreSQL takes connections', async () => {
      this.child?.assertRuns();
      return this.query('SELECT 1').then(
        () => true,
        () => false,
      );
    });
  }

  /** Ends it cleanly; sessions are ended (`fast`). */
  async stop(): Promise<void> {
    this.thaw();
    await this.child?.end('SIGINT');
  }

  /** `kill -9` of every one of its processes, as a power cut would end them. */
  async kill(): Promise<void> {
    const processes = this.processes();
    this.signal(processes, 'SIGKILL');
    await until('PostgreSQL has ended', () =>
      Promise.resolve(processes.every((pid) => identifyProcess(pid) === undefined)),
    );
    await this.child?.end('SIGKILL');
  }

  /** Stops every one of its processes in the middle of whatever it does: connections stay open, nothing answers. */
  freeze(): void {
    // First the one that would start others.
    this.signal(this.processes(), 'SIGSTOP');
    this.signal(this.processes(), 'SIGSTOP');
  }

  thaw(): void {
    this.signal(this.processes(), 'SIGCONT');
  }

  /** Runs one statement as superuser, on a connection of its own. */
  async query<T extends object>(statement: string, values: unknown[] = []): Promise<T[]> {
    const client = await this.connect();
    try {
      return (await client.query<T>(statement, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** A connection as superuser; the caller ends it. @param database the server's unless given */
  async connect(database = 'aegis'): Promise<Client> {
    const url = new URL(this.superuserUrl);
    url.pathname = `/${database}`;
    const client = new Client({ connectionString: url.href, application_name: 'row' });
    // It may be cut by the row itself.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Changes settings of it while it runs, for sessions that there are as well; an empty value resets one. */
  async configure(settings: PostgresSettings): Promise<void> {
    const client = await this.connect();
    try {
      for (const [name, value] of Object.entries(settings))
        await client.query(
          value === ''
            ? `ALTER SYSTEM RESET ${escapeIdentifier(name)}`
            : `ALTER SYSTEM SET ${escapeIdentifier(name)} = ${escapeLiteral(String(value))}`,
        );
      await client.query('SELECT pg_reload_conf()');
    } finally {
      await client.end();
    }
  }

  /** How many connections the servers have. */
  async sessions(): Promise<number> {
    const [row] = await this.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'aegis_app'`,
    );
    return row?.count ?? 0;
  }

  async close(): Promise<void> {
    await this.kill();
    for (const folder of [this.dataFolder, this.walFolder])
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }

  private url(role: string, password: string): string {
    return `postgres://${role}:${password}@127.0.0.1:${this.port}/aegis`;
  }

  /** The first process, then those that it started. */
  private processes(): number[] {
    const first = this.child?.process.pid;
    if (first === undefined || this.hasEnded) return [];
    return [first, ...childrenOf(first)];
  }

  private signal(processes: readonly number[], signal: NodeJS.Signals): void {
    for (const pid of processes) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        // It has ended by itself.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}

const WAL = 'pg_wal';

function isWal(path: string): boolean {
  return basename(path) === WAL;
}

/** Makes the account that runs PostgreSQL, where it is another, the owner of a folder and all that is in it. */
function giveToAccount(folder: string): void {
  const { account } = template();
  if (account === undefined) return;
  const within = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
  for (const path of [folder, ...within]) lchownSync(path, account.uid, account.gid);
}

/** The processes that a process has started and that still run. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may have spaces.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
