import { generateKeyPairSync } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aLicense, validation } from '../../support/factories';
import { Forger, putOnRecord, seconds, signed } from '../../support/keys/forger';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';
import {
  DB_UUID,
  DOMAIN,
  EACH_CODE,
  FINGERPRINT,
  type Situation,
  VERDICT_MATRIX,
} from '../../support/verdicts/matrix';

const PAYROLL_17 = { module_name: 'payroll', odoo_version: '17.0' };
/** Refused for what the installation asked: the record says what that was. */
const ABOUT_THE_QUESTION: readonly string[] = [
  'MODULE_MISMATCH',
  'VERSION_NOT_ALLOWED',
  'INSTANCE_REQUIRED',
  'INSTANCE_MISMATCH',
];
type Code = (typeof EACH_CODE)[number]['code'];

describe('a verdict', () => {
  let server: TestServer;
  let client: Client;
  let anyone: Client;
  let sql: SqlClient;
  let forger: Forger;
  let compromised: Forger;

  beforeAll(async () => {
    server = await testServer({
      variables: {
        ACCEPTED_ISSUERS: 'https://licenses.predecessor.example',
        RATE_LIMIT_LICENSE: '1000000',
      },
    });
    client = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
    forger = new Forger(server.keysDir, (await anyone.get('/info')).body.key_id);
    compromised = await retiredKey('stolen');
    await compromise('stolen', null);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  let asked = 0;
  function ask(
    token: string,
    question: Record<string, unknown> = {},
    requestId = `ask-${(asked += 1)}`,
  ): Promise<Answer> {
    return validation(anyone, token, question, { 'X-Request-ID': requestId });
  }

  async function codeOf(token: string, question?: Record<string, unknown>): Promise<string> {
    const answer = await ask(token, question);
    expectStatus(answer, 200);
    return answer.body.code as string;
  }

  async function recordsOf(requestId: string): Promise<Record<string, unknown>[]> {
    const { rows } = await sql.query('SELECT * FROM audit_logs WHERE request_id = $1', [requestId]);
    return rows as Record<string, unknown>[];
  }

  async function countedVerdicts(): Promise<{ total: number; valid: number; by_code: Record<Code, number> }> {
    const { body } = await client.get('/api/v1/admin/stats');
    return body.validations.last_24h as Awaited<ReturnType<typeof countedVerdicts>>;
  }

  /** A key of the server's that no longer signs. */
  async function retiredKey(kid: string): Promise<Forger> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    await sql.query(
      `INSERT INTO signing_keys (kid, alg, public_key, state, retired_at)
       VALUES ($1, 'EdDSA', $2, 'retired', now())`,
      [kid, publicKey.export({ format: 'jwk' }).x],
    );
    // An unknown kid makes the server read the table again, at most once a second.
    const probe = signed(privateKey, { alg: 'EdDSA', typ: 'JWT', kid }, forger.claims());
    await until(`the server knows ${kid}`, async () => (await codeOf(probe)) !== 'UNKNOWN_KEY');
    return Object.assign(Object.create(forger) as Forger, { kid, privateKey });
  }

  async function compromise(kid: string, after: string | null): Promise<void> {
    await sql.query(
      `UPDATE signing_keys SET state = 'compromised', compromised_at = now(), compromised_after = $2 WHERE kid = $1`,
      [kid, after],
    );
  }

  const set = (id: string, change: string): Promise<unknown> =>
    sql.query(`UPDATE licenses SET ${change} WHERE id = $1`, [id]);

  /** Makes the case of the matrix true on the server. */
  async function inTermsOfTheServer({
    payload,
    signedBy,
    kid,
    signature,
    iss,
    isBound,
    endsIn,
    graceDays,
    ...situation
  }: Situation): Promise<{ token: string; question: Record<string, unknown> }> {
    const { id, customer_id } = await aLicense(client);
    const key = signedBy === 'our key' ? forger : compromised;
    const header = { alg: 'EdDSA', typ: 'JWT', kid: kid === 'of that key' ? key.kid : 'never-was' };
    const claims = forger.claims({
      jti: id,
      iss,
      customer: { id: customer_id, name: 'Acme Corporation' },
      module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
      license_type: endsIn === null ? 'perpetual' : 'subscription',
      ...(endsIn !== null && { exp: seconds(endsIn) }),
      ...(graceDays !== null && { grace_days: graceDays }),
      ...(isBound && { instance_fingerprint: FINGERPRINT }),
      rev: payload === 'a license' ? 2 : 'second',
    });
    const signer = signature === 'of that key' ? key.privateKey : generateKeyPairSync('ed25519').privateKey;
    const token = signed(signer, header, claims);
    if (situation.isOnRecord) await putOnRecord(sql, id, token, 2);
    await set(id, `revision = ${situation.hasNewerToken ? 3 : 2}`);
    if (situation.isSuperseded)
      await sql.query('UPDATE license_tokens SET superseded_at = now() WHERE license_id = $1', [id]);
    const change = { revoked: 'revoke', suspended: 'suspend', active: undefined }[situation.status];
    if (change !== undefined)
      expectStatus(await client.post(`/api/v1/licenses/${id}/${change}`, { reason: 'refunded' }), 200);
    if (!situation.isCustomerActive)
      expectStatus(await client.patch(`/api/v1/customers/${customer_id}`, { is_active: false }), 200);
    const { module_name, odoo_version, instance } = situation;
    const instances = {
      'the bound one': { instance_db_uuid: DB_UUID, instance_domain: DOMAIN },
      another: { instance_db_uuid: DB_UUID, instance_domain: 'erp.other.example' },
      unknown: {},
    };
    return { token, question: { module_name, odoo_version, ...instances[instance] } };
  }

  it.each(VERDICT_MATRIX)('is $code $name', async ({ situation, code, warnings }) => {
    const { token, question } = await inTermsOfTheServer(situation);
    expect((await ask(token, question)).body).toMatchObject({ code, warnings });
  });

  it.each(EACH_CODE)(
    'is $code $name, with the facts and the audit record that go with it',
    async ({ situation, code }) => {
      const isProven = !['MALFORMED', 'UNKNOWN_KEY', 'SIGNATURE_INVALID', 'KEY_COMPROMISED'].includes(code);
      // A token of a compromised key is recorded if it is on record: a test of its own.
      const { token, question } = await inTermsOfTheServer({
        ...situation,
        ...(!isProven && { isOnRecord: false }),
      });
      const before = await countedVerdicts();
      const answer = await ask(token, question, `verdict-${code}`);
      const after = await countedVerdicts();

      expectStatus(answer, 200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const claims = isProven ? JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) : null;
      expect(answer.body).toEqual({
        valid: code === 'VALID',
        code,
        error: code === 'VALID' ? null : expect.stringMatching(/^[A-Z].+\.$/),
        warnings: [],
        license_id: claims?.jti ?? null,
        license_type: claims?.license_type ?? null,
        customer_name: claims?.customer.name ?? null,
        expires_at: claims?.exp ? new Date(claims.exp * 1000).toISOString() : null,
        entitlements: {},
        activation: null,
        checked_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      });

      const records = await recordsOf(`verdict-${code}`);
      expect(records).toHaveLength(isProven ? 1 : 0);
      if (isProven)
        expect(records[0]).toMatchObject({
          event_type: 'license.validated',
          actor: 'anonymous',
          license_id: claims.jti,
          customer_id: claims.customer.id,
          event_data: ABOUT_THE_QUESTION.includes(code) ? { code, asked: expect.any(Object) } : { code },
        });
      expect(after).toEqual({
        total: before.total + 1,
        valid: before.valid + (code === 'VALID' ? 1 : 0),
        by_code: { ...before.by_code, [code]: before.by_code[code] + 1 },
      });
    },
  );

  it('accepts a token with the name that RFC 9864 gave the algorithm', async () => {
    const { id } = await aLicense(client);
    const token = forger.token(forger.claims({ jti: id }), { alg: 'Ed25519' });
    await putOnRecord(sql, id, token);
    expect(await codeOf(token)).toBe('VALID');
  });

  it('accepts an imported token, which has neither rev nor status', async () => {
    const { id } = await aLicense(client);
    const token = forger.token(forger.claims({ jti: id, rev: undefined, status: undefined }));
    await putOnRecord(sql, id, token);
    expect(await codeOf(token)).toBe('VALID');
  });

  it('binds a license to the instance whose fingerprint the server computed', async () => {
    const computed = await anyone.post('/api/v1/licenses/fingerprint', { db_uuid: DB_UUID, domain: DOMAIN });
    expectStatus(computed, 200);
    expect(computed.body).toEqual({
      fingerprint: FINGERPRINT,
      db_uuid: DB_UUID,
      domain: DOMAIN,
      warnings: [],
    });

    const { token } = await aLicense(client, { instance_fingerprint: computed.body.fingerprint });
    const instance = { instance_db_uuid: DB_UUID, instance_domain: DOMAIN };
    expect(await codeOf(token, instance)).toBe('VALID');
    expect(await codeOf(token, { instance_db_uuid: DB_UUID })).toBe('INSTANCE_REQUIRED');
    expect(await codeOf(token, { instance_domain: DOMAIN })).toBe('INSTANCE_REQUIRED');
    expect(await codeOf(token, { ...instance, instance_domain: null })).toBe('INSTANCE_REQUIRED');
    // Byte for byte: no trimming, no folding of case.
    expect(await codeOf(token, { ...instance, instance_domain: 'ERP.acme.example' })).toBe(
      'INSTANCE_MISMATCH',
    );
    expect(await codeOf(token, { ...instance, instance_db_uuid: DB_UUID.toUpperCase() })).toBe(
      'INSTANCE_MISMATCH',
    );
    expect(await codeOf(token, { ...instance, instance_domain: `${DOMAIN} ` })).toBe('INSTANCE_MISMATCH');
  });

  it('records the question if a license is refused because of it', async () => {
    const { token } = await aLicense(client, { instance_fingerprint: FINGERPRINT });
    const moved = { instance_db_uuid: DB_UUID, instance_domain: 'erp.copy.example' };
    const asPaired = async (question: Record<string, unknown>): Promise<unknown> => {
      const requestId = `question-${(asked += 1)}`;
      await ask(token, question, requestId);
      return (await recordsOf(requestId))[0]?.event_data;
    };
    expect(await asPaired({ module_name: 'payrol' })).toEqual({
      code: 'MODULE_MISMATCH',
      asked: { module_name: 'payrol', version: '17.0', instance_fingerprint: null },
    });
    expect(await asPaired({ odoo_version: 'v17' })).toEqual({
      code: 'VERSION_NOT_ALLOWED',
      asked: { module_name: 'payroll', version: 'v17', instance_fingerprint: null },
    });
    expect(await asPaired({ instance_domain: DOMAIN })).toEqual({
      code: 'INSTANCE_REQUIRED',
      asked: { module_name: 'payroll', version: '17.0', instance_fingerprint: null },
    });
    const { body } = await anyone.post('/api/v1/licenses/fingerprint', {
      db_uuid: DB_UUID,
      domain: 'erp.copy.example',
    });
    expect(await asPaired(moved)).toEqual({
      code: 'INSTANCE_MISMATCH',
      asked: { module_name: 'payroll', version: '17.0', instance_fingerprint: body.fingerprint as string },
    });
    expect(await asPaired({ instance_db_uuid: DB_UUID, instance_domain: DOMAIN })).toEqual({ code: 'VALID' });
  });

  it('computes the fingerprint of UTF-8 byte for byte', async () => {
    const computed = await anyone.post('/api/v1/licenses/fingerprint', {
      db_uuid: ' Ä ',
      domain: 'bücher.example/😀',
    });
    expect(computed.body.fingerprint).toBe(
      'sha256:45646002c369393894e8fc4644b41aaad52c6d3953ab0beb6c53cdff8df6fdbd',
    );
  });

  it('is valid up to, not including, the second of exp', async () => {
    const { id } = await aLicense(client);
    const exp = seconds(5);
    const token = forger.token(forger.claims({ jti: id, license_type: 'subscription', exp }));
    await putOnRecord(sql, id, token);
    const verdicts: { code: string; checked_at: string }[] = [];
    await until('the token expires', async () => {
      verdicts.push((await ask(token)).body);
      return verdicts.at(-1)!.code !== 'VALID';
    });
    expect(verdicts[0]!.code).toBe('VALID');
    for (const { code, checked_at } of verdicts)
      expect(code).toBe(Date.parse(checked_at) < exp * 1000 ? 'VALID' : 'EXPIRED');
    expect(await codeOf(token)).toBe('EXPIRED');
  });

  it('depends on the end of the presented token, not on that of the license', async () => {
    const license = await aLicense(client, { license_type: 'subscription', duration_days: 60 });
    await set(license.id, `expires_at = now() - interval '1 day'`);
    expect(await codeOf(license.token)).toBe('VALID');
    const older = forger.token(forger.claims({ jti: license.id, license_type: 'demo', exp: seconds(-5) }));
    await putOnRecord(sql, license.id, older);
    expect(await codeOf(older)).toBe('EXPIRED');
  });

  it('says that a newer token is available if the older one is shown', async () => {
    const { id, token } = await aLicense(client, { license_type: 'demo' });
    const newer = forger.token(forger.claims({ jti: id, rev: 2 }));
    await putOnRecord(sql, id, newer);
    await set(id, 'revision = 2');
    expect((await ask(token)).body.warnings).toEqual(['EXPIRES_SOON', 'REISSUE_AVAILABLE']);
    expect((await ask(newer)).body.warnings).toEqual([]);
  });

  it('trusts only tokens of a compromised key that were on record at the given time', async () => {
    const key = await retiredKey('leaked');
    const { id } = await aLicense(client);
    const before = key.token(forger.claims({ jti: id, rev: 2 }));
    const after = key.token(forger.claims({ jti: id, rev: 3 }));
    const never = key.token(forger.claims({ jti: id, rev: 4 }));
    await putOnRecord(sql, id, before, 2);
    await putOnRecord(sql, id, after, 3);
    await sql.query(
      `UPDATE license_tokens SET recorded_at = now() - interval '2 hours' WHERE license_id = $1 AND revision = 2`,
      [id],
    );
    const { rows } = await sql.query(`SELECT (now() - interval '1 hour')::text AS time`);
    for (const token of [before, after]) expect(await codeOf(token)).toBe('VALID');
    expect(await codeOf(never)).toBe('NOT_FOUND');

    await compromise('leaked', rows[0].time);
    expect(await codeOf(before)).toBe('VALID');
    expect(await codeOf(after)).toBe('KEY_COMPROMISED');
    expect(await codeOf(never)).toBe('KEY_COMPROMISED');

    await compromise('leaked', null);
    for (const token of [before, after, never]) expect(await codeOf(token)).toBe('KEY_COMPROMISED');
  });

  it('remembers no verdict: each answer depends on the current state', async () => {
    const license = await aLicense(client);
    const change = (is_active: boolean): Promise<Answer> =>
      client.patch(`/api/v1/customers/${license.customer_id}`, { is_active });
    expect(await codeOf(license.token)).toBe('VALID');
    await change(false);
    expect(await codeOf(license.token)).toBe('CUSTOMER_INACTIVE');
    await change(true);
    expect(await codeOf(license.token)).toBe('VALID');
  });

  it('gives each of many tokens at once its own verdict', async () => {
    const licenses = await Promise.all(
      Array.from({ length: 30 }, (_, index) => aLicense(client, { module_name: `module_${index}` })),
    );
    const answers = await Promise.all(
      licenses.flatMap(({ token, module_name }) => [
        ask(token, { module_name }),
        ask(token, { module_name: 'other' }),
        ask(`${token}x`, { module_name }),
        ask(forger.token(), {}),
      ]),
    );
    answers.forEach(({ body }, index) => {
      const expected = ['VALID', 'MODULE_MISMATCH', 'MALFORMED', 'NOT_FOUND'][index % 4];
      expect([index, body.code]).toEqual([index, expected]);
      if (expected === 'VALID') expect(body.license_id).toBe(licenses[index / 4]!.id);
    });
  });

  it('refuses callers without a key if the operator closed the route', async () => {
    const closed = await testServer({ variables: { VALIDATION_REQUIRES_API_KEY: 'true' } });
    try {
      const admin = new Client(closed.url, closed.adminKey);
      const license = await aLicense(admin);
      const question = { token: license.token, ...PAYROLL_17 };
      expectStatus(await new Client(closed.url).post('/api/v1/licenses/validate', question), 401);
      const scoped = async (scopes: string[]): Promise<Client> => {
        const made = await admin.post('/api/v1/admin/api-keys', { name: 'installation', scopes });
        expectStatus(made, 201);
        return new Client(closed.url, made.body.key);
      };
      expectStatus(await (await scoped(['licenses:read'])).post('/api/v1/licenses/validate', question), 403);
      const answer = await (await scoped(['licenses:validate'])).post('/api/v1/licenses/validate', question);
      expect(answer.body.code).toBe('VALID');
    } finally {
      await closed.close();
    }
  });

  it('refuses a bad key even if no key is needed', async () => {
    const { token } = await aLicense(client);
    const answer = await new Client(server.url, `${server.adminKey}x`).post('/api/v1/licenses/validate', {
      token,
      ...PAYROLL_17,
    });
    expectStatus(answer, 401);
    expect(answer.body).not.toHaveProperty('valid');
  });
});
