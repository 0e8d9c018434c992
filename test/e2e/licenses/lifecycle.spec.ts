import { decodeJwt } from 'jose';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, type IssuedLicense, verdictOf } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';

const DAY = 86_400_000;

describe('the lifecycle of a license', () => {
  let server: TestServer;
  let admin: Client;
  let anyone: Client;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
  });

  afterAll(async () => {
    await server.close();
  });

  const change = (license: { id: string }, what: string, body: unknown = { reason: 'a reason' }) =>
    admin.post(`/api/v1/licenses/${license.id}/${what}`, body);

  const verdict = (token: string, question?: Record<string, unknown>) => verdictOf(anyone, token, question);

  async function events(license: { id: string }): Promise<string[]> {
    const answer = await admin.get(`/api/v1/admin/audit-logs?license_id=${license.id}&page_size=100`);
    expectStatus(answer, 200);
    return (answer.body.audit_logs as { event_type: string }[]).map(({ event_type }) => event_type).reverse();
  }

  const subscription = (days = 10) => aLicense(admin, { license_type: 'subscription', duration_days: days });

  /** The contract's table: from, change, status of the answer, state afterwards. */
  const table: [from: string, what: string, status: number, after: string][] = [
    ['active', 'revoke', 200, 'revoked'],
    ['active', 'suspend', 200, 'suspended'],
    ['active', 'reinstate', 409, 'active'],
    ['active', 'renew', 200, 'active'],
    ['active', 'reissue', 200, 'active'],
    ['expired', 'revoke', 200, 'revoked'],
    ['expired', 'suspend', 200, 'suspended'],
    ['expired', 'reinstate', 409, 'expired'],
    ['expired', 'renew', 200, 'active'],
    ['expired', 'reissue', 200, 'expired'],
    ['suspended', 'revoke', 200, 'revoked'],
    ['suspended', 'suspend', 409, 'suspended'],
    ['suspended', 'reinstate', 200, 'active'],
    ['suspended', 'renew', 409, 'suspended'],
    ['suspended', 'reissue', 200, 'suspended'],
    ['revoked', 'revoke', 409, 'revoked'],
    ['revoked', 'suspend', 409, 'revoked'],
    ['revoked', 'reinstate', 409, 'revoked'],
    ['revoked', 'renew', 409, 'revoked'],
    ['revoked', 'reissue', 409, 'revoked'],
  ];

  async function licenseThatIs(state: string): Promise<IssuedLicense> {
    const license = await subscription();
    if (state === 'suspended') expectStatus(await change(license, 'suspend'), 200);
    if (state === 'revoked') expectStatus(await change(license, 'revoke'), 200);
    if (state === 'expired') {
      const owner = await server.database.dataSource([]);
      await owner.query(
        `UPDATE licenses SET expires_at = date_trunc('second', now()) - interval '1 day' WHERE id = $1`,
        [license.id],
      );
    }
    return license;
  }

  it.each(table)('%s, %s: answers %i and is %s', async (from, what, status, after) => {
    const license = await licenseThatIs(from);
    const body = what === 'renew' ? { duration_days: 30 } : what === 'reissue' ? {} : { reason: 'a reason' };
    const answer = await change(license, what, body);
    expectStatus(answer, status);
    if (status === 409) expect(answer.body.code).toBe('license_state_conflict');
    const now = await admin.get(`/api/v1/licenses/${license.id}`);
    expect(now.body.status).toBe(after);
  });

  it('records each change once, with the reason, and answers validations accordingly', async () => {
    const license = await subscription();
    expectStatus(await change(license, 'suspend', { reason: 'unpaid' }), 200);
    expect(await verdict(license.token)).toBe('SUSPENDED');
    const suspended = await admin.get(`/api/v1/licenses/${license.id}`);
    expect(suspended.body).toMatchObject({ status: 'suspended', suspended_reason: 'unpaid' });
    expect(Date.parse(suspended.body.suspended_at as string)).toBeGreaterThan(Date.now() - 60_000);
    expectStatus(await change(license, 'reinstate', { reason: 'paid' }), 200);
    expect(await verdict(license.token)).toBe('VALID');
    const reinstated = await admin.get(`/api/v1/licenses/${license.id}`);
    expect(reinstated.body).toMatchObject({ status: 'active', suspended_reason: null, suspended_at: null });
    expect((await events(license)).filter((event) => event !== 'license.validated')).toEqual([
      'license.issued',
      'license.suspended',
      'license.reinstated',
    ]);
  });

  it('renews from its end while it runs, and from now after it has ended', async () => {
    const running = await subscription(10);
    const renewed = await change(running, 'renew', { duration_days: 5 });
    expect(Date.parse(renewed.body.expires_at as string)).toBe(Date.parse(running.expires_at!) + 5 * DAY);
    const ended = await licenseThatIs('expired');
    const again = await change(ended, 'renew', { duration_days: 5 });
    const end = Date.parse(again.body.expires_at as string);
    expect(Math.abs(end - Date.now() - 5 * DAY)).toBeLessThan(240_000);
    expect(decodeJwt(again.body.token as string)).toMatchObject({ jti: ended.id, exp: end / 1000, rev: 2 });
  });

  it('renews to a given end', async () => {
    const license = await subscription(10);
    const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 100 * DAY).toISOString();
    const renewed = await change(license, 'renew', { expires_at: end });
    expect(renewed.body).toMatchObject({ expires_at: end, revision: 2 });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['neither a duration nor an end', {}, 'duration_days'],
    ['both', { duration_days: 5, expires_at: '2040-01-01T00:00:00Z' }, 'expires_at'],
    ['an end before the present one', { expires_at: new Date(Date.now() + DAY).toISOString() }, 'expires_at'],
    ['no time', { expires_at: 'tomorrow' }, 'expires_at'],
    ['null for a duration', { duration_days: null }, 'duration_days'],
    ['a fraction of a day', { duration_days: 1.5 }, 'duration_days'],
  ])('refuses a renewal with %s', async (_name, body, field) => {
    const license = await subscription(10);
    const answer = await change(license, 'renew', body);
    expectStatus(answer, 422);
    expect((answer.body.errors as { field: string }[]).map((error) => error.field)).toContain(field);
  });

  it('does not renew a perpetual license', async () => {
    expectStatus(await change(await aLicense(admin), 'renew', { duration_days: 5 }), 409);
  });

  it('leaves the renewed token valid, and says that there is a newer one', async () => {
    const license = await subscription(10);
    const renewed = await change(license, 'renew', { duration_days: 400 });
    const old = await anyone.post('/api/v1/licenses/validate', {
      token: license.token,
      module_name: 'payroll',
      odoo_version: '17',
    });
    expect(old.body).toMatchObject({ code: 'VALID', warnings: ['EXPIRES_SOON', 'REISSUE_AVAILABLE'] });
    expect(await verdict(renewed.body.token as string)).toBe('VALID');
  });

  it('reissues onto another instance and other versions; the old token stays valid unless superseded', async () => {
    const fingerprint = await anyone.post('/api/v1/licenses/fingerprint', {
      db_uuid: 'db-1',
      domain: 'erp.example',
    });
    const license = await aLicense(admin);
    const moved = await change(license, 'reissue', {
      instance_fingerprint: fingerprint.body.fingerprint as string,
      allowed_major_versions: ['19'],
    });
    expect(moved.body).toMatchObject({ id: license.id, revision: 2, allowed_major_versions: ['19'] });
    const here = { odoo_version: '19', instance_db_uuid: 'db-1', instance_domain: 'erp.example' };
    expect(await verdict(moved.body.token as string, here)).toBe('VALID');
    expect(await verdict(moved.body.token as string, { odoo_version: '19' })).toBe('INSTANCE_REQUIRED');
    expect(await verdict(license.token)).toBe('VALID');
    const third = await change(license, 'reissue', { supersede: true, instance_fingerprint: null });
    expect(await verdict(license.token)).toBe('SUPERSEDED');
    expect(await verdict(moved.body.token as string, here)).toBe('SUPERSEDED');
    expect(await verdict(third.body.token as string, { odoo_version: '19' })).toBe('VALID');
    const places = [license.token, moved.body.token, third.body.token].map(
      (token) =>
        (decodeJwt(token as string) as { status: { status_list: { idx: number } } }).status.status_list.idx,
    );
    expect(new Set(places).size).toBe(3);
  });

  it('issues no new token for an inactive customer', async () => {
    const customer = await aCustomer(admin);
    const license = await aLicense(admin, { customer_id: customer.id });
    expectStatus(await admin.patch(`/api/v1/customers/${customer.id}`, { is_active: false }), 200);
    const answer = await change(license, 'reissue', {});
    expectStatus(answer, 409);
    expect(answer.body.code).toBe('customer_inactive');
  });

  it('changes notes and nothing else', async () => {
    const license = await aLicense(admin);
    const noted = await admin.patch(`/api/v1/licenses/${license.id}`, { notes: 'called on Monday' });
    expect(noted.body).toMatchObject({ notes: 'called on Monday', token: license.token, revision: 1 });
    expect((await admin.patch(`/api/v1/licenses/${license.id}`, { notes: null })).body.notes).toBeNull();
    expectStatus(await admin.patch(`/api/v1/licenses/${license.id}`, { module_name: 'x', notes: 'n' }), 422);
    expectStatus(await admin.patch(`/api/v1/licenses/${license.id}`, {}), 422);
  });

  it('returns the token as a file', async () => {
    const license = await aLicense(admin);
    const file = await admin.get(`/api/v1/licenses/${license.id}/token`);
    expectStatus(file, 200);
    expect(file.body).toBe(license.token);
    expect(file.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="${license.id}.jwt"`);
    expect(file.headers.get('cache-control')).toBe('no-store');
  });

  it('shows support which license a pasted token belongs to, also an older one', async () => {
    const license = await aLicense(admin);
    expectStatus(await change(license, 'reissue', {}), 200);
    const found = await admin.post('/api/v1/licenses/inspect', { token: ` ${license.token}\n` });
    expect(found.body).toMatchObject({ id: license.id, customer: { id: license.customer_id } });
  });

  it('validates many at once, in their order', async () => {
    const [good, bad] = [await aLicense(admin), await aLicense(admin)];
    expectStatus(await change(bad, 'revoke'), 200);
    const ask = (token: string) => ({ token, module_name: 'payroll', odoo_version: '17' });
    const items = Array.from({ length: 999 }, (_, n) => ask(n % 2 === 0 ? good.token : bad.token));
    const answer = await admin.post('/api/v1/licenses/validate/batch', { items: [...items, ask('nothing')] });
    expectStatus(answer, 200);
    const codes = (answer.body.results as { code: string }[]).map(({ code }) => code);
    expect(codes).toEqual([...items.map((_, n) => (n % 2 === 0 ? 'VALID' : 'REVOKED')), 'MALFORMED']);
    expectStatus(await anyone.post('/api/v1/licenses/validate/batch', { items: [ask('x')] }), 401);
    const tooMany = Array.from({ length: 1001 }, () => ask('x'));
    for (const wrong of [[], tooMany, [{ token: 1 }], 'x'])
      expectStatus(await admin.post('/api/v1/licenses/validate/batch', { items: wrong }), 422);
  });

  it('says whose key it is', async () => {
    const me = await admin.get('/api/v1/me');
    expect(me.body).toEqual({
      id: server.adminKey.split('_')[2],
      name: expect.any(String) as string,
      scopes: ['admin'],
      expires_at: null,
      rate_limit_per_minute: null,
    });
    expectStatus(await anyone.get('/api/v1/me'), 401);
  });

  describe('under concurrency', () => {
    it('extends it twice for two renewals at once', async () => {
      const license = await subscription(10);
      const both = await Promise.all([1, 2].map(() => change(license, 'renew', { duration_days: 5 })));
      for (const answer of both) expectStatus(answer, 200);
      const now = await admin.get(`/api/v1/licenses/${license.id}`);
      expect(Date.parse(now.body.expires_at as string)).toBe(Date.parse(license.expires_at!) + 10 * DAY);
      expect(now.body.revision).toBe(3);
      expect((await events(license)).filter((event) => event === 'license.renewed')).toHaveLength(2);
    });

    it('accepts no renewal after a revocation, 30 times', async () => {
      for (let round = 0; round < 30; round += 1) {
        const license = await subscription(10);
        const [renewed, revoked] = await Promise.all([
          change(license, 'renew', { duration_days: 5 }),
          change(license, 'revoke'),
        ]);
        expectStatus(revoked, 200);
        expect([200, 409]).toContain(renewed.status);
        const trail = (await events(license)).slice(1);
        expect(trail).toEqual(
          renewed.status === 200 ? ['license.renewed', 'license.revoked'] : ['license.revoked'],
        );
        if (renewed.status === 200) expect(await verdict(renewed.body.token as string)).toBe('REVOKED');
        expect(await verdict(license.token)).toBe('REVOKED');
      }
    });

    it('answers SUSPENDED to every validation that starts after a suspension was acknowledged', async () => {
      const license = await subscription(10);
      for (let round = 0; round < 20; round += 1) {
        const racing = [1, 2, 3].map(() => verdict(license.token));
        expectStatus(await change(license, 'suspend'), 200);
        expect(await verdict(license.token)).toBe('SUSPENDED');
        for (const code of await Promise.all(racing)) expect(['VALID', 'SUSPENDED']).toContain(code);
        expectStatus(await change(license, 'reinstate'), 200);
        expect(await verdict(license.token)).toBe('VALID');
      }
    });

    it('puts a reissue and a renewal into one order, with a revision each', async () => {
      for (let round = 0; round < 15; round += 1) {
        const license = await subscription(10);
        const answers = await Promise.all([
          change(license, 'renew', { duration_days: 5 }),
          change(license, 'reissue', { allowed_major_versions: ['20'] }),
        ]);
        for (const answer of answers) expectStatus(answer, 200);
        const now = await admin.get(`/api/v1/licenses/${license.id}`);
        expect(now.body).toMatchObject({ revision: 3, allowed_major_versions: ['20'] });
        expect(Date.parse(now.body.expires_at as string)).toBe(Date.parse(license.expires_at!) + 5 * DAY);
        const claims = decodeJwt(now.body.token as string);
        expect(claims).toMatchObject({ rev: 3, module: { allowed_major_versions: ['20'] } });
        expect(claims.exp).toBe(Date.parse(now.body.expires_at as string) / 1000);
      }
    });
  });
});
