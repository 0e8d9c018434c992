import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@aegis/embedded-postgres';
import { readPrivateKey } from '@aegis/signing';
import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client as SqlClient } from 'pg';
import { anApiKey, verdictOf } from '../../support/factories';
import { Client } from '../../support/requests/client';
import { CommandLine } from '../../support/processes/command-line';
import { emptyDatabase } from '../../support/database/database';
import { signed } from '../../support/keys/forger';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';
import { VERSION } from '../../support/version';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

const PEPPER = 'v1:0123456789abcdef0123456789abcdef';
const NEXT_PEPPER = 'v2:fedcba9876543210fedcba9876543210';
const PASSPHRASE = 'a passphrase for tests';
const STRONG_PASSPHRASE = 'zp3Nq0RrVx1cT8mWb5Hs';
const STACK = /^\s+at .*:\d+:\d+/m;

describe('aegis', () => {
  let folder: string;
  let aegis: CommandLine;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-cli-'));
    aegis = new CommandLine(folder);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  describe('usage', () => {
    it('explains itself, and each command with its options', async () => {
      const help = await aegis.run('--help');
      expect(help).toMatchObject({ exitCode: 0, stderr: '' });
      for (const command of ['keys', 'api-keys', 'licenses', 'migrate', 'import', 'audit', 'rotate-secrets'])
        expect(help.stdout).toContain(command);
      const create = await aegis.run('api-keys', 'create', '--help');
      expect(create.exitCode).toBe(0);
      for (const option of ['--name', '--scopes', '--description', '--expires-at', '--rate-limit', '--json'])
        expect(create.stdout).toContain(option);
    });

    it('prints its version', async () => {
      expect(await aegis.run('--version')).toEqual({ exitCode: 0, stdout: `${VERSION}\n`, stderr: '' });
    });

    it.each([
      [['keyss']],
      [['keys', 'make']],
      [['keys', 'generate', '--force']],
      [['keys', 'generate', 'too', 'many']],
      [['api-keys', 'create', '--name', 'ci']],
      [['api-keys', 'create', '--name', 'ci', '--scopes', 'licenses:read', '--rate-limit', '1e3']],
      [['api-keys', 'create', '--name', 'ci', '--scopes', 'licenses:read', '--rate-limit', '0']],
      [['api-keys', 'create', '--name', 'ci', '--scopes', 'licenses:all']],
      [['api-keys', 'create', '--name', 'ci', '--scopes', 'admin,admin']],
      [['api-keys', 'create', '--name', '', '--scopes', 'admin']],
      [['api-keys', 'create', '--name', 'ci', '--scopes', 'admin', '--expires-at', 'tomorrow']],
      [['api-keys', 'delete']],
      [['api-keys', 'update', '0aZ9bY8cX7dW']],
      [['api-keys', 'update', '0aZ9bY8cX7dW', '--force']],
      [['api-keys', 'update', '0aZ9bY8cX7dW', '--activate', '--deactivate']],
      [['api-keys', 'update', '0aZ9bY8cX7dW', '--scopes', '']],
      [['api-keys', 'update', '0aZ9bY8cX7dW', '--rate-limit', 'none']],
      [['api-keys', 'update', '0aZ9bY8cX7dW', '--expires-at', 'soon']],
      [['api-keys', 'create', '--name', ' \u200b', '--scopes', 'admin']],
      [['api-keys', 'create', '--name', 'a\nb', '--scopes', 'admin']],
      [['api-keys', 'create', '--name', 'a', '--scopes', 'admin', '--description', ' ']],
      [
        [
          'api-keys',
          'create',
          '--name',
          'a',
          '--scopes',
          'admin',
          '--expires-at',
          '9999-12-31T23:59:59-01:00',
        ],
      ],
      [['api-keys', 'update', 'short', '--activate']],
      [['api-keys', 'delete', 'short']],
      [['api-keys', 'rotate', 'short']],
      [['keys', 'compromise', 'old', '--after', '0001-01-01T00:00:00+01:00', '--yes']],
      [['audit', 'export', 'new.ndjson', '--since', '9999-12-31T23:59:59-01:00']],
      [['audit', 'export', 'new.ndjson', '--until', '0001-01-01T00:00:00+01:00']],
      [['api-keys', 'rotate']],
      [['api-keys', 'rotate', '0aZ9bY8cX7dW', '--grace-seconds', '604801']],
      [['api-keys', 'rotate', '0aZ9bY8cX7dW', '--grace-seconds', '-1']],
      [['licenses', 'resign']],
      [['licenses', 'resign', '--key', 'old', '--rate', '1.5']],
      [['audit', 'verify', '--since', '0']],
      [['audit', 'verify', '--shipped', 'missing.txt']],
      [['audit', 'verify', '--keys', 'missing.json']],
      [['audit', 'export']],
      [['audit', 'drop', '--before', '2020-01']],
      [['audit', 'drop', '--before', '2020-13', '--export', 'missing.ndjson', '--yes']],
      [['audit', 'drop', '--before', '2999-01', '--export', 'missing.ndjson', '--yes']],
      [['audit', 'export', 'x.ndjson', '--since', 'yesterday']],
      [['audit', 'verify-export', 'missing.ndjson']],
      [['audit', 'verify-export', 'missing.ndjson', '--keys', 'missing.json']],
      [['import', 'licenses']],
      [['import', 'licenses', 'missing.jsonl']],
      [['import', 'licenses', '.']],
      [[]],
    ])('refuses %j with exit code 2', async (args) => {
      const { exitCode, stdout, stderr } = await aegis.run(...args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).not.toBe('');
      expect(stderr).not.toMatch(STACK);
    });

    it('answers one JSON document for a refusal too', async () => {
      const { exitCode, stdout } = await aegis.run('import', 'licenses', 'missing.jsonl', '--json');
      expect(exitCode).toBe(2);
      expect(JSON.parse(stdout)).toEqual({
        error: { code: 'usage', message: "missing.jsonl can't be read (ENOENT)." },
      });
      expect(JSON.parse((await aegis.run('keys', 'generate', '--what', '--json')).stdout)).toMatchObject({
        error: { code: 'usage' },
      });
    });

    it('takes one public key from a file, not the first of several', async () => {
      const pem = (): string =>
        generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
      writeFileSync(join(folder, 'two.pem'), pem() + pem());
      const { exitCode, stderr } = await aegis.run('audit', 'verify', '--keys', 'two.pem');
      expect(exitCode).toBe(2);
      expect(stderr).toContain('two.pem');
    });

    it('names a setting that is wrong, and not its value', async () => {
      const { exitCode, stderr } = await aegis
        .with({ DATABASE_URL: 'mysql://root:hunter2@db/x' })
        .run('migrate', 'status');
      expect(exitCode).toBe(2);
      expect(stderr).toContain('DATABASE_URL');
      expect(stderr).not.toContain('hunter2');
    });
  });

  describe('keys generate', () => {
    it('makes an encrypted pair, each time with a new id', async () => {
      const month = new Date().toISOString().slice(0, 7);
      const keysDir = join(folder, 'keys');
      const generating = aegis.with({ KEY_PASSPHRASE: STRONG_PASSPHRASE });
      for (const kid of [`aegis-${month}`, `aegis-${month}-2`]) {
        const { exitCode, stdout, stderr } = await generating.run('keys', 'generate', '--json');
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
        const answer = JSON.parse(stdout);
        expect(answer).toMatchObject({
          key_id: kid,
          private_key_file: join(keysDir, `${kid}.private.pem`),
          public_key_file: join(keysDir, `${kid}.public.pem`),
        });
        const { publicKey } = await readPrivateKey(keysDir, kid, STRONG_PASSPHRASE);
        const { x } = publicKey.export({ format: 'jwk' });
        expect(answer.public_key.x).toBe(x);
        // RFC 7638, written out.
        const members = `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`;
        expect(answer.thumbprint).toBe(createHash('sha256').update(members).digest('base64url'));
        expect(statSync(answer.private_key_file).mode & 0o777).toBe(0o600);
      }
    });

    it('says where a key of development is, and that production reads its settings first', async () => {
      const { exitCode, stdout } = await aegis
        .with({ ENVIRONMENT: undefined, KEYS_DIR: undefined })
        .run('keys', 'generate', '--key-id', 'k-1');
      expect(exitCode).toBe(0);
      expect(stdout).toContain('This is a key of development');
      expect(stdout).toContain(join(folder, 'keys'));
      expect(stdout).toContain('docs/production.md');
    });

    it('works in production without a database or any other setting', async () => {
      writeFileSync(join(folder, 'passphrase'), `${STRONG_PASSPHRASE}\n`, { mode: 0o600 });
      const { exitCode, stdout, stderr } = await aegis
        .with({
          ENVIRONMENT: 'production',
          KEYS_DIR: 'safe',
          KEY_PASSPHRASE_FILE: join(folder, 'passphrase'),
        })
        .run('keys', 'generate', '--key-id', 'k-1');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain('KEY_ID=k-1');
      expect(stdout).not.toContain('development');
      expect(stdout).not.toContain(STRONG_PASSPHRASE);
      await readPrivateKey(join(folder, 'safe'), 'k-1', STRONG_PASSPHRASE);
    });

    it('imports a private key next to its public file, and answers as for a new key', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const keysDir = join(folder, 'keys');
      mkdirSync(keysDir, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, 'v08.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
        mode: 0o600,
      });
      writeFileSync(join(keysDir, 'v08-key.public.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
      const { exitCode, stdout, stderr } = await aegis
        .with({ KEY_PASSPHRASE: STRONG_PASSPHRASE })
        .run('keys', 'adopt-private', 'v08-key', '--file', 'v08.pem', '--json');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({
        key_id: 'v08-key',
        private_key_file: join(keysDir, 'v08-key.private.pem'),
        public_key_file: join(keysDir, 'v08-key.public.pem'),
        public_key: { kid: 'v08-key', x: publicKey.export({ format: 'jwk' }).x },
      });
      await readPrivateKey(keysDir, 'v08-key', STRONG_PASSPHRASE);
    });

    it('never overwrites', async () => {
      const generating = aegis.with({ KEY_PASSPHRASE: STRONG_PASSPHRASE });
      await generating.run('keys', 'generate', '--key-id', 'k-1');
      const before = readFileSync(join(folder, 'keys', 'k-1.private.pem'), 'utf8');
      const { exitCode, stderr } = await generating.run('keys', 'generate', '--key-id', 'k-1');
      expect(exitCode).toBe(2);
      expect(stderr).toContain('k-1.private.pem');
      expect(readFileSync(join(folder, 'keys', 'k-1.private.pem'), 'utf8')).toBe(before);
    });

    it.each([
      ['no passphrase and no terminal to ask at', {}, 'KEY_PASSPHRASE'],
      ['a short passphrase', { KEY_PASSPHRASE: 'short' }, '16'],
      ['a placeholder', { KEY_PASSPHRASE: 'changeme-changeme-changeme' }, 'placeholder'],
      [
        'a database that is not safe',
        { KEY_PASSPHRASE: STRONG_PASSPHRASE, DATABASE_URL: 'postgres://a:b@db/x' },
        'verify-full',
      ],
    ])('refuses in production %s', async (_, variables, rule) => {
      const { exitCode, stderr } = await aegis
        .with({ ENVIRONMENT: 'production', ...variables })
        .run('keys', 'generate');
      expect(exitCode).toBe(2);
      expect(stderr).toContain(rule);
      expect(() => statSync(join(folder, 'keys'))).toThrow('ENOENT');
    });

    it.each(['../k', '.hidden', 'a b', 'k'.repeat(51)])('refuses the id %j', async (kid) => {
      const { exitCode } = await aegis
        .with({ KEY_PASSPHRASE: STRONG_PASSPHRASE })
        .run('keys', 'generate', '--key-id', kid);
      expect(exitCode).toBe(2);
    });
  });

  describe('migrate', () => {
    it('applies, lists and undoes migrations', async () => {
      const database = await emptyDatabase();
      try {
        const migrating = aegis.with({
          ENVIRONMENT: 'test',
          DATABASE_URL: database.applicationUrl,
          MIGRATION_DATABASE_URL: database.ownerUrl,
        });
        const before = await migrating.run('migrate', 'status', '--json');
        expect(before.exitCode).toBe(1);
        const { migrations, pending } = JSON.parse(before.stdout) as {
          migrations: { name: string }[];
          pending: number;
        };
        expect(pending).toBeGreaterThan(0);
        expect(migrations).toHaveLength(pending);
        expect(migrations[0]).toEqual({ name: 'CreateCustomers1763856000000', applied: false });

        const { exitCode, stdout } = await migrating.run('migrate', 'up', '--json');
        expect(exitCode).toBe(0);
        expect(JSON.parse(stdout).applied).toHaveLength(pending);
        expect(JSON.parse((await migrating.run('migrate', 'up', '--json')).stdout)).toEqual({ applied: [] });
        expect(await migrating.run('migrate', 'status')).toMatchObject({
          exitCode: 0,
          stdout: expect.stringContaining('0 pending'),
        });

        const production = migrating.with({ ENVIRONMENT: 'production' });
        expect((await production.run('migrate', 'down')).exitCode).toBe(2);
        expect(
          (await production.with({ MIGRATION_DATABASE_URL: undefined }).run('migrate', 'up')).exitCode,
        ).toBe(2);
        expect((await production.run('migrate', 'status')).exitCode).toBe(0);

        const newest = migrations.at(-1)!.name;
        expect(JSON.parse((await migrating.run('migrate', 'down', '--yes', '--json')).stdout)).toEqual({
          undone: newest,
        });
        expect(await migrating.run('migrate', 'status')).toMatchObject({
          exitCode: 1,
          stdout: expect.stringContaining(`pending  ${newest}`),
        });
        const { exitCode: refused, stderr } = await migrating
          .with({ MIGRATE_ON_START: 'false' })
          .run('api-keys', 'list');
        expect(refused).toBe(2);
        expect(stderr).toContain('aegis migrate up');
      } finally {
        await database.drop();
      }
    });

    it('ends with exit code 3 when the database cannot be reached', async () => {
      const away = aegis.with({ DATABASE_URL: 'postgres://aegis_app:hunter2@127.0.0.1:1/aegis' });
      for (const args of [
        ['migrate', 'status'],
        ['migrate', 'up'],
        ['api-keys', 'list'],
        ['audit', 'verify'],
        ['audit', 'export', '-'],
      ]) {
        const { exitCode, stdout, stderr } = await away.run(...args, '--json');
        expect(exitCode).toBe(3);
        expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'database_unavailable' } });
        expect(stderr).not.toMatch(STACK);
        expect(stderr).not.toContain('hunter2');
      }
      expect((await away.with({ LOG_LEVEL: 'debug' }).run('migrate', 'status')).stderr).toMatch(STACK);
    });
  });

  describe("with a server's database", () => {
    let server: TestServer;
    let sql: SqlClient;
    let admin: Client;
    let here: CommandLine;

    beforeAll(async () => {
      server = await testServer();
      sql = await superuserOf(server);
      admin = new Client(server.url, server.adminKey);
    });
    afterAll(async () => {
      await sql.end();
      await server.close();
    });
    beforeEach(() => {
      here = aegis.with({
        ENVIRONMENT: 'test',
        DATABASE_URL: server.database.applicationUrl,
        MIGRATION_DATABASE_URL: server.database.ownerUrl,
        KEYS_DIR: server.keysDir,
        KEY_PASSPHRASE: PASSPHRASE,
        API_KEY_PEPPERS: PEPPER,
      });
    });

    describe('api-keys', () => {
      it('makes a key that the server accepts, lists it without its secret, deletes it', async () => {
        const made = await here.run(
          ...['api-keys', 'create', '--name', 'shop', '--scopes', 'licenses:issue, customers:write'],
          ...[
            '--description',
            'Web shop',
            '--expires-at',
            '2099-01-01T00:00:00+01:00',
            '--rate-limit',
            '250',
          ],
          '--json',
        );
        expect(made).toMatchObject({ exitCode: 0, stderr: '' });
        const { key, ...shown } = JSON.parse(made.stdout) as { key: string; id: string };
        expect(key).toMatch(/^aegis_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
        expect(shown).toEqual({
          id: key.slice(11, 23),
          name: 'shop',
          description: 'Web shop',
          scopes: ['licenses:issue', 'customers:write'],
          prefix: key.slice(0, 23),
          previous_valid_until: null,
          is_active: true,
          rate_limit_per_minute: 250,
          expires_at: '2098-12-31T23:00:00.000Z',
          last_used_at: null,
          usage_count: 0,
          created_at: expect.any(String),
          created_by: expect.stringMatching(/^cli:./),
        });
        const shop = new Client(server.url, key);
        const customer = await shop.post('/api/v1/customers', { id: randomUUID(), name: 'Acme' });
        expect(customer.status).toBe(201);

        const listed = await here.run('api-keys', 'list', '--json');
        const { api_keys } = JSON.parse(listed.stdout) as { api_keys: { id: string }[] };
        expect(api_keys.map(({ id }) => id)).toContain(shown.id);
        const text = await here.run('api-keys', 'list');
        expect(text.stdout).toContain('shop');
        expect(listed.stdout + text.stdout).not.toContain(key.slice(24));
        const madeByIt = await here.run('api-keys', 'list', '--made-by', shown.id, '--json');
        expect(JSON.parse(madeByIt.stdout)).toEqual({ api_keys: [], total: 0 });
        expect((await here.run('api-keys', 'list', '--made-by', 'shop')).exitCode).toBe(2);

        expect((await here.run('api-keys', 'delete', shown.id, '--yes')).exitCode).toBe(0);
        expect((await shop.post('/api/v1/customers', { id: 'x', name: 'Acme' })).status).toBe(401);
        expect(await here.run('api-keys', 'delete', shown.id, '--yes')).toMatchObject({
          exitCode: 1,
          stdout: '',
        });
      });

      async function aKey(...scopes: string[]): Promise<{ id: string; key: string; client: Client }> {
        const { id, key } = await anApiKey(admin, { name: 'ci', scopes });
        return { id, key, client: new Client(server.url, key) };
      }

      it('changes a key with effect from the next request', async () => {
        const { id, client } = await aKey('licenses:read');
        const changed = await here.run(
          ...['api-keys', 'update', id, '--name', 'shop', '--description', 'Web shop'],
          ...['--scopes', 'stats:read, customers:read', '--expires-at', '2099-01-01T00:00:00Z'],
          ...['--rate-limit', '250', '--json'],
        );
        expect(changed).toMatchObject({ exitCode: 0, stderr: '' });
        expect(JSON.parse(changed.stdout)).toMatchObject({
          id,
          name: 'shop',
          description: 'Web shop',
          scopes: ['stats:read', 'customers:read'],
          expires_at: '2099-01-01T00:00:00.000Z',
          rate_limit_per_minute: 250,
          is_active: true,
        });
        expect((await client.get('/api/v1/admin/stats')).status).toBe(200);
        expect((await client.get('/api/v1/licenses')).status).toBe(403);

        const emptied = await here.run(
          ...['api-keys', 'update', id, '--description', '', '--expires-at', 'never'],
          ...['--rate-limit', 'default', '--deactivate'],
        );
        expect(emptied).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('inactive') });
        expect((await admin.get(`/api/v1/admin/api-keys/${id}`)).body).toMatchObject({
          name: 'shop',
          description: null,
          expires_at: null,
          rate_limit_per_minute: null,
          is_active: false,
        });
        expect((await client.get('/api/v1/me')).status).toBe(401);
        expect((await here.run('api-keys', 'update', id, '--activate')).exitCode).toBe(0);
        expect((await client.get('/api/v1/me')).status).toBe(200);
        expect(await here.run('api-keys', 'update', '000000000000', '--activate')).toMatchObject({
          exitCode: 1,
          stdout: '',
        });
      });

      it('rotates a key, at once or with a grace', async () => {
        const { id, client } = await aKey('licenses:read');
        const rotated = await here.run('api-keys', 'rotate', id, '--grace-seconds', '60', '--json');
        expect(rotated).toMatchObject({ exitCode: 0, stderr: '' });
        const { key, ...shown } = JSON.parse(rotated.stdout) as { key: string };
        expect(shown).toEqual((await admin.get(`/api/v1/admin/api-keys/${id}`)).body);
        const second = new Client(server.url, key);
        for (const by of [client, second]) expect((await by.get('/api/v1/me')).status).toBe(200);

        const listed = await here.run('api-keys', 'list');
        expect(listed.stdout).toMatch(new RegExp(`^${id} .*the previous secret is valid until 20`, 'm'));
        const ended = await here.run('api-keys', 'update', id, '--end-grace', '--json');
        expect(JSON.parse(ended.stdout)).toMatchObject({ id, previous_valid_until: null });
        expect((await client.get('/api/v1/me')).status).toBe(401);
        expect((await second.get('/api/v1/me')).status).toBe(200);

        // Without a grace that runs, nothing ends, which it says.
        const row = `${id} `;
        const nothing = await here.run('api-keys', 'update', id, '--end-grace');
        expect(nothing).toMatchObject({ exitCode: 0, stderr: '' });
        expect(nothing.stdout.split('\n')).toEqual([
          'No previous secret was valid.',
          'Nothing changed: the key has these values already:',
          expect.stringMatching(row),
          '',
        ]);
        const named = await here.run('api-keys', 'update', id, '--end-grace', '--name', 'another name');
        expect(named.stdout).toMatch(/^No previous secret was valid\.\nAPI key changed:\n/);
        const same = await here.run('api-keys', 'update', id, '--name', 'another name');
        expect(same.stdout).toMatch(/^Nothing changed: the key has these values already:\n/);

        const { exitCode, stdout } = await here.run('api-keys', 'rotate', id);
        const [third = ''] = /aegis_test_\S+/.exec(stdout) ?? [];
        expect(exitCode).toBe(0);
        for (const by of [client, second]) expect((await by.get('/api/v1/me')).status).toBe(401);
        expect((await new Client(server.url, third).get('/api/v1/me')).status).toBe(200);
        expect((await here.run('api-keys', 'rotate', '000000000000')).exitCode).toBe(1);
      });

      it('changes the pepper without new API keys, and says when the older pepper can be removed', async () => {
        const [used, unused] = [await aKey('licenses:read'), await aKey('licenses:read')];
        await sql.query('DELETE FROM idempotency_keys');
        await sql.query('DELETE FROM api_keys WHERE id <> ALL($1)', [
          [used.id, unused.id, server.adminKey.slice(11, 23)],
        ]);
        expect(await here.run('api-keys', 'peppers')).toMatchObject({
          exitCode: 0,
          stdout: 'v1 (current), 3 key(s)\nThere is no older pepper.\n',
        });

        const both = { API_KEY_PEPPERS: `${NEXT_PEPPER},${PEPPER}` };
        const next = await testServer({
          database: server.database,
          keysDir: server.keysDir,
          variables: both,
        });
        try {
          for (const key of [used.key, server.adminKey])
            expect((await new Client(next.url, key).get('/api/v1/me')).status).toBe(200);
          await new Client(next.url, server.adminKey).post(
            '/api/v1/admin/api-keys',
            { name: 'new', scopes: ['licenses:read'] },
            { 'Idempotency-Key': 'the-last-one' },
          );
        } finally {
          await next.close();
        }
        const there = here.with(both);
        const notYet = await there.run('api-keys', 'peppers', '--json');
        expect(notYet.exitCode).toBe(1);
        expect(JSON.parse(notYet.stdout)).toEqual({
          keys_left_behind: [
            {
              id: unused.id,
              name: 'ci',
              pepper_version: 'v1',
              is_active: true,
              expires_at: null,
              last_used_at: null,
            },
          ],
          peppers: [
            {
              version: 'v2',
              state: 'current',
              keys: 3,
              graces: 0,
              graces_until: null,
              remembered_answers: 1,
              remembered_answers_until: expect.stringMatching(/Z$/),
              can_be_dropped: false,
            },
            {
              version: 'v1',
              state: 'known',
              keys: 1,
              graces: 0,
              graces_until: null,
              remembered_answers: 0,
              remembered_answers_until: null,
              can_be_dropped: false,
            },
          ],
          settled: false,
        });
        const text = await there.run('api-keys', 'peppers');
        expect(text).toMatchObject({
          exitCode: 1,
          stdout: expect.stringContaining(`${unused.id}  v1  never used`),
        });

        // Anyone who keeps its secret for later gets a new one, with time to change.
        expect((await there.run('api-keys', 'rotate', unused.id, '--grace-seconds', '60')).exitCode).toBe(0);
        const graced = await there.run('api-keys', 'peppers');
        expect(graced.exitCode).toBe(1);
        expect(graced.stdout).toMatch(/^v1 \(older\), 0 key\(s\), 1 previous secret\(s\) until 20/m);
        await sql.query('UPDATE api_keys SET previous_expires_at = clock_timestamp() WHERE id = $1', [
          unused.id,
        ]);
        const settled = await there.run('api-keys', 'peppers');
        expect(settled).toMatchObject({ exitCode: 0, stderr: '' });
        expect(settled.stdout).toMatch(/Can be removed from API_KEY_PEPPERS: v1\.\n$/);

        // Too early, seen from the other side: what still depends on a pepper that was dropped.
        expect(await here.run('api-keys', 'peppers')).toMatchObject({
          exitCode: 1,
          stdout: expect.stringMatching(
            /^v2 \(not in API_KEY_PEPPERS, so everything that depends on it is refused\), 4 key/m,
          ),
        });
        await sql.query('DELETE FROM api_keys');
        const { stdout } = await here.run('api-keys', 'create', '--name', 'a', '--scopes', 'admin', '--json');
        admin = new Client(server.url, JSON.parse(stdout).key);
      });

      it('shows the secret only on standard output', async () => {
        const { stdout, stderr } = await here
          .with({ LOG_LEVEL: 'debug' })
          .run('api-keys', 'create', '--name', 'ci', '--scopes', 'licenses:read');
        const [key] = /aegis_test_\S+/.exec(stdout) ?? [];
        expect(key).toHaveLength(73);
        expect(stderr).not.toContain(key);
      });

      it("shows no control characters of a key's name", async () => {
        const create = ['api-keys', 'create', '--scopes', 'licenses:read', '--name'];
        expect(await here.run(...create, 'evil\u001b[2J')).toMatchObject({
          exitCode: 2,
          stdout: '',
          stderr: expect.stringContaining('--name must not contain control characters'),
        });
        // A key that is older than the rule.
        await here.run(...create, 'old');
        await sql.query(`UPDATE api_keys SET name = E'evil\\u001b[2J' WHERE name = 'old'`);
        expect((await here.run('api-keys', 'list')).stdout).toContain('evil?[2J');
      });

      it('refuses an end in the past', async () => {
        const { exitCode, stderr } = await here.run(
          ...[
            'api-keys',
            'create',
            '--name',
            'late',
            '--scopes',
            'admin',
            '--expires-at',
            '2020-01-01T00:00:00Z',
          ],
        );
        expect(exitCode).toBe(1);
        expect(stderr).toContain('expires_at');
      });

      it('deletes the last admin key only when forced, and can then make a new one', async () => {
        const { rows } = await sql.query<{ id: string }>(
          `SELECT id FROM api_keys WHERE 'admin' = ANY(scopes) AND is_active`,
        );
        expect(rows).toHaveLength(1);
        const refused = await here.run('api-keys', 'delete', rows[0]!.id, '--yes', '--json');
        expect(refused.exitCode).toBe(1);
        expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'last_admin_key' } });
        const weakened = await here.run('api-keys', 'update', rows[0]!.id, '--deactivate');
        expect(weakened).toMatchObject({ exitCode: 1, stdout: '' });
        expect((await admin.get('/api/v1/admin/api-keys')).status).toBe(200);

        expect((await here.run('api-keys', 'delete', rows[0]!.id, '--force', '--yes')).exitCode).toBe(0);
        expect((await admin.get('/api/v1/admin/api-keys')).status).toBe(401);
        const made = await here.run('api-keys', 'create', '--name', 'back', '--scopes', 'admin', '--json');
        const { id, key } = JSON.parse(made.stdout) as { id: string; key: string };
        const back = new Client(server.url, key);
        expect((await back.get('/api/v1/admin/api-keys')).status).toBe(200);
        expect((await here.run('api-keys', 'update', id, '--deactivate', '--force')).exitCode).toBe(0);
        expect((await back.get('/api/v1/admin/api-keys')).status).toBe(401);
      });

      it('needs in production only the pepper, and no signing key, passphrase or address', async () => {
        const production = here.with({
          ENVIRONMENT: 'production',
          KEYS_DIR: join(folder, 'none'),
          KEY_PASSPHRASE: undefined,
          MIGRATION_DATABASE_URL: undefined,
        });
        const create = ['api-keys', 'create', '--name', 'p', '--scopes', 'licenses:read'];
        const made = await production.run(...create);
        expect(made).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('aegis_production_') });
        expect(() => statSync(join(folder, 'none'))).toThrow('ENOENT');
        const refused = await production.with({ API_KEY_PEPPERS: undefined }).run(...create);
        expect(refused.exitCode).toBe(2);
        expect(refused.stderr).toContain('API_KEY_PEPPERS');
      });
    });

    describe('import licenses', () => {
      let old: KeyObject | undefined;
      const predecessor = join(__dirname, '../../data/predecessor');
      const token = readFileSync(join(predecessor, 'example-perpetual.jwt'), 'utf8').trim();

      beforeEach(async () => {
        if (old) return;
        const pair = generateKeyPairSync('ed25519');
        old = pair.privateKey;
        writeFileSync(
          join(server.keysDir, 'old.public.pem'),
          pair.publicKey.export({ type: 'spki', format: 'pem' }),
        );
        // The one from KEYS_DIR, the other from where it is.
        expect(await here.run('keys', 'adopt', 'old')).toMatchObject({ exitCode: 0 });
        const file = join(predecessor, 'aegis-2026-01.public.pem');
        const adopted = await here.run('keys', 'adopt', 'aegis-2026-01', '--file', file, '--json');
        expect(adopted).toMatchObject({ exitCode: 0, stderr: '' });
        expect(JSON.parse(adopted.stdout)).toMatchObject({
          kid: 'aegis-2026-01',
          state: 'retired',
          changed: true,
          jwk: { x: 'r_l-QD7J4jA4fZvIEIlfpH2DcDicMTCT9pjBGpgUr84' },
        });
      });

      it('adopts a key once, with a record that names who did it, and only if KEYS_DIR has it', async () => {
        const again = await here.run('keys', 'adopt', 'old');
        expect(again).toMatchObject({
          exitCode: 0,
          stdout: 'Signing key old is on record already: retired.\n',
        });
        const { rows } = await sql.query(
          `SELECT actor LIKE 'cli:%' AS by_hand FROM audit_logs WHERE event_type = 'signing_key.adopted'`,
        );
        expect(rows).toEqual([{ by_hand: true }, { by_hand: true }]);
        const missing = await here.run('keys', 'adopt', 'k-missing');
        expect(missing).toMatchObject({
          exitCode: 2,
          stderr: expect.stringMatching(
            /^KEYS_DIR has no k-missing\.public\.pem \(there: .*old\)\. Name the file/,
          ),
        });
      });

      const aLine = (fields: object = {}): string =>
        JSON.stringify({
          token: signed(
            old!,
            { alg: 'EdDSA', typ: 'JWT', kid: 'old' },
            {
              jti: randomUUID(),
              iss: 'https://license.biz4a.com',
              iat: 1_700_000_000,
              customer: { id: 'imported', name: 'Imported' },
              module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
              license_type: 'perpetual',
            },
          ),
          ...fields,
        });
      const codeOf = (): Promise<string> =>
        verdictOf(new Client(server.url), token, { module_name: 'biz4a_payroll_drc' });
      const count = async (): Promise<number> => {
        const { rows } = await sql.query<{ count: number }>('SELECT count(*)::int FROM licenses');
        return rows[0]!.count;
      };

      it("takes the predecessor's license, which then validates, and its revocation", async () => {
        writeFileSync(join(folder, 'licenses.jsonl'), `${JSON.stringify({ token })}\n`);
        expect(await here.run('import', 'licenses', 'licenses.jsonl')).toEqual({
          exitCode: 0,
          stdout: '1 imported, 0 revoked, 0 unchanged, 0 refused\n',
          stderr: '',
        });
        expect(await codeOf()).toBe('VALID');
        const line = JSON.stringify({ token, status: 'REVOKED' });
        const { exitCode, stdout } = await here.feed(line, 'import', 'licenses', '-', '--json');
        expect(exitCode).toBe(0);
        expect(JSON.parse(stdout)).toEqual({
          refusals: [],
          imported: 0,
          revoked: 1,
          completed: 0,
          unchanged: 0,
          refused: 0,
        });
        expect(await codeOf()).toBe('REVOKED');
      });

      it('reports refused lines one by one and imports the others', async () => {
        const before = await count();
        const lines = [aLine(), '', '{"token": 1}', aLine(), aLine({ customer_id: 'x' })].join('\n');
        const { exitCode, stdout } = await here.feed(lines, 'import', 'licenses', '-');
        expect(exitCode).toBe(1);
        const [third, fifth, summary] = stdout.split('\n');
        expect(third).toMatch(/^line 3: invalid_field: token .+\.$/);
        expect(fifth).toMatch(/^line 5: unknown_field: .*customer_id.*\.$/);
        expect(summary).toBe('2 imported, 0 revoked, 0 unchanged, 2 refused');
        expect(await count()).toBe(before + 2);
      });

      it('imports nothing when it is atomic and a line is refused', async () => {
        const before = await count();
        const lines = [aLine(), 'null', aLine()].join('\n');
        const { exitCode, stdout } = await here.feed(lines, 'import', 'licenses', '-', '--atomic', '--json');
        expect(exitCode).toBe(1);
        expect(JSON.parse(stdout)).toEqual({
          refusals: [{ line: 2, code: 'malformed_line', message: expect.any(String) }],
          imported: 0,
          revoked: 0,
          completed: 0,
          unchanged: 0,
          refused: 1,
        });
        expect(await count()).toBe(before);
      });

      it.each(['SIGINT', 'SIGTERM'] as const)('undoes an open transaction at %s', async (signal) => {
        const before = await count();
        const running = here.start('import', 'licenses', '-', '--atomic');
        running.process.stdin!.write(Array.from({ length: 250 }, () => `${aLine()}\n`).join(''));
        await until('a batch is written', async () => {
          const { rows } = await sql.query(
            `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'aegis'
             AND state = 'idle in transaction' AND backend_xid IS NOT NULL`,
          );
          return rows.length > 0;
        });
        running.process.kill(signal);
        expect((await running.ended).exitCode).toBe(signal === 'SIGINT' ? 130 : 143);
        expect(await count()).toBe(before);
      });

      it('continues when nobody reads its answer', async () => {
        const before = await count();
        const running = here.start('import', 'licenses', '-');
        running.process.stdout!.destroy();
        const lines = Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? 'null' : aLine()));
        running.process.stdin!.end(lines.join('\n'));
        expect(await running.ended).toMatchObject({ exitCode: 1, stderr: '' });
        expect(await count()).toBe(before + 150);
      });
    });
  });

  describe('with the embedded database', () => {
    it('starts it, sets it up, and releases it at the end and at SIGINT', async () => {
      const dataDir = join(folder, 'data');
      const embedded = aegis.with({ ENVIRONMENT: 'test', DATA_DIR: dataDir, LOG_LEVEL: 'warn' });
      mkdirSync(dataDir);
      const isReleased = async (): Promise<boolean> => {
        const postgres = await startEmbeddedPostgres({ dataDir, durable: false });
        await postgres.release();
        return !postgres.adopted;
      };
      try {
        const made = await embedded.run('api-keys', 'create', '--name', 'first', '--scopes', 'admin');
        expect(made).toMatchObject({ exitCode: 0, stderr: '' });
        const { exitCode, stdout, stderr } = await embedded.run('api-keys', 'list', '--json');
        expect({ exitCode, stderr, answer: JSON.parse(stdout) }).toMatchObject({
          exitCode: 0,
          stderr: '',
          answer: { total: 1 },
        });
        expect(await isReleased()).toBe(true);

        const running = embedded.with({ LOG_LEVEL: 'info' }).start('import', 'licenses', '-');
        await until('the signing key is made', () =>
          Promise.resolve(running.stderr().includes('signing key made')),
        );
        running.process.kill('SIGINT');
        const ended = await running.ended;
        expect(ended).toMatchObject({ exitCode: 130, stdout: '' });
        expect(ended.stderr).not.toMatch(STACK);
        expect(await isReleased()).toBe(true);
      } finally {
        await removeEmbeddedPostgres(dataDir);
      }
    });
  });
});
