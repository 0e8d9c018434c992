import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client as Database } from 'pg';
import { Peppers } from '../../../libs/api-keys/src/peppers/peppers';
import { Canaries } from '../../support/keys/canaries';
import { type Answer, Client } from '../../support/requests/client';
import { emptyDatabase, type TestDatabase } from '../../support/database/database';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomerId, type IssuedLicense } from '../../support/factories';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { WIDE_LIMITS } from '../../support/processes/wide-limits';
import { superuserOf } from '../../support/database/sql';

const TABLES = ['customers', 'licenses', 'license_tokens', 'api_keys', 'audit_logs'];

/** The role that the server connects as, with a password of the test's own. */
async function makeRole(sql: Database, password: string): Promise<string> {
  const { rows } = await sql.query<{ role: string }>(
    `SELECT 'canary_role_' || substr(md5(random()::text), 1, 8) AS role`,
  );
  const role = rows[0]!.role;
  await sql.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  return role;
}

/** All that the database holds, as text. */
async function contentOf(sql: Database): Promise<string> {
  const texts: string[] = [];
  for (const table of TABLES) {
    const { rows } = await sql.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${table} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

describe.each(['text', 'json'] as const)('a whole run logged as %s at LOG_LEVEL=debug', (format) => {
  const processes = new Processes();
  const canaries = new Canaries();
  const answers: Answer[] = [];
  /** Request ids of what failed on the server's side: the log must show them. */
  const failures = new Map<string, number>();
  let database: TestDatabase;
  let sql: Database;
  let role: string;
  let server: ServerProcess;
  let client: Client;
  let stored = '';
  let log = '';
  const keysDir = join(processes.folder, 'keys');
  const passphrase = canaries.plant('KEY_PASSPHRASE');
  const pepper = canaries.plant('pepper').padEnd(40, 'x');
  const secretsKey = canaries.plant('SECRETS_KEY').padEnd(40, 'x');

  /** Sends a request and remembers the answer. */
  async function send(
    expected: number,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    as = client,
  ): Promise<Answer> {
    const answer = await as.send(method, path, body, headers);
    expectStatus(answer, expected);
    answers.push(answer);
    if (expected >= 500) failures.set(answer.headers.get('x-request-id')!, expected);
    return answer;
  }

  beforeAll(async () => {
    database = await emptyDatabase();
    sql = await superuserOf({ database });
    const password = canaries.plant('password in DATABASE_URL');
    role = await makeRole(sql, password);
    const url = new URL(database.applicationUrl);
    url.username = role;
    url.password = password;
    canaries.watch('password in MIGRATION_DATABASE_URL', new URL(database.ownerUrl).password);
    server = processes.server({
      DATABASE_URL: url.href,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      KEYS_DIR: keysDir,
      DATA_DIR: join(processes.folder, 'data'),
      KEY_PASSPHRASE: passphrase,
      API_KEY_PEPPERS: `v1:${pepper}`,
      SECRETS_KEY: `v1:${secretsKey}`,
      TRUST_PROXY: '127.0.0.1',
      DB_LOCK_TIMEOUT_MS: '2000',
      ...WIDE_LIMITS,
      LOG_LEVEL: 'debug',
      LOG_FORMAT: format,
    });
    await server.ready();
    // Shown on purpose, once; a log would show it again.
    const [line, key] = /^admin API key: (\S+)$/m.exec(server.stdout) as unknown as [string, string];
    server.stdout = server.stdout.replace(line, '');
    client = new Client(server.url, canaries.watch('first admin key', key));
    await succeed();
    stored = await contentOf(sql);
    await refuse();
    await fail();
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    log = server.output;
  });

  afterAll(async () => {
    await sql.end();
    await processes.close();
    await database.drop();
    const cluster = await superuserOf({
      database: { ...database, superuserUrl: database.superuserUrl.replace(/[^/]*$/, 'postgres') },
    });
    await cluster.query(`DROP ROLE IF EXISTS ${role}`);
    await cluster.end();
  });

  const customerId = aCustomerId();
  let token = '';

  /** Everything secret or personal that a request can carry, in requests that succeed. */
  async function succeed(): Promise<void> {
    const email = canaries.watch(
      'customer.email',
      `${canaries.plant('customer.email, name part')}@mail.test`,
    );
    await send(201, 'POST', '/api/v1/customers', {
      id: customerId,
      name: canaries.plant('customer.name'),
      email,
      company: canaries.plant('customer.company'),
      phone: canaries.plant('customer.phone'),
      address: canaries.plant('customer.address'),
      notes: canaries.plant('customer.notes'),
    });
    await send(200, 'PATCH', `/api/v1/customers/${customerId}`, {
      company: canaries.plant('changed company'),
    });
    await send(200, 'GET', `/api/v1/customers?q=${canaries.plant('query of customers')}`);

    const instance = {
      db_uuid: canaries.plant('instance_db_uuid'),
      domain: `${canaries.plant('instance_domain')}.test`,
    };
    const { body: print } = await send(200, 'POST', '/api/v1/licenses/fingerprint', instance);
    const { body: license } = await send(201, 'POST', '/api/v1/licenses', {
      customer_id: customerId,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
      instance_fingerprint: (print as { fingerprint: string }).fingerprint,
      notes: canaries.plant('license.notes'),
    });
    const issued = license as IssuedLicense;
    token = canaries.watch('token', issued.token);
    canaries.watch('signature of the token', token.split('.')[2]!);
    const question = {
      token,
      module_name: 'payroll',
      odoo_version: '17.0',
      instance_db_uuid: instance.db_uuid,
      instance_domain: instance.domain,
    };
    const { body: verdict } = await send(200, 'POST', '/api/v1/licenses/validate', question, {
      'User-Agent': canaries.plant('User-Agent'),
      'X-Forwarded-For': canaries.watch('address of the caller', '203.0.113.177'),
      Referer: `https://${canaries.plant('Referer')}.test/`,
      Cookie: `session=${canaries.plant('Cookie')}`,
      'X-Anything': canaries.plant('any header'),
      'X-Request-ID': `${canaries.plant('X-Request-ID that is not sane')} or not`,
      traceparent: canaries.plant('traceparent that is malformed'),
    });
    expect(verdict).toMatchObject({ valid: true });
    await send(200, 'DELETE', `/api/v1/licenses/${issued.id}/revoke`, {
      reason: canaries.plant('reason of a revocation'),
    });

    const { body: made } = await send(201, 'POST', '/api/v1/admin/api-keys', {
      name: canaries.plant('api_key.name'),
      description: canaries.plant('api_key.description'),
      scopes: ['licenses:read'],
    });
    const { key } = made as { key: string };
    canaries.watch('API key', key);
    canaries.watch('secret of the API key', key.split('_')[3]!);
    await send(200, 'GET', '/api/v1/licenses', undefined, {}, new Client(server.url, key));
    await send(
      200,
      'GET',
      '/api/v1/licenses',
      undefined,
      { Authorization: `Bearer ${key}` },
      new Client(server.url),
    );
  }

  /** Requests that are refused, with canaries in whatever is refused. */
  async function refuse(): Promise<void> {
    const nobody = new Client(server.url);
    const path = canaries.plant('path segment');
    await send(404, 'GET', `/api/v1/customers/${path}`);
    await send(404, 'GET', `/${path}/${path}?x=${path}`);
    await send(400, 'GET', `/api/v1/customers/%zz${path}`);
    await send(405, 'PUT', `/api/v1/customers/${path}`, { name: path });
    const query = canaries.plant('query string');
    await send(422, 'GET', `/api/v1/licenses?q=${query}&${query}=${query}&status=${query}`);
    await send(422, 'GET', `/api/v1/customers?cursor=${query}`);
    const garbage = canaries.plant('garbage in X-API-Key');
    await send(401, 'GET', '/api/v1/licenses', undefined, { 'X-API-Key': garbage }, nobody);
    const forged = `aegis_development_0123456789AB_${garbage}`;
    await send(401, 'GET', '/api/v1/licenses', undefined, { 'X-API-Key': forged }, nobody);
    for (const scheme of ['Bearer', 'Basic', 'Nonsense']) {
      const credential = canaries.plant(`garbage in Authorization: ${scheme}`);
      await send(
        401,
        'GET',
        '/api/v1/licenses',
        undefined,
        { Authorization: `${scheme} ${credential}` },
        nobody,
      );
    }
    await send(400, 'GET', '/api/v1/licenses', undefined, { Authorization: `Bearer ${garbage}` });

    const body = canaries.plant('body that is refused');
    await send(400, 'POST', '/api/v1/customers', `{"id": "${body}", name: ${body}`);
    await send(400, 'POST', '/api/v1/customers', `"${body}`);
    await send(422, 'POST', '/api/v1/customers', { id: `${body} with blanks`, email: body, [body]: body });
    await send(415, 'POST', '/api/v1/customers', `<a>${body}</a>`, { 'Content-Type': 'text/xml' });
    await send(413, 'POST', '/api/v1/customers', { id: 'x', notes: body.repeat(4000) });
    await send(409, 'POST', '/api/v1/customers', {
      id: customerId,
      name: canaries.plant('name of a double'),
    });
    await send(422, 'POST', '/api/v1/licenses/validate', { token: body, [body]: body });
    const question = { module_name: 'payroll', odoo_version: '17.0' };
    const badToken = canaries.plant('text that is not a token');
    for (const bad of [badToken, `eyJ${badToken}.${badToken}.${badToken}`, `${token}x`]) {
      const { body: verdict } = await send(200, 'POST', '/api/v1/licenses/validate', {
        ...question,
        token: bad,
      });
      expect(verdict).toMatchObject({ valid: false });
    }
    const { body: verdict } = await send(200, 'POST', '/api/v1/licenses/validate', {
      ...question,
      token,
      instance_db_uuid: canaries.plant('another instance'),
      instance_domain: 'other.test',
    });
    expect(verdict).toMatchObject({ code: 'INSTANCE_MISMATCH' });
  }

  /** What fails inside, with errors of the database that quote rows. */
  async function fail(): Promise<void> {
    await sql.query(`
      CREATE FUNCTION planted_fault() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'planted fault on %: %', TG_TABLE_NAME, to_jsonb(NEW)
          USING DETAIL = to_jsonb(NEW)::text, HINT = to_jsonb(NEW)::text, ERRCODE = TG_ARGV[0];
      END $$`);
    const fault = async (
      table: string,
      event: string,
      code: string,
      work: () => Promise<unknown>,
    ): Promise<void> => {
      await sql.query(
        `CREATE TRIGGER planted BEFORE ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION planted_fault('${code}')`,
      );
      await work();
      await sql.query(`DROP TRIGGER planted ON ${table}`);
    };
    const aCustomerWith = (notes: string): Record<string, string> => ({
      id: aCustomerId(),
      name: notes,
      notes,
    });

    const raised = canaries.plant('row in the message of a failure');
    for (const code of ['P0001', '22P02', '23514', '42601', 'XX000'])
      await fault('customers', 'INSERT', code, () =>
        send(500, 'POST', '/api/v1/customers', aCustomerWith(raised)),
      );
    const refused = canaries.plant('row in the detail of a failure');
    await sql.query(`ALTER TABLE customers ADD CONSTRAINT planted CHECK (notes <> '${refused}') NOT VALID`);
    await send(500, 'POST', '/api/v1/customers', aCustomerWith(refused));
    await sql.query('ALTER TABLE customers DROP CONSTRAINT planted');

    // An audit record holds address and user agent.
    await fault('audit_logs', 'INSERT', 'P0001', () =>
      send(
        503,
        'POST',
        '/api/v1/licenses/validate',
        { token, module_name: 'payroll', odoo_version: '17.0' },
        {
          'User-Agent': canaries.plant('User-Agent of a failure'),
          'X-Forwarded-For': canaries.watch('address of a failure', '203.0.113.178'),
        },
      ),
    );
    const waiting = canaries.plant('row that waits');
    await sql.query('BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
    await send(503, 'POST', '/api/v1/customers', aCustomerWith(waiting));
    await sql.query('ROLLBACK');
    // What is counted of API keys is written at the end at the latest, and fails with the key's row.
    await sql.query(
      `CREATE TRIGGER planted BEFORE UPDATE ON api_keys FOR EACH ROW EXECUTE FUNCTION planted_fault('P0001')`,
    );
    await send(200, 'GET', '/api/v1/licenses');
  }

  it('used each canary', () => {
    const inTables = [
      'customer.name',
      'customer.email',
      'customer.phone',
      'customer.address',
      'customer.notes',
      'changed company',
      'license.notes',
      'token',
      'reason of a revocation',
      'api_key.name',
      'api_key.description',
      'User-Agent',
      'address of the caller',
    ];
    expect(canaries.missingIn(stored, inTables)).toEqual([]);
    const pem = readFileSync(
      join(
        keysDir,
        readdirSync(keysDir).find((name) => name.includes('private'))!,
      ),
    );
    expect(createPrivateKey({ key: pem, passphrase }).asymmetricKeyType).toBe('ed25519');
    const { hash } = new Peppers([`v1:${pepper}`]).hash(canaries.valueOf('first admin key'));
    expect(stored).toContain(hash.toString('hex'));
    const answered = JSON.stringify(answers.map(({ body }) => body as unknown));
    expect(
      canaries.missingIn(answered, ['instance_db_uuid', 'instance_domain', 'API key', 'customer.email']),
    ).toEqual([]);
  });

  it('logs each failure under the id of its request', () => {
    expect(failures.size).toBe(8);
    for (const [id, status] of failures) {
      const lines = log.split('\n').filter((line) => line.includes(id));
      expect(lines.filter((line) => line.includes('Request failed'))).toHaveLength(1);
      expect(lines.filter((line) => new RegExp(`status"?[=:]${status}\\b`).test(line))).toHaveLength(1);
    }
    expect(log).toContain('uses of API keys could not be written');
    for (const sign of ['P0001', '23514', '55P03', 'planted']) expect(log).toContain(sign);
  });

  it('writes one line per request, with its route as a pattern', () => {
    const lines = log.split('\n').filter((line) => line.includes('duration_ms'));
    for (const answer of answers) {
      const id = answer.headers.get('x-request-id')!;
      expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      const own = lines.filter((line) => line.includes(id));
      expect(own).toHaveLength(1);
      for (const fact of ['method', 'route', 'status', 'duration_ms', 'request_id', 'trace_id'])
        expect(own[0]).toMatch(new RegExp(`\\b${fact}"?[=:]`));
      expect(own[0]).toMatch(new RegExp(`status"?[=:]${answer.status}\\b`));
    }
    expect(lines.filter((line) => line.includes('/api/v1/customers/:id')).length).toBeGreaterThan(1);
    expect(lines.filter((line) => /api_key_id"?[=:]"?[0-9A-Za-z]{12}\b/.test(line)).length).toBeGreaterThan(
      10,
    );
  });

  it('begins each line with its own time, or is one JSON object a line', () => {
    const [logged] = server.stdout.split('\nAPI documentation: ');
    const end = server.stdout.slice(server.stdout.indexOf('Acme Corporation'));
    const lines = [...logged!.split('\n'), ...end.split('\n').slice(1)].filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(40);
    for (const line of lines)
      if (format === 'json')
        expect(JSON.parse(line)).toEqual(expect.objectContaining({ timestamp: expect.any(String) }));
      else expect(line).toMatch(/^(\d{4}-\d\d-\d\dT[\d:.]{12}Z (debug|info |warn |error) | {4}at )/);
  });

  it('shows none of them', () => {
    expect(log.length).toBeGreaterThan(5000);
    expect(canaries.foundIn(log)).toEqual([]);
  });
});

describe('the search for canaries', () => {
  it('finds them as they are, in Base64 and within a token', () => {
    const canaries = new Canaries();
    const value = canaries.plant('here');
    expect(canaries.foundIn(`x${value}x`)).toEqual(['here']);
    for (const before of ['', 'a', 'ab']) {
      const encoded = Buffer.from(`{"a":"${before}${value}"}`).toString('base64url');
      expect(canaries.foundIn(`eyJ.${encoded}.x`)).toEqual(['here']);
    }
    expect(canaries.foundIn('nothing')).toEqual([]);
  });
});
