import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aCustomerId, aLicense, validation } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { insertRowKey, ROW_KEY } from '../../support/database/license-rows';
import { superuserOf } from '../../support/database/sql';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const FINGERPRINT = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('the life of a license', () => {
  let server: TestServer;
  let client: Client;
  let anyone: Client;
  let sql: SqlClient;
  let keyId: string;

  beforeAll(async () => {
    server = await testServer({ variables: { PUBLIC_URL: 'https://licenses.vendor.example' } });
    client = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
    keyId = (await anyone.get('/info')).body.key_id;
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  /** As PyJWT does it for the deployed clients: `decode(token, key, algorithms=["EdDSA"])`. */
  async function verified(token: string): Promise<Record<string, unknown>> {
    const jwks = (await anyone.get('/.well-known/jwks.json')).body as JSONWebKeySet;
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), { algorithms: ['EdDSA'] });
    expect(payload.iat).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
    return payload;
  }

  const ask = (token: string) => validation(anyone, token);

  async function auditOf(filter: string): Promise<Record<string, unknown>[]> {
    return (await client.get(`/api/v1/admin/audit-logs?${filter}`)).body.audit_logs as Record<
      string,
      unknown
    >[];
  }

  it.each([
    ['perpetual', undefined, null],
    ['subscription', 365, 365],
    ['demo', 7, 7],
    ['demo', undefined, 30],
  ])('issues a %s license for %p days', async (license_type, duration_days, days) => {
    const customer = await aCustomer(client, { name: 'Zoë & Söhne "GmbH" 🦉' });
    const answer = await client.post('/api/v1/licenses', {
      customer_id: customer.id,
      module_name: 'payroll.pro-1_x',
      allowed_major_versions: ['17', '18'],
      license_type,
      duration_days,
      instance_fingerprint: FINGERPRINT,
      notes: 'for the vendor alone',
    });
    expectStatus(answer, 201);
    const license = answer.body;
    expect(answer.headers.get('location')).toBe(`/api/v1/licenses/${license.id}`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const issuedAt = Date.parse(license.issued_at);
    expect(Math.abs(Date.now() - issuedAt)).toBeLessThan(120_000);
    const expiresAt =
      days === null ? null : new Date(Math.floor((issuedAt + days * 86_400_000) / 1000) * 1000).toISOString();
    expect(license).toEqual({
      id: expect.stringMatching(UUID),
      customer_id: customer.id,
      module_name: 'payroll.pro-1_x',
      license_type,
      allowed_major_versions: ['17', '18'],
      issued_at: expect.stringMatching(TIME),
      expires_at: expiresAt,
      grace_days: 0,
      seats: null,
      status: 'active',
      revoked_at: null,
      revoked_reason: null,
      suspended_at: null,
      suspended_reason: null,
      instance_fingerprint: FINGERPRINT,
      entitlements: {},
      token: expect.any(String),
      key_id: keyId,
      revision: 1,
      notes: 'for the vendor alone',
      created_at: expect.stringMatching(TIME),
      updated_at: expect.stringMatching(TIME),
    });
    expect(decodeProtectedHeader(license.token)).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: keyId });
    expect(await verified(license.token)).toEqual({
      jti: license.id,
      iss: 'https://license.biz4a.com',
      iat: Math.floor(issuedAt / 1000) - 60,
      ...(expiresAt !== null && { exp: Date.parse(expiresAt) / 1000 }),
      customer: { id: customer.id, name: 'Zoë & Söhne "GmbH" 🦉' },
      module: { technical_name: 'payroll.pro-1_x', allowed_major_versions: ['17', '18'] },
      license_type,
      instance_fingerprint: FINGERPRINT,
      rev: 1,
      status: {
        status_list: {
          idx: expect.any(Number),
          uri: 'https://licenses.vendor.example/api/v1/status-lists/0',
        },
      },
    });
    const { rows } = await sql.query('SELECT * FROM license_tokens WHERE license_id = $1', [license.id]);
    expect(rows).toEqual([
      expect.objectContaining({
        sha256: createHash('sha256').update(license.token).digest(),
        key_id: keyId,
        revision: 1,
        superseded_at: null,
      }),
    ]);
  });

  it('writes no instance into the token of an unbound license', async () => {
    for (const instance_fingerprint of [undefined, null]) {
      const { token } = await aLicense(client, { instance_fingerprint });
      expect(await verified(token)).not.toHaveProperty('instance_fingerprint');
    }
  });

  it('gives each token a status index of its own', async () => {
    const { id } = await aCustomer(client);
    const tokens = await Promise.all(
      Array.from({ length: 20 }, () => aLicense(client, { customer_id: id }).then(({ token }) => token)),
    );
    const indexes = await Promise.all(
      tokens.map(
        async (token) => ((await verified(token)).status as { status_list: { idx: number } }).status_list.idx,
      ),
    );
    expect(new Set(indexes).size).toBe(20);
    for (const index of indexes) expect(index >= 0 && index < 131_072).toBe(true);
  });

  it('reads a license with its token and customer, and lists it without token', async () => {
    const customer = await aCustomer(client, { email: 'a@acme.example' });
    const license = await aLicense(client, { customer_id: customer.id });
    const read = await client.get(`/api/v1/licenses/${license.id}`);
    expectStatus(read, 200);
    expect(read.headers.get('cache-control')).toBe('no-store');
    expect(read.body).toEqual({ ...license, customer });
    expect((await client.get(`/api/v1/licenses/${license.id.toUpperCase()}`)).body).toEqual(read.body);

    const list = await client.get(`/api/v1/licenses?customer_id=${customer.id}`);
    const { token: _, ...listed } = license;
    expect(list.body.licenses).toEqual([listed]);
  });

  it('gives each of many requests at once its own license and status', async () => {
    const licenses = [await aLicense(client), await aLicense(client), await aLicense(client)];
    const unknown = '00000000-0000-4000-8000-000000000000';
    const asked = [...licenses, ...licenses].flatMap(({ id }) => [id, id.toUpperCase(), unknown]);
    const found = asked.map((id) => (id === unknown ? undefined : id.toLowerCase()));
    const answers = await Promise.all(asked.map((id) => client.get(`/api/v1/licenses/${id}`)));
    expect(answers.map(({ body }): unknown => body.id)).toEqual(found);
    expect(answers.map(({ body }): unknown => body.token)).toEqual(
      found.map((id) => licenses.find((license) => license.id === id)?.token),
    );
    const statuses = await Promise.all(asked.map((id) => anyone.get(`/api/v1/licenses/${id}/status`)));
    expect(statuses.map(({ body }): unknown => body.license_id)).toEqual(found);
    expect(statuses.map(({ status }) => status)).toEqual(found.map((id) => (id === undefined ? 404 : 200)));
  });

  it('shows the status to anyone, and nothing personal', async () => {
    const { id, expires_at } = await aLicense(client, { license_type: 'demo' });
    const answer = await anyone.get(`/api/v1/licenses/${id}/status`);
    expectStatus(answer, 200);
    expect(answer.body).toEqual({
      license_id: id,
      status: 'active',
      usable: true,
      expires_at,
      checked_at: expect.stringMatching(TIME),
    });
  });

  it('says that a license is usable only if its newest token is valid for its installation', async () => {
    const customer_id = aCustomerId();
    expectStatus(await client.post('/api/v1/customers', { id: customer_id, name: 'Acme' }), 201);
    const instance_fingerprint = `sha256:${'a'.repeat(64)}`;
    const license = await aLicense(client, {
      customer_id,
      license_type: 'subscription',
      duration_days: 9,
      instance_fingerprint,
    });
    const path = `/api/v1/licenses/${license.id}`;
    const status = async (): Promise<unknown[]> => {
      const body = (await anyone.get(`${path}/status`)).body as Record<string, unknown>;
      return [body.status, body.usable];
    };
    expect(await status()).toEqual(['active', true]);
    expectStatus(await client.patch(`/api/v1/customers/${customer_id}`, { is_active: false }), 200);
    expect(await status()).toEqual(['active', false]);
    expectStatus(await client.patch(`/api/v1/customers/${customer_id}`, { is_active: true }), 200);
    // A token that is superseded makes room for a newer one, which is valid.
    expectStatus(await client.post(`${path}/reissue`, { supersede: true }), 200);
    expect(await status()).toEqual(['active', true]);
    expectStatus(await client.post(`${path}/suspend`, { reason: 'unpaid' }), 200);
    expect(await status()).toEqual(['suspended', false]);
    expectStatus(await client.post(`${path}/reinstate`, { reason: 'paid' }), 200);
    expect(await status()).toEqual(['active', true]);

    await insertRowKey(sql);
    await sql.query('UPDATE license_tokens SET key_id = $2 WHERE license_id = $1', [license.id, ROW_KEY]);
    const compromise = (after: string): Promise<unknown> =>
      sql.query(
        `UPDATE signing_keys SET state = 'compromised', compromised_at = now(), compromised_after = ${after}
         WHERE kid = $1`,
        [ROW_KEY],
      );
    await compromise(`now() + interval '1 hour'`);
    expect(await status()).toEqual(['active', true]);
    await compromise(`now() - interval '1 hour'`);
    expect(await status()).toEqual(['active', false]);
    await compromise('NULL');
    expect(await status()).toEqual(['active', false]);
    expectStatus(await client.post(`${path}/revoke`, { reason: 'refunded' }), 200);
    expect(await status()).toEqual(['revoked', false]);
  });

  it('names in the record of a reissue the fields that it changed, and no other', async () => {
    const { id } = await aLicense(client);
    const instance_fingerprint = `sha256:${'b'.repeat(64)}`;
    for (const input of [
      {},
      { supersede: true },
      { allowed_major_versions: ['18', '17'] },
      { instance_fingerprint, allowed_major_versions: ['18', '17'] },
      { instance_fingerprint },
      { allowed_major_versions: ['17'] },
      { instance_fingerprint: null, allowed_major_versions: ['18'] },
    ])
      expectStatus(await client.post(`/api/v1/licenses/${id}/reissue`, input), 200);
    const records = await auditOf(`license_id=${id}&event_type=license.reissued`);
    expect(records.map(({ event_data }) => (event_data as { fields: string[] }).fields).toReversed()).toEqual(
      [
        [],
        [],
        [],
        ['instance_fingerprint'],
        [],
        ['allowed_major_versions'],
        ['instance_fingerprint', 'allowed_major_versions'],
      ],
    );
  });

  it('answers 404 for a license that was never issued', async () => {
    const id = randomUUID();
    for (const answer of [
      await client.get(`/api/v1/licenses/${id}`),
      await anyone.get(`/api/v1/licenses/${id}/status`),
      await client.delete(`/api/v1/licenses/${id}/revoke`, { reason: 'why not' }),
      await client.post(`/api/v1/licenses/${id}/revoke`, { reason: 'why not' }),
    ]) {
      expectStatus(answer, 404);
      expect(answer.body.code).toBe('license_not_found');
    }
  });

  it.each(['DELETE', 'POST'])('revokes permanently by %s', async (method) => {
    const { id, token } = await aLicense(client, { license_type: 'subscription', duration_days: 90 });
    expect((await ask(token)).body).toMatchObject({ valid: true, code: 'VALID' });

    const answer = await client.send(method, `/api/v1/licenses/${id}/revoke`, { reason: 'refunded' });
    expectStatus(answer, 200);
    expect(answer.body).toMatchObject({
      id,
      status: 'revoked',
      revoked_at: expect.stringMatching(TIME),
      revoked_reason: 'refunded',
      token,
    });
    expect(answer.body.updated_at >= answer.body.revoked_at).toBe(true);
    expect((await ask(token)).body).toMatchObject({ valid: false, code: 'REVOKED', license_id: id });
    expect((await anyone.get(`/api/v1/licenses/${id}/status`)).body.status).toBe('revoked');
    const { customer: _, ...read } = (await client.get(`/api/v1/licenses/${id}`)).body;
    expect(read).toEqual(answer.body);

    const again = await client.send(method, `/api/v1/licenses/${id}/revoke`, { reason: 'again' });
    expectStatus(again, 409);
    expect(again.body.code).toBe('license_state_conflict');
    expect((await client.get(`/api/v1/licenses/${id}`)).body.revoked_reason).toBe('refunded');
  });

  it.each([
    ['expired', `expires_at = clock_timestamp() - interval '1 second', license_type = 'demo'`],
    ['suspended', `status = 'suspended', suspended_at = clock_timestamp(), suspended_reason = 'unpaid'`],
  ])('revokes an %s license', async (status, change) => {
    const { id } = await aLicense(client);
    await sql.query(`UPDATE licenses SET ${change} WHERE id = $1`, [id]);
    expect((await client.get(`/api/v1/licenses/${id}`)).body.status).toBe(status);
    const answer = await client.post(`/api/v1/licenses/${id}/revoke`, { reason: 'fraud' });
    expectStatus(answer, 200);
    expect(answer.body.status).toBe('revoked');
    expect(await auditOf(`license_id=${id}&event_type=license.revoked`)).toHaveLength(1);
  });

  it('derives the status: revoked outranks suspended outranks expired', async () => {
    const { id } = await aLicense(client, { license_type: 'demo' });
    const status = async (): Promise<string[]> => [
      (await anyone.get(`/api/v1/licenses/${id}/status`)).body.status as string,
      (await client.get(`/api/v1/licenses/${id}`)).body.status as string,
      (await client.get(`/api/v1/licenses?q=${id}`)).body.licenses[0].status as string,
    ];
    expect(await status()).toEqual(['active', 'active', 'active']);
    await sql.query('UPDATE licenses SET expires_at = clock_timestamp() WHERE id = $1', [id]);
    expect(await status()).toEqual(['expired', 'expired', 'expired']);
    await sql.query(`UPDATE licenses SET status = 'suspended', suspended_at = now() WHERE id = $1`, [id]);
    expect(await status()).toEqual(['suspended', 'suspended', 'suspended']);
    await sql.query(`UPDATE licenses SET status = 'revoked', revoked_at = now() WHERE id = $1`, [id]);
    expect(await status()).toEqual(['revoked', 'revoked', 'revoked']);
  });

  it('records each step with actor and request id, and no personal value', async () => {
    const me = server.adminKey.split('_')[2]!;
    const id = aCustomerId();
    const secrets = [
      'Persephone Quux',
      'persephone@quux.example',
      'Quux Holding',
      '+1 555 0199',
      'Elm Street',
    ];
    const [name, email, company, phone, address] = secrets;
    const step = (name: string): Record<string, string> => ({
      'X-Request-ID': `step-${name}`,
      'User-Agent': 'vendor-shop/2.1',
    });
    const details = { name, email, company, phone, address, notes: 'Quux is late' };
    await client.post('/api/v1/customers', { id, ...details }, step('create'));
    await client.patch(`/api/v1/customers/${id}`, { phone: '+1 555 0200' }, step('update'));
    const issue = await client.post(
      '/api/v1/licenses',
      {
        customer_id: id,
        module_name: 'payroll',
        allowed_major_versions: ['17'],
        license_type: 'perpetual',
        notes: 'Quux pays late',
      },
      step('issue'),
    );
    expectStatus(issue, 201);
    const { token } = issue.body;
    await anyone.post(
      '/api/v1/licenses/validate',
      {
        token,
        module_name: 'payroll',
        odoo_version: '17',
        instance_db_uuid: 'Quux db',
        instance_domain: 'quux',
      },
      step('validate'),
    );
    await client.delete(`/api/v1/licenses/${issue.body.id}/revoke`, { reason: 'refunded' }, step('revoke'));
    expectStatus(await client.delete(`/api/v1/customers/${id}`, undefined, step('delete')), 204);

    const records = await auditOf(`customer_id=${id}`);
    const byKey = { actor: `api_key:${me}`, api_key_id: me };
    const byAnyone = { actor: 'anonymous', api_key_id: null };
    const onLicense = { license_id: issue.body.id, module_name: 'payroll' };
    const onCustomer = { license_id: null, module_name: null };
    expect(records).toEqual(
      [
        ['customer.deleted', 'delete', byKey, onCustomer],
        ['license.revoked', 'revoke', byKey, onLicense],
        ['license.validated', 'validate', byAnyone, onLicense],
        ['license.issued', 'issue', byKey, onLicense],
        ['customer.updated', 'update', byKey, onCustomer],
        ['customer.created', 'create', byKey, onCustomer],
      ].map(([event_type, name, actor, on]) => ({
        id: expect.stringMatching(/^\d+$/),
        event_type,
        ...(on as object),
        customer_id: id,
        ...(actor as object),
        ip_address: '127.0.0.1',
        user_agent: 'vendor-shop/2.1',
        request_id: `step-${name as string}`,
        event_data: expect.any(Object),
        recorded_at: expect.stringMatching(TIME),
      })),
    );
    const data = (type: string): unknown => records.find(({ event_type }) => event_type === type)?.event_data;
    expect(data('customer.created')).toEqual({
      fields: expect.arrayContaining(['name', 'email', 'company', 'phone', 'address', 'notes']),
    });
    expect(data('customer.updated')).toEqual({ fields: ['phone'] });
    expect(data('license.validated')).toEqual({ code: 'VALID' });
    expect(JSON.stringify(records)).not.toMatch(/quux|555 0|elm street/i);
    expect(JSON.stringify(records)).not.toContain(token);
    expect(server.log()).not.toMatch(/quux|555 0|elm street/i);
    expect(server.log()).not.toContain(token);
  });
});
