import { createHash } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, anApiKey, validation, aWebhook } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

interface AuditLog {
  event_type: string;
  actor: string;
  license_id: string | null;
  event_data: Record<string, unknown>;
}

const FINGERPRINT = `sha256:${'a1'.repeat(32)}`;
const PAYROLL_17 = { module_name: 'payroll', odoo_version: '17.0' };

describe('the audit trail and the access log answer who did what, and why something was refused', () => {
  let server: TestServer;
  let admin: Client;
  let anyone: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  async function audit(query: string): Promise<AuditLog[]> {
    const answer = await admin.get(`/api/v1/admin/audit-logs?page_size=100&${query}`);
    expectStatus(answer, 200);
    return answer.body.audit_logs as AuditLog[];
  }

  const validate = async (client: Client, token: string, headers?: Record<string, string>) => {
    const answer = await validation(client, token, {}, headers);
    expectStatus(answer, 200);
    return answer.body as Record<string, unknown>;
  };

  const aKey = (details: Record<string, unknown> = {}) => anApiKey(admin, { name: 'Web shop', ...details });

  /** The claims of a token, unverified. */
  const claimsOf = (token: string): { status: { status_list: { idx: number; uri: string } }; rev: number } =>
    JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as ReturnType<typeof claimsOf>;

  const compromise = (after: string | null): Promise<unknown> =>
    sql.query(
      `UPDATE signing_keys SET state = 'compromised', compromised_at = now(), compromised_after = $1`,
      [after],
    );

  /** What a record must say of a token, so that a restored backup can be compared with the trail. */
  const grantOf = (
    license: { token: string; expires_at: string | null; revision?: number; key_id?: string },
    versions: string[],
  ): Record<string, unknown> => {
    const { status, rev } = claimsOf(license.token);
    return {
      token_sha256: createHash('sha256').update(license.token).digest('hex'),
      status_list: Number(status.status_list.uri.split('/').at(-1)),
      status_index: status.status_list.idx,
      revision: rev,
      allowed_major_versions: versions,
      instance_fingerprint: FINGERPRINT,
      license_type: 'subscription',
      expires_at: license.expires_at,
      key_id: license.key_id,
    };
  };

  it('records of issue, renew and reissue describe the token and what it grants', async () => {
    const issued = await aLicense(admin, {
      license_type: 'subscription',
      duration_days: 30,
      instance_fingerprint: FINGERPRINT,
    });
    const path = `/api/v1/licenses/${issued.id}`;
    const renewed = (await admin.post(`${path}/renew`, { duration_days: 5 })).body as typeof issued;
    const reissued = (await admin.post(`${path}/reissue`, { allowed_major_versions: ['19'] }))
      .body as typeof issued;
    const records = await audit(`license_id=${issued.id}`);
    expect(records.map(({ event_type }) => event_type)).toEqual([
      'license.reissued',
      'license.renewed',
      'license.issued',
    ]);
    expect(records[2]!.event_data).toMatchObject(grantOf(issued, ['17', '18']));
    expect(records[1]!.event_data).toMatchObject(grantOf(renewed, ['17', '18']));
    expect(records[0]!.event_data).toMatchObject(grantOf(reissued, ['19']));
  });

  it('filters by verdict', async () => {
    const license = await aLicense(admin);
    await validate(anyone, license.token);
    await admin.post(`/api/v1/licenses/${license.id}/suspend`, { reason: 'unpaid' });
    await validate(anyone, license.token);
    const codes = async (code: string): Promise<unknown[]> =>
      (await audit(`code=${code}&license_id=${license.id}`)).map(({ event_data }) => event_data.code);
    expect(await codes('SUSPENDED')).toEqual(['SUSPENDED']);
    expect(await codes('VALID')).toEqual(['VALID']);
    expect(await codes('REVOKED')).toEqual([]);
  });

  it('filters by what a record is about: API key, customer, signing key, webhook', async () => {
    const { id } = await aKey();
    await admin.patch(`/api/v1/admin/api-keys/${id}`, { description: 'for orders' });
    await admin.post(`/api/v1/admin/api-keys/${id}/rotate`, {});
    await admin.delete(`/api/v1/admin/api-keys/${id}`);
    const aboutKey = await audit(`subject=api_key:${id}`);
    expect(aboutKey.map(({ event_type }) => event_type)).toEqual([
      'api_key.deleted',
      'api_key.rotated',
      'api_key.updated',
      'api_key.created',
    ]);
    for (const record of aboutKey) expect(record.event_data).toMatchObject({ id, name: 'Web shop' });

    const customer = await aCustomer(admin);
    await aLicense(admin, { customer_id: customer.id });
    expect((await audit(`subject=customer:${customer.id}`)).map(({ event_type }) => event_type)).toEqual([
      'customer.created',
    ]);

    const { key_id: kid } = (await anyone.get('/info')).body as { key_id: string };
    const aboutSigningKey = await audit(`subject=signing_key:${kid}`);
    expect(aboutSigningKey.length).toBeGreaterThan(0);
    for (const { event_type } of aboutSigningKey) expect(event_type).toMatch(/^signing_key\./);
    expect(await audit(`subject=api_key:${kid}`)).toEqual([]);

    const webhook = await aWebhook(admin);
    expect((await audit(`subject=webhook:${webhook.id}`)).map(({ event_type }) => event_type)).toEqual([
      'webhook.created',
    ]);
  });

  it.each([
    ['event_type', 'license.revoke', 'must be one of license.issued, '],
    ['event_type', 'issued', 'must be one of license.issued, '],
    ['code', 'revoked', 'must be one of MALFORMED, '],
    ['subject', 'acme', 'must be api_key:<id> or customer:<id> or signing_key:<id> or webhook:<id>'],
    ['subject', 'license:x', 'must be api_key:<id> or customer:<id> or signing_key:<id> or webhook:<id>'],
    ['subject', 'customer:', 'must be api_key:<id> or customer:<id> or signing_key:<id> or webhook:<id>'],
  ])('refuses %s=%s and says which values exist', async (field, value, rule) => {
    const answer = await admin.get(`/api/v1/admin/audit-logs?${field}=${encodeURIComponent(value)}`);
    expectStatus(answer, 422);
    expect(answer.body.errors).toEqual([{ field, message: expect.stringContaining(rule) }]);
  });

  const lineOf = (requestId: string): Record<string, unknown> | undefined =>
    server
      .log()
      .split('\n')
      .filter((line) => line.includes(requestId))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ message }) => message === 'request');

  it('the access log of a validation names verdict and license', async () => {
    const license = await aLicense(admin);
    await validate(anyone, license.token, { 'X-Request-ID': 'logged-valid' });
    await validate(anyone, 'not a license token', { 'X-Request-ID': 'logged-malformed' });
    expect(lineOf('logged-valid')).toMatchObject({ code: 'VALID', license_id: license.id });
    expect(lineOf('logged-malformed')).toMatchObject({ code: 'MALFORMED', license_id: null });
    expect(server.log()).not.toContain(license.token);
  });

  it('the access log of a change names license and key, and says why it was refused', async () => {
    const license = await aLicense(admin);
    const path = `/api/v1/licenses/${license.id.toUpperCase()}`;
    const body = { reason: 'refunded' };
    await admin.post(`${path}/revoke`, body, { 'X-Request-ID': 'logged-revoke' });
    await admin.post(`${path}/suspend`, body, { 'X-Request-ID': 'logged-refused' });
    await anyone.get(path, { 'X-Request-ID': 'logged-stranger' });
    await admin.get('/api/v1/licenses/canary-id', { 'X-Request-ID': 'logged-unreadable' });
    const line = { license_id: license.id, api_key_id: expect.any(String) as string };
    expect(lineOf('logged-revoke')).toMatchObject({
      status: 200,
      route: '/api/v1/licenses/:id/revoke',
      ...line,
    });
    expect(lineOf('logged-revoke')).not.toHaveProperty('problem');
    expect(lineOf('logged-refused')).toMatchObject({
      status: 409,
      problem: 'license_state_conflict',
      ...line,
    });
    expect(lineOf('logged-stranger')).toMatchObject({
      status: 401,
      problem: 'unauthorized',
      refused: 'missing',
    });
    expect(lineOf('logged-unreadable')).toMatchObject({ status: 422, problem: 'validation_failed' });
    expect(server.log()).not.toContain('canary-id');
  });

  it('the access log of a refused key names it and says why, which the answer does not', async () => {
    const { body } = await admin.post('/api/v1/admin/api-keys', { name: 'Shop', scopes: ['licenses:read'] });
    const { id, key } = body as { id: string; key: string };
    await admin.patch(`/api/v1/admin/api-keys/${id}`, { is_active: false });
    const inactive = await new Client(server.url, key).get('/api/v1/licenses', {
      'X-Request-ID': 'inactive-key',
    });
    await admin.delete(`/api/v1/admin/api-keys/${id}`);
    const deleted = await new Client(server.url, key).get('/api/v1/licenses', {
      'X-Request-ID': 'deleted-key',
    });
    expect(inactive.body.detail).toBe(deleted.body.detail);
    expect(lineOf('inactive-key')).toMatchObject({ status: 401, refused: 'inactive', refused_key_id: id });
    expect(lineOf('deleted-key')).toMatchObject({ status: 401, refused: 'deleted', refused_key_id: id });
    expect(server.log()).not.toContain(key);
  });

  it('the access log of a request that breaks rules names the known fields, never what the caller wrote', async () => {
    const unsound = {
      customer_id: 'canary-value ',
      duration_days: '365',
      'canary-name': 1,
      license_type: 'canary',
    };
    const answer = await admin.post('/api/v1/licenses', unsound, { 'X-Request-ID': 'broken-rules' });
    expectStatus(answer, 422);
    const { fields, ...line } = lineOf('broken-rules') ?? {};
    expect(line).toMatchObject({ status: 422, problem: 'validation_failed' });
    expect(String(fields).split(',').sort()).toEqual([
      'allowed_major_versions',
      'customer_id',
      'duration_days',
      'license_type',
      'module_name',
    ]);
    expect(server.log()).not.toContain('canary-');
    await admin.post(
      '/api/v1/licenses/validate/batch',
      { items: [{ token: 'x' }, {}] },
      { 'X-Request-ID': 'broken-items' },
    );
    expect(lineOf('broken-items')).toMatchObject({
      status: 422,
      fields: 'items.module_name,items.odoo_version,items.token',
    });
  });

  it('the caller without a credential is anonymous, not the system', async () => {
    const license = await aLicense(admin);
    await validate(anyone, license.token);
    await validate(admin, license.token);
    const [byKey, byAnyone] = await audit(`license_id=${license.id}&event_type=license.validated`);
    expect(byKey!.actor).toMatch(/^api_key:/);
    expect(byAnyone!.actor).toBe('anonymous');
  });

  it('tokens of a compromised key that are on record leave records, and callers with a key learn the license', async () => {
    const license = await aLicense(admin, { license_type: 'subscription', duration_days: 30 });
    await compromise(null);
    const named = {
      code: 'KEY_COMPROMISED',
      valid: false,
      license_id: license.id,
      license_type: 'subscription',
      customer_name: 'Acme Corporation',
      expires_at: license.expires_at,
    };
    expect(await validate(admin, license.token)).toMatchObject(named);
    const anonymous = await validate(anyone, license.token);
    expect(anonymous).toMatchObject({
      code: 'KEY_COMPROMISED',
      license_id: null,
      license_type: null,
      customer_name: null,
      expires_at: null,
    });
    const batch = await admin.post('/api/v1/licenses/validate/batch', {
      items: [{ token: license.token, ...PAYROLL_17 }],
    });
    expect(batch.body.results[0]).toMatchObject(named);

    const records = await audit(`code=KEY_COMPROMISED&license_id=${license.id}`);
    expect(records.map(({ actor }) => actor.split(':')[0])).toEqual(['api_key', 'anonymous', 'api_key']);

    // On record no longer: only somebody who has the key could have made it.
    await sql.query('UPDATE license_tokens SET sha256 = sha256(sha256) WHERE license_id = $1', [license.id]);
    expect(await validate(admin, license.token)).toMatchObject({
      code: 'KEY_COMPROMISED',
      license_id: null,
      customer_name: null,
    });
    expect(await audit(`code=KEY_COMPROMISED&license_id=${license.id}`)).toHaveLength(3);
  });
});
