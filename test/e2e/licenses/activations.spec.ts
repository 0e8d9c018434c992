import { decodeJwt, decodeProtectedHeader } from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aLicense, anApiKey, type IssuedLicense, validation } from '../../support/factories';
import { Forger, seconds } from '../../support/keys/forger';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

describe('activations', () => {
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

  const seated = (seats: object, more: object = {}): Promise<IssuedLicense> =>
    aLicense(admin, { seats: { max: 2, mode: 'floating', ...seats }, ...more });
  const activate = (token: string, fingerprint: unknown, more: object = {}): Promise<Answer> =>
    anyone.post('/api/v1/activations', {
      ...{ token, module_name: 'payroll', odoo_version: '17.0', fingerprint },
      ...more,
    });
  /** Activates one that has to be admitted. */
  const admitted = async (token: string, fingerprint: string, more: object = {}): Promise<Answer['body']> => {
    const answer = await activate(token, fingerprint, more);
    expectStatus(answer, 201);
    return answer.body;
  };
  const heartbeat = (id: string, token: string, fingerprint: string, more: object = {}): Promise<Answer> =>
    anyone.post(`/api/v1/activations/${id}/heartbeat`, { token, fingerprint, ...more });
  const release = (id: string, token: string, fingerprint: string): Promise<Answer> =>
    anyone.post(`/api/v1/activations/${id}/release`, { token, fingerprint });
  const endLeases = async (licenseId: string): Promise<void> => {
    await sql.query(
      `WITH shortened AS (
         UPDATE activations SET lease_ends_at = clock_timestamp() - interval '1 second'
         WHERE license_id = $1 AND ended_at IS NULL RETURNING lease_ends_at)
       UPDATE license_seats SET no_lapse_before = (SELECT min(lease_ends_at) FROM shortened) WHERE license_id = $1`,
      [licenseId],
    );
  };

  /** Puts in place of the only token of a license one that has expired. */
  async function expiredTokenOf({ id, token }: IssuedLicense): Promise<string> {
    const forger = new Forger(server.keysDir, (await anyone.get('/info')).body.key_id);
    const expired = forger.token({ ...decodeJwt<object>(token), exp: seconds(-5) });
    await sql.query('UPDATE license_tokens SET sha256 = $1 WHERE license_id = $2', [
      createHash('sha256').update(expired).digest(),
      id,
    ]);
    await sql.query('UPDATE licenses SET token = $1 WHERE id = $2', [expired, id]);
    return expired;
  }

  it('bring the newest token to an installation whose token has expired, where the license was renewed', async () => {
    const license = await seated({}, { license_type: 'subscription', duration_days: 30 });
    const { id } = license;
    const expired = await expiredTokenOf(license);
    const renewal = await admin.post(`/api/v1/licenses/${id}/renew`, { duration_days: 30 });
    expectStatus(renewal, 200);
    const { token } = renewal.body;
    const { body: first } = await activate(expired, 'machine-1');
    expect(first).toMatchObject({ license_id: id, license_token: token });
    expect((await heartbeat(first.id as string, expired, 'machine-1')).body).toMatchObject({
      license_token: token,
    });
    expectStatus(await admin.delete(`/api/v1/licenses/${id}/revoke`, { reason: 'refunded' }), 200);
    for (const refused of [
      await activate(expired, 'machine-2'),
      await heartbeat(first.id as string, expired, 'machine-1'),
    ])
      expect(refused).toMatchObject({
        status: 403,
        body: { code: 'license_not_valid', verdict: { code: 'REVOKED' } },
      });
  });

  it('refuse an installation whose token has expired, where the newest one has expired too', async () => {
    const license = await seated({}, { license_type: 'subscription', duration_days: 30 });
    const expired = await expiredTokenOf(license);
    expect(await activate(expired, 'machine-1')).toMatchObject({
      status: 403,
      body: { code: 'license_not_valid', verdict: { code: 'EXPIRED' } },
    });
  });

  it('give a seat with a token, and to the same fingerprint the same seat', async () => {
    const { id: license_id, token } = await seated({ lease_seconds: 300 });
    const first = await activate(` ${token}\n`, 'machine-1', { name: 'reception' });
    expect(first.status).toBe(201);
    const digest = createHash('sha256').update(`${license_id}:machine-1`).digest('hex');
    expect(first.body).toEqual({
      id: expect.any(String),
      license_id,
      name: 'reception',
      fingerprint_prefix: digest.slice(0, 8),
      mode: 'floating',
      over: false,
      fence: expect.any(Number),
      created_at: expect.any(String),
      last_seen_at: first.body.created_at,
      lease_ends_at: new Date(Date.parse(first.body.created_at) + 300_000).toISOString(),
      offline_until: null,
      heartbeat_after: 100,
      ended_at: null,
      ended_by: null,
      token: expect.any(String),
      license_token: null,
    });
    expect(decodeProtectedHeader(first.body.token)).toMatchObject({
      typ: 'aegis-activation+jwt',
      alg: 'EdDSA',
    });
    expect(decodeJwt(first.body.token)).toEqual({
      iss: expect.any(String),
      jti: first.body.id,
      sub: license_id,
      fp: digest,
      fence: first.body.fence,
      iat: expect.any(Number),
      exp: Math.floor(Date.parse(first.body.lease_ends_at) / 1000),
    });
    const again = await activate(token, 'machine-1');
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ id: first.body.id, fence: first.body.fence, name: 'reception' });
    expect((await admitted(token, 'machine-2')).fence).toBeGreaterThan(first.body.fence);
  });

  it('of a fixed license are held without a lease, and have a place in a status list', async () => {
    const { token } = await seated({ mode: 'fixed', offline_days: 10 });
    const body = await admitted(token, 'machine-1');
    expect(body).toMatchObject({ mode: 'fixed', lease_ends_at: null, heartbeat_after: (10 * 86_400) / 3 });
    const claims = decodeJwt<{ status: { status_list: { idx: number; uri: string } } }>(body.token);
    expect(claims.exp).toBe(Math.floor(Date.parse(body.created_at) / 1000) + 10 * 86_400);
    expect(claims.status.status_list).toEqual({ idx: expect.any(Number), uri: expect.any(String) });
  });

  it('are refused where all seats are in use, and say what is free when', async () => {
    const { token } = await seated({ take_over: true, moves_per_30_days: 5 });
    const first = await admitted(token, 'a', { name: 'reception' });
    const second = await admitted(token, 'b');
    const refused = await activate(token, 'c');
    expect(refused).toMatchObject({
      status: 409,
      body: {
        code: 'seats_exhausted',
        limit: 2,
        in_use: 2,
        next_free_at: first.lease_ends_at,
        holders: [
          { id: first.id, name: 'reception', last_seen_at: first.last_seen_at },
          { id: second.id, name: null, last_seen_at: second.last_seen_at },
        ],
      },
    });
    const third = await admitted(token, 'c', { take_over: 'oldest' });
    expect(await heartbeat(first.id, token, 'a')).toMatchObject({
      status: 409,
      body: { code: 'activation_ended', ended_by: 'taken_over', ended_at: third.created_at },
    });
    await admitted(token, 'd', { take_over: (second.id as string).toUpperCase() });
  });

  it('are refused where too many different installations came', async () => {
    const { token } = await seated({ mode: 'fixed', max: 1, moves_per_30_days: 0 });
    const first = await admitted(token, 'a');
    expectStatus(await release(first.id, token, 'a'), 204);
    expect(await activate(token, 'b')).toMatchObject({
      status: 409,
      body: {
        code: 'moves_exhausted',
        next_free_at: new Date(Date.parse(first.created_at) + 30 * 86_400_000).toISOString(),
      },
    });
    await admitted(token, 'a');
  });

  it('need a license that counts seats, and is valid for what asks', async () => {
    const { token: uncounted } = await aLicense(admin);
    expect(await activate(uncounted, 'a')).toMatchObject({
      status: 409,
      body: { code: 'seats_not_counted' },
    });
    const { id, token } = await seated({});
    for (const [more, code] of [
      [{ module_name: 'sales' }, 'MODULE_MISMATCH'],
      [{ odoo_version: '12' }, 'VERSION_NOT_ALLOWED'],
    ] as const)
      expect(await activate(token, 'a', more)).toMatchObject({
        status: 403,
        body: { code: 'license_not_valid', verdict: { valid: false, code, license_id: id } },
      });
    expect(await activate('garbage', 'a')).toMatchObject({
      status: 403,
      body: { verdict: { code: 'MALFORMED' } },
    });
    await admin.post(`/api/v1/licenses/${id}/suspend`, { reason: 'not paid' });
    expect(await activate(token, 'a')).toMatchObject({
      status: 403,
      body: { verdict: { code: 'SUSPENDED' } },
    });
  });

  it('refuse a token that was signed with a stolen key', async () => {
    const { token } = await seated({});
    const forger = new Forger(server.keysDir, (await anyone.get('/info')).body.key_id);
    const forged = forger.token({ ...decodeJwt<object>(token), jti: UNKNOWN });
    expect(await activate(forged, 'a')).toMatchObject({
      status: 403,
      body: { verdict: { code: 'NOT_FOUND' } },
    });
    const odd = forger.token({ ...decodeJwt<object>(token), jti: 'no uuid' });
    expect((await activate(odd, 'a')).status).toBe(403);
  });

  describe('by heartbeats', () => {
    it('renew their lease, with a token unless none is asked for', async () => {
      const { token } = await seated({});
      const { id, lease_ends_at } = await admitted(token, 'a');
      const beat = await heartbeat(id, token, 'a');
      expect(beat.status).toBe(200);
      expect(Date.parse(beat.body.lease_ends_at)).toBeGreaterThanOrEqual(Date.parse(lease_ends_at));
      expect(decodeJwt(beat.body.token).jti).toBe(id);
      expect((await heartbeat(id, token, 'a', { with_token: false })).body.token).toBeNull();
    });

    it('are not found by another fingerprint, for another license, or by an unknown id: all alike', async () => {
      const { token } = await seated({});
      const { token: other } = await seated({});
      const { id } = await admitted(token, 'a');
      for (const answer of [
        await heartbeat(id, token, 'b'),
        await heartbeat(id, other, 'a'),
        await heartbeat(UNKNOWN, token, 'a'),
        await release(id, token, 'b'),
        await release(id, other, 'a'),
        await release(UNKNOWN, token, 'a'),
      ])
        expect(answer).toMatchObject({
          status: 404,
          body: {
            code: 'activation_not_found',
            detail: 'This license has no such activation for this fingerprint.',
          },
        });
      expect((await heartbeat(id, token, 'a')).status).toBe(200);
    });

    it('end when their lease is over, which is then on record', async () => {
      const { id: licenseId, token } = await seated({});
      const { id } = await admitted(token, 'a');
      await endLeases(licenseId);
      const ended = await heartbeat(id, token, 'a');
      expect(ended).toMatchObject({ status: 409, body: { code: 'activation_ended', ended_by: 'lease' } });
      const { rows } = await sql.query<{ ended_by: string; open: number }>(
        `SELECT ended_by, open FROM activations JOIN license_seats USING (license_id) WHERE id = $1`,
        [id],
      );
      expect(rows).toEqual([{ ended_by: 'lease', open: 0 }]);
      expect((await activate(token, 'a')).body.id).not.toBe(id);
    });

    it('are refused while the license is not valid, whatever module is asked for', async () => {
      const { id: licenseId, token } = await seated({});
      const { id } = await admitted(token, 'a');
      await admin.post(`/api/v1/licenses/${licenseId}/suspend`, { reason: 'not paid' });
      expect(await heartbeat(id, token, 'a')).toMatchObject({
        status: 403,
        body: { code: 'license_not_valid', verdict: { code: 'SUSPENDED' } },
      });
      expectStatus(await release(id, token, 'a'), 204);
    });

    it('bring the newest license token, also to a token that has expired meanwhile', async () => {
      const { id: licenseId, token } = await seated({}, { license_type: 'subscription', duration_days: 10 });
      const { id } = await admitted(token, 'a');
      expect((await heartbeat(id, token, 'a')).body.license_token).toBeNull();
      const renewed = await admin.post(`/api/v1/licenses/${licenseId}/renew`, { duration_days: 30 });
      expectStatus(renewed, 200);
      expect((await heartbeat(id, token, 'a')).body.license_token).toBe(renewed.body.token);
      expect((await activate(token, 'a')).body.license_token).toBe(renewed.body.token);
      expect((await heartbeat(id, renewed.body.token, 'a')).body.license_token).toBeNull();
    });

    it('of many, for a service that speaks for them: one that is refused fails alone', async () => {
      const { id: licenseId, token } = await seated({ max: 5 });
      const { token: other, id: suspended } = await seated({});
      const [a, b, c] = [await admitted(token, 'a'), await admitted(token, 'b'), await admitted(other, 'c')];
      expectStatus(await release(b.id, token, 'b'), 204);
      await admin.post(`/api/v1/licenses/${suspended}/suspend`, { reason: 'not paid' });
      const { id: lapsing, token: short } = await seated({});
      const d = await admitted(short, 'd');
      await endLeases(lapsing);
      const { key } = await anApiKey(admin, { scopes: ['activations:manage'] });
      const service = new Client(server.url, key);
      const items = [
        { id: a.id, fingerprint: 'a' },
        { id: a.id, fingerprint: 'b' },
        { id: b.id, fingerprint: 'b' },
        { id: c.id, fingerprint: 'c' },
        { id: UNKNOWN, fingerprint: 'a' },
        { id: d.id, fingerprint: 'd' },
        { id: a.id, fingerprint: 'a' },
      ];
      const answer = await service.post('/api/v1/activations/heartbeats', { items });
      expect(answer).toMatchObject({
        status: 200,
        body: {
          results: [
            { activation: { id: a.id, license_id: licenseId, token: null }, error: null },
            { activation: null, error: { code: 'activation_not_found' } },
            { activation: null, error: { code: 'activation_ended', ended_by: 'released' } },
            { activation: null, error: { code: 'license_not_valid', verdict: { code: 'SUSPENDED' } } },
            { activation: null, error: { code: 'activation_not_found' } },
            { activation: null, error: { code: 'activation_ended', ended_by: 'lease' } },
            { activation: { id: a.id, license_id: licenseId, token: null }, error: null },
          ],
        },
      });
      const withTokens = { items: items.slice(0, 1), with_token: true };
      const { body } = await service.post('/api/v1/activations/heartbeats', withTokens);
      expect(decodeJwt(body.results[0].activation.token).jti).toBe(a.id);
      const tooMany = Array.from({ length: 101 }, () => items[0]);
      expect(
        await service.post('/api/v1/activations/heartbeats', { items: tooMany, with_token: true }),
      ).toMatchObject({ status: 422, body: { errors: [{ field: 'items' }] } });
    });
  });

  it('are released once or again', async () => {
    const { token } = await seated({ max: 1 });
    const { id } = await admitted(token, 'a');
    expectStatus(await release(id, token, 'a'), 204);
    expectStatus(await release(id, token, 'a'), 204);
    await admitted(token, 'b');
  });

  it('are listed, and ended by the vendor', async () => {
    const { id: licenseId, token } = await seated({ max: 3 });
    const [a, b, c] = [await admitted(token, 'a'), await admitted(token, 'b'), await admitted(token, 'c')];
    const path = `/api/v1/licenses/${licenseId}/activations`;
    const ended = await admin.post(`${path}/${a.id}/end`, { reason: 'sold' });
    expect(ended).toMatchObject({
      status: 200,
      body: { id: a.id, ended_by: 'ended', heartbeat_after: null },
    });
    expect((await admin.post(`${path}/${a.id}/end`, { reason: 'again' })).body).toEqual(ended.body);
    expect(ended.body).not.toHaveProperty('token');
    await sql.query(
      `UPDATE activations SET lease_ends_at = clock_timestamp() - interval '1 second' WHERE id = $1`,
      [b.id],
    );
    const list = async (query: string): Promise<unknown[]> => {
      const { body } = await admin.get(`${path}?${query}`);
      return (body.activations as { id: string; ended_by: string | null }[]).map(({ id, ended_by }) => [
        id,
        ended_by,
      ]);
    };
    expect(await list('')).toEqual([
      [c.id, null],
      [b.id, 'lease'],
      [a.id, 'ended'],
    ]);
    expect(await list('state=live')).toEqual([[c.id, null]]);
    expect(await list('state=ended&page_size=1')).toEqual([[b.id, 'lease']]);
    expect((await admin.get(`/api/v1/licenses/${licenseId}/seats`)).body.in_use).toBe(1);
    expect((await admin.get(`/api/v1/licenses/${UNKNOWN}/activations`)).status).toBe(404);
    expect((await admin.post(`${path}/${UNKNOWN}/end`, { reason: 'x' })).body.code).toBe(
      'activation_not_found',
    );
    expect(
      (await admin.post(`/api/v1/licenses/${UNKNOWN}/activations/${c.id}/end`, { reason: 'x' })).status,
    ).toBe(404);
  });

  it('leave records without names and fingerprints', async () => {
    const { id, token } = await seated({ max: 1 });
    const [name, fingerprint] = [randomUUID(), randomUUID()];
    await admitted(token, fingerprint, { name });
    await activate(token, 'another');
    const { body } = await admin.get(`/api/v1/licenses/${id}/history`);
    expect((body.audit_logs as { event_type: string }[]).map(({ event_type }) => event_type)).toEqual([
      'activation.refused',
      'activation.admitted',
      'license.issued',
    ]);
    expect(JSON.stringify(body)).not.toContain(name);
    expect(JSON.stringify(body) + server.log()).not.toContain(fingerprint);
  });

  describe('in validations', () => {
    const verdict = async (token: string, activation?: unknown): Promise<Answer['body']> =>
      (await validation(anyone, token, activation === undefined ? {} : { activation })).body;

    it('are asked for where the token says so', async () => {
      const { id: licenseId, token } = await seated({});
      const { token: open } = await seated({ required: false });
      const { id, lease_ends_at } = await admitted(token, 'a');
      expect(await verdict(token)).toMatchObject({ code: 'ACTIVATION_REQUIRED', activation: null });
      expect(await verdict(open)).toMatchObject({ code: 'VALID', activation: null });
      expect(await verdict(token, { id, fingerprint: 'a' })).toMatchObject({
        code: 'VALID',
        activation: { id, lease_ends_at, over: false },
      });
      for (const named of [
        { id, fingerprint: 'b' },
        { id: UNKNOWN, fingerprint: 'a' },
      ])
        expect((await verdict(token, named)).code).toBe('ACTIVATION_REQUIRED');
      await endLeases(licenseId);
      expect((await verdict(token, { id, fingerprint: 'a' })).code).toBe('ACTIVATION_ENDED');
    });

    it('warn of those beyond the maximum', async () => {
      const { token } = await seated({ max: 1, overage: 1 });
      await admitted(token, 'a');
      const { id, over } = await admitted(token, 'b');
      expect(over).toBe(true);
      expect(await verdict(token, { id, fingerprint: 'b' })).toMatchObject({
        code: 'VALID',
        warnings: ['SEAT_OVERAGE'],
        activation: { over: true },
      });
    });

    it('are judged among many, each by its own', async () => {
      const { token } = await seated({});
      const { id } = await admitted(token, 'a');
      const question = { token, module_name: 'payroll', odoo_version: '17.0' };
      const { body } = await admin.post('/api/v1/licenses/validate/batch', {
        items: [question, { ...question, activation: { id, fingerprint: 'a' } }, question],
      });
      expect((body.results as { code: string }[]).map(({ code }) => code)).toEqual([
        'ACTIVATION_REQUIRED',
        'VALID',
        'ACTIVATION_REQUIRED',
      ]);
    });
  });

  describe('refuse bad input, naming the field', () => {
    const body = { token: 'x', module_name: 'payroll', odoo_version: '17.0', fingerprint: 'a' };
    it.each<[string, object, string]>([
      ['no fingerprint', { ...body, fingerprint: undefined }, 'fingerprint'],
      ['an empty fingerprint', { ...body, fingerprint: '' }, 'fingerprint'],
      ['a fingerprint of 256 characters', { ...body, fingerprint: 'x'.repeat(256) }, 'fingerprint'],
      ['a fingerprint with a line break', { ...body, fingerprint: 'a\nb' }, 'fingerprint'],
      ['a fingerprint that is a number', { ...body, fingerprint: 7 }, 'fingerprint'],
      ['a lone surrogate', { ...body, fingerprint: '\ud800' }, 'fingerprint'],
      ['a name of 201 characters', { ...body, name: 'x'.repeat(201) }, 'name'],
      ['a name with a control character', { ...body, name: 'a\u0000b' }, 'name'],
      ['somebody to take over who is no id', { ...body, take_over: 'newest' }, 'take_over'],
      ['a field that is not known', { ...body, machine: 1 }, 'machine'],
      ['no version', { ...body, odoo_version: undefined }, 'odoo_version'],
    ])('%s', async (_what, input, field) => {
      const answer = await anyone.post('/api/v1/activations', input);
      expect(answer).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
      expect((answer.body.errors as { field: string }[]).map((error) => error.field)).toContain(field);
    });

    it.each(['🚀'.repeat(255), ' ', 'a b', "' OR 1=1 --", 'Ünïcödé', '\u00a0'])(
      'and takes %j',
      async (fingerprint) => {
        const { token } = await seated({});
        const { id } = await admitted(token, fingerprint);
        expect((await heartbeat(id, token, fingerprint)).status).toBe(200);
        expect((await heartbeat(id, token, `${fingerprint}x`.slice(-255))).status).toBe(404);
      },
    );
  });
});

describe('limits of activations', () => {
  let server: TestServer;
  let admin: Client;
  let anyone: Client;

  beforeAll(async () => {
    server = await testServer({
      variables: { RATE_LIMIT_ADMISSIONS: '5', RATE_LIMIT_ACTIVATION: '3', RATE_LIMIT_PUBLIC: '4' },
    });
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
  });
  afterAll(() => server.close());

  const post = (path: string, body: object): Promise<Answer> =>
    anyone.post(`/api/v1/activations${path}`, body);

  it('count what matches by license and activation, and only what does not by address', async () => {
    const { token } = await aLicense(admin, { seats: { max: 9, mode: 'floating' } });
    const { token: other } = await aLicense(admin, { seats: { max: 9, mode: 'floating' } });
    const ask = (shown: string, fingerprint: string): Promise<Answer> =>
      post('', { token: shown, module_name: 'payroll', odoo_version: '17.0', fingerprint });
    const held = [];
    for (let n = 0; n < 5; n += 1) held.push((await ask(token, `machine-${n}`)).body.id as string);
    const refused = await ask(token, 'machine-0');
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(refused.headers.get('ratelimit-policy')).toBe('"admissions";q=5;w=60');
    expect((await ask(other, 'a')).status).toBe(201);

    const beat = (id: string, fingerprint: string): Promise<Answer> =>
      post(`/${id}/heartbeat`, { token, fingerprint, with_token: false });
    for (const [n, id] of held.entries())
      for (const expected of [200, 200, 200, 429])
        expect((await beat(id, `machine-${n}`)).status).toBe(expected);

    const answers = [];
    for (let n = 0; n < 6; n += 1) answers.push((await beat(held[0]!, 'another')).status);
    expect(answers).toEqual([404, 404, 404, 404, 429, 429]);
    // The address is used up, and its fleet is not.
    expect((await ask(other, 'b')).status).toBe(201);
  });

  it('are not used up by somebody with a token that was withdrawn', async () => {
    const ask = (shown: string, fingerprint: string): Promise<Answer> =>
      post('', { token: shown, module_name: 'payroll', odoo_version: '17.0', fingerprint });
    const { id, token: leaked } = await aLicense(admin, { seats: { max: 9, mode: 'floating' } });
    const { body } = await admin.post(`/api/v1/licenses/${id}/reissue`, { supersede: true });
    const thief = [];
    for (let n = 0; n < 9; n += 1)
      thief.push((await ask(leaked, `thief-${n}`)).headers.get('ratelimit-policy'));
    expect(new Set(thief)).toEqual(new Set(['"public";q=4;w=60']));
    expect((await ask(body.token as string, 'machine')).status).toBe(201);
  });
});
