import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { until } from '../until';
import type { CertificateAuthority } from '../processes/certificates';
import { freePort } from '../processes/free-port';
import { Child } from './child';

const BIN = '/usr/lib/postgresql/15/bin';

/** Whether Debian's package postgresql-15 is installed. */
export const hasDebianPostgres = existsSync(join(BIN, 'postgres'));

/** A PostgreSQL 15 of Debian's: durable, with TLS alone, and passwords for everybody. */
export class DebianPostgres {
  private constructor(
    private readonly child: Child,
    readonly port: number,
    private readonly password: string,
    private readonly ca: string,
  ) {}

  /**
   * @param folder that its user may enter
   * @param authority that signs its certificate, for `localhost`
   * @param password of its administrator `postgres`
   */
  static async start(
    folder: string,
    authority: CertificateAuthority,
    password: string,
  ): Promise<DebianPostgres> {
    const home = join(folder, 'postgres');
    const data = join(home, 'data');
    mkdirSync(home, { mode: 0o700 });
    const user: Partial<Ids> = process.getuid?.() === 0 ? idsOf('postgres') : {};
    const write = (name: string, text: string): void => {
      writeFileSync(join(home, name), text, { mode: 0o600 });
      if (user.uid !== undefined && user.gid !== undefined) chownSync(join(home, name), user.uid, user.gid);
    };
    const { certificate, privateKey } = authority.serverCertificate('localhost');
    write('server.crt', certificate);
    write('server.key', privateKey);
    write('password', password);
    write('pg_hba.conf', 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
    if (user.uid !== undefined && user.gid !== undefined) chownSync(home, user.uid, user.gid);
    const options = ['--username=postgres', `--pwfile=${join(home, 'password')}`, '--auth=scram-sha-256'];
    execFileSync(join(BIN, 'initdb'), ['--pgdata', data, ...options, '--encoding=UTF8', '--locale=C'], {
      ...user,
      cwd: home,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const port = await freePort();
    const settings = {
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      ssl: 'on',
      ssl_cert_file: join(home, 'server.crt'),
      ssl_key_file: join(home, 'server.key'),
      hba_file: join(home, 'pg_hba.conf'),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = new Child(join(BIN, 'postgres'), ['-D', data, ...flags], { ...user, cwd: home });
    const postgres = new DebianPostgres(child, port, password, authority.certificate);
    await until('PostgreSQL takes connections', async () => {
      child.assertRuns();
      return postgres.query('postgres', 'SELECT 1').then(
        () => true,
        () => false,
      );
    });
    return postgres;
  }

  /** Runs one statement as the administrator. */
  async query<T extends object>(database: string, statement: string, values: unknown[] = []): Promise<T[]> {
    const client = new Client({
      host: 'localhost',
      port: this.port,
      user: 'postgres',
      password: this.password,
      database,
      ssl: { ca: this.ca },
    });
    await client.connect();
    try {
      return (await client.query<T>(statement, values)).rows;
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    await this.child.end('SIGQUIT');
  }
}

interface Ids {
  uid: number;
  gid: number;
}

/** @param name of a user of this system */
function idsOf(name: string): Ids {
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
