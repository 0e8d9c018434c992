import {
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@aegis/embedded-postgres';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { CertificateAuthority } from '../../support/processes/certificates';
import { Processes } from '../../support/processes/server-process';

/** What a stack, or Node itself, would print. */
const STACK = /^\s+at |node:internal|Error:/m;
const KEYS = {
  ENVIRONMENT: 'production',
  HOST: '127.0.0.1',
  PUBLIC_URL: 'https://licenses.acme.test',
  LICENSE_ISSUER: 'https://licenses.acme.test',
  KEY_PASSPHRASE: 'correct horse battery staple',
  API_KEY_PEPPERS: 'v1:5e8dd316726b0335e8dd316726b0335e',
};
const MIGRATIONS = 'migrations are pending: run `aegis migrate up`.';

// A PostgreSQL of its own: TLS is switched on and off, roles come and go.
describe('a first mistake is answered by the setting, the reason and the remedy', () => {
  const processes = new Processes();
  const dataDir = join(processes.folder, 'data');
  const socketFolder = mkdtempSync(join(tmpdir(), 'aegis-sock-'));
  const authority = new CertificateAuthority();
  const caFile = join(processes.folder, 'ca.pem');
  const otherCaFile = join(processes.folder, 'other-ca.pem');
  let postgres: EmbeddedPostgres;
  let admin: Client;
  let port = '';

  beforeAll(async () => {
    chmodSync(socketFolder, 0o777);
    postgres = await startEmbeddedPostgres({ dataDir, durable: false, socketFolder });
    ({ port } = new URL(postgres.superuserUrl));
    admin = new Client(postgres.superuserUrl);
    await admin.connect();
    writeFileSync(caFile, authority.certificate);
    writeFileSync(otherCaFile, new CertificateAuthority().certificate);
    writeFileSync(join(processes.folder, 'no-ca.pem'), 'not a certificate');
    await admin.query("CREATE ROLE nobody_yet LOGIN PASSWORD 'canary7f3a'");
    await admin.query("CREATE ROLE no_login NOLOGIN PASSWORD 'canary7f3a'");
    await admin.query('CREATE DATABASE empty OWNER aegis_owner');
  });

  afterAll(async () => {
    await admin.end();
    await postgres.release();
    await removeEmbeddedPostgres(dataDir);
    await processes.close();
    rmSync(socketFolder, { recursive: true });
  });

  /** Switches TLS on, with a certificate for this host name. */
  async function useTls(hostName: string): Promise<void> {
    const { rows } = await admin.query<{ data_directory: string }>('SHOW data_directory');
    const folder = rows[0]!.data_directory;
    const { uid, gid } = statSync(folder);
    const { certificate, privateKey } = authority.serverCertificate(hostName);
    for (const [name, content] of [
      ['server.crt', certificate],
      ['server.key', privateKey],
    ] as const) {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      chownSync(join(folder, name), uid, gid);
    }
    await admin.query('ALTER SYSTEM SET ssl = on');
    await reloaded('on');
  }

  async function reloaded(ssl: 'on' | 'off'): Promise<void> {
    await admin.query('SELECT pg_reload_conf()');
    for (;;) {
      const client = new Client(postgres.superuserUrl);
      await client.connect();
      const { rows } = await client.query<{ ssl: string }>('SHOW ssl');
      await client.end();
      if (rows[0]!.ssl === ssl) return;
    }
  }

  function url(changes: {
    user?: string;
    password?: string;
    host?: string;
    database?: string;
    query?: string;
  }): string {
    const { username, password } = new URL(postgres.applicationUrl);
    const {
      user = username,
      password: secret = changes.user === undefined ? password : 'canary7f3a',
      host = '127.0.0.1',
      database = 'empty',
      query = '',
    } = changes;
    return `postgres://${user}:${secret}@${host}:${port}/${database}${query}`;
  }

  /** What the server and the command line say: alike, without a stack and without a secret. */
  async function expectSaid(variables: Record<string, string>, message: RegExp): Promise<void> {
    const settings = { ...KEYS, DATA_DIR: join(processes.folder, 'none'), ...variables };
    const folder = processes.emptyFolder();
    const [server, line] = [
      processes.server({ ...settings, KEYS_DIR: join(folder, 'keys') }),
      processes.commandLine(settings).run('keys', 'list'),
    ];
    const [end, { exitCode, stdout, stderr }] = [await server.ended, await line];
    expect({ server: end.code, commandLine: exitCode, stdout }).toEqual({
      server: 2,
      commandLine: 2,
      stdout: '',
    });
    expect(server.stderr).toMatch(message);
    expect(stderr).toMatch(message);
    expect(server.output + stderr).not.toMatch(STACK);
    expect(server.output + stderr).not.toContain('canary7f3a');
    expect(server.output + stderr).not.toContain(new URL(postgres.applicationUrl).password);
  }

  it.each([
    [
      'a wrong password',
      { password: 'canary7f3a' },
      /^DATABASE_URL: the database refuses the role or its password \(/,
    ],
    [
      'a role that is not there',
      { user: 'missing' },
      /^DATABASE_URL: the database refuses the role or its password \(/,
    ],
    [
      'a role without LOGIN',
      { user: 'no_login' },
      /^DATABASE_URL: the database does not let this role in .*LOGIN/,
    ],
    [
      'a database that is not there',
      { database: 'missing' },
      /^DATABASE_URL: the database does not exist .*missing/,
    ],
  ])('%s', async (_, changes, message) => {
    await expectSaid({ DATABASE_URL: url(changes) }, message);
  });

  it('an unmigrated database, then a role without grants', async () => {
    await expectSaid({ DATABASE_URL: url({}) }, new RegExp(`^[0-9]+ ${MIGRATIONS}\n$`));
    const owner = new URL(postgres.ownerUrl);
    owner.pathname = '/empty';
    const aegis = processes.commandLine({ ...KEYS, DATABASE_URL: url({}) });
    const noOwner = await aegis
      .with({ MIGRATION_DATABASE_URL: url({ user: 'nobody_yet' }) })
      .run('migrate', 'up');
    expect(noOwner).toMatchObject({ exitCode: 2, stdout: '' });
    expect(noOwner.stderr).toMatch(
      /^MIGRATION_DATABASE_URL: its role is not allowed to \(.*\); name the role/,
    );

    const up = await aegis.with({ MIGRATION_DATABASE_URL: owner.href }).run('migrate', 'up');
    expect(up).toMatchObject({ exitCode: 0, stderr: '' });
    await expectSaid(
      { DATABASE_URL: url({ user: 'nobody_yet' }) },
      /^DATABASE_URL: its role lacks privileges \(.*\); run `aegis migrate up`/,
    );

    // With a part of the grants the start gets further, and fails later.
    const client = new Client({
      connectionString: url({}).replace(/\/\/[^@]*@/, `//${owner.username}:${owner.password}@`),
    });
    await client.connect();
    await client.query('GRANT USAGE ON SCHEMA public TO nobody_yet');
    await client.query('GRANT SELECT ON schema_migrations TO nobody_yet');
    await client.end();
    await expectSaid(
      { DATABASE_URL: url({ user: 'nobody_yet' }) },
      /^DATABASE_URL: its role lacks privileges \(permission denied/,
    );
  });

  it('a command that reads does not migrate in development either', async () => {
    await admin.query('CREATE DATABASE untouched OWNER aegis_owner');
    const owner = new URL(postgres.ownerUrl);
    owner.pathname = '/untouched';
    const settings = { DATABASE_URL: url({ database: 'untouched' }), MIGRATION_DATABASE_URL: owner.href };
    const { exitCode, stderr } = await processes.commandLine(settings).run('keys', 'list');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`^[0-9]+ ${MIGRATIONS}`));
    const client = new Client(owner.href);
    await client.connect();
    expect((await client.query("SELECT to_regclass('schema_migrations') AS found")).rows).toEqual([
      { found: null },
    ]);
    await client.end();
  });

  describe('of TLS', () => {
    const verify = (file?: string): string =>
      `?sslmode=verify-full${file === undefined ? '' : `&sslrootcert=${encodeURIComponent(file)}`}`;

    it('a server without it', async () => {
      await expectSaid(
        { DATABASE_URL: url({ query: verify(caFile) }) },
        /^DATABASE_URL: the server has no TLS, which sslmode requires; .*ssl = on/,
      );
    });

    it('a CA that is not named, another CA, another host name, a file that is missing or no certificate', async () => {
      await useTls('localhost');
      await expectSaid(
        { DATABASE_URL: url({ host: 'localhost', query: verify() }) },
        /^DATABASE_URL: the server's certificate is signed by a CA that is not known here \(.*\); .*sslrootcert=/,
      );
      await expectSaid(
        { DATABASE_URL: url({ host: 'localhost', query: verify(otherCaFile) }) },
        /^DATABASE_URL: the server's certificate is signed by a CA that is not known here/,
      );
      await expectSaid(
        { DATABASE_URL: url({ query: verify(caFile) }) },
        /^DATABASE_URL: the server's certificate is for another host name \(.*127\.0\.0\.1.*\); use a name/,
      );
      await expectSaid(
        { DATABASE_URL: url({ query: verify('/nowhere/ca.pem') }) },
        /DATABASE_URL: sslrootcert=\/nowhere\/ca\.pem can't be read \(ENOENT\); correct the path/,
      );
      const noCa = join(processes.folder, 'no-ca.pem');
      await expectSaid(
        { DATABASE_URL: url({ query: verify(noCa) }) },
        /DATABASE_URL: sslrootcert=.* does not contain a PEM certificate/,
      );
    });

    it('with correct settings, everything works', async () => {
      const { exitCode, stderr } = await processes
        .commandLine({ ...KEYS, DATABASE_URL: url({ host: 'localhost', query: verify(caFile) }) })
        .run('keys', 'list');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    });
  });

  it('a Unix socket works in production, and one that is not there cannot be reached', async () => {
    const { username, password } = new URL(postgres.applicationUrl);
    const socket = (folder: string): string =>
      `postgres://${username}:${password}@/empty?host=${folder}&port=${port}`;
    const aegis = processes.commandLine(KEYS);
    expect(await aegis.with({ DATABASE_URL: socket(socketFolder) }).run('keys', 'list')).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    const missing = join(processes.folder, 'no-socket');
    mkdirSync(missing);
    const away = await aegis.with({ DATABASE_URL: socket(missing) }).run('keys', 'list');
    expect(away.exitCode).toBe(3);
    expect(away.stderr).toMatch(/^The database cannot be reached or is overloaded \(connect ENOENT /);
    expect(away.stderr).not.toMatch(STACK);
  });
});
