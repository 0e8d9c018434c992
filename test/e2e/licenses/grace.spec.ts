import { decodeJwt } from 'jose';
import type { DataSource } from 'typeorm';
import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, type IssuedLicense, validation, verdictOf } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';

const DAY = 86_400_000;

type License = IssuedLicense & { grace_days: number };

describe('grace', () => {
  let server: TestServer;
  let admin: Client;
  let anyone: Client;
  let database: DataSource;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    database = await server.database.dataSource([]);
  });
  afterAll(() => server.close());

  const change = (license: { id: string }, what: string, body: object) =>
    admin.post(`/api/v1/licenses/${license.id}/${what}`, body);

  const withGrace = (grace_days: number, details: object = {}): Promise<License> =>
    aLicense(admin, {
      license_type: 'subscription',
      duration_days: 10,
      grace_days,
      ...details,
    }) as Promise<License>;

  /** A license that ended so many days ago, with a token that says so. */
  async function endedAgo(days: number, grace_days: number): Promise<License> {
    const { id } = await withGrace(grace_days);
    await database.query(
      `UPDATE licenses SET expires_at = date_trunc('second', now()) - $2 * interval '24 hours' WHERE id = $1`,
      [id, days],
    );
    const answer = await change({ id }, 'reissue', {});
    expectStatus(answer, 200);
    return answer.body as License;
  }

  async function shown(license: { id: string }): Promise<[status: unknown, isUsable: unknown]> {
    const one = await admin.get(`/api/v1/licenses/${license.id}`);
    const open = await anyone.get(`/api/v1/licenses/${license.id}/status`);
    expect(open.body.status).toBe(one.body.status);
    return [one.body.status, open.body.usable];
  }

  async function isListed(license: { id: string }, filter: string): Promise<boolean> {
    const { body } = await admin.get(`/api/v1/licenses?q=${license.id}&${filter}`);
    return (body.licenses as unknown[]).length === 1;
  }

  it('is in the token, in every answer, and in the audit record', async () => {
    const license = await withGrace(14);
    expect(license.grace_days).toBe(14);
    expect(decodeJwt(license.token)).toMatchObject({ grace_days: 14 });
    const one = await admin.get(`/api/v1/licenses/${license.id}`);
    const list = await admin.get(`/api/v1/licenses?q=${license.id}`);
    const inspected = await admin.post('/api/v1/licenses/inspect', { token: license.token });
    const history = await admin.get(`/api/v1/licenses/${license.id}/history`);
    expect([
      one.body.grace_days,
      list.body.licenses[0].grace_days,
      inspected.body.inspected.grace_days,
    ]).toEqual([14, 14, 14]);
    expect(history.body.audit_logs[0].event_data.grace_days).toBe(14);
  });

  it('is 0 where none is given, and then no token and no record names it', async () => {
    const perpetual = { license_type: 'perpetual', duration_days: undefined };
    for (const license of [await withGrace(0), await withGrace(0, perpetual), await aLicense(admin)]) {
      expect(license).toMatchObject({ grace_days: 0 });
      expect(decodeJwt(license.token)).not.toHaveProperty('grace_days');
      const history = await admin.get(`/api/v1/licenses/${license.id}/history`);
      expect(history.body.audit_logs[0].event_data).not.toHaveProperty('grace_days');
    }
  });

  it.each([-1, 366, 1.5, '14', null, true])('cannot be %j days', async (grace_days) => {
    const customer = await aCustomer(admin);
    const issued = await admin.post('/api/v1/licenses', {
      customer_id: customer.id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'demo',
      grace_days,
    });
    const license = await withGrace(1);
    const renewed = await change(license, 'renew', { duration_days: 1, grace_days });
    const reissued = await change(license, 'reissue', { grace_days });
    for (const answer of [issued, renewed, reissued]) {
      expectStatus(answer, 422);
      expect((answer.body.errors as { field: string }[]).map(({ field }) => field)).toEqual(['grace_days']);
    }
  });

  it('needs an end', async () => {
    const customer = await aCustomer(admin);
    const issued = await admin.post('/api/v1/licenses', {
      customer_id: customer.id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
      grace_days: 1,
    });
    const reissued = await change(await aLicense(admin), 'reissue', { grace_days: 1 });
    for (const answer of [issued, reissued]) {
      expectStatus(answer, 422);
      expect(answer.body.errors).toEqual([
        { field: 'grace_days', message: 'must be 0 or absent: a perpetual license has no end' },
      ]);
    }
  });

  it('is bounded by the database too', async () => {
    const { id } = await withGrace(1);
    for (const days of [-1, 366])
      await expect(
        database.query('UPDATE licenses SET grace_days = $2 WHERE id = $1', [id, days]),
      ).rejects.toThrow(/licenses_grace/);
    const perpetual = await aLicense(admin);
    await expect(
      database.query('UPDATE licenses SET grace_days = 1 WHERE id = $1', [perpetual.id]),
    ).rejects.toThrow(/licenses_grace/);
  });

  it('keeps a license active and its token valid, with a warning', async () => {
    const license = await endedAgo(1, 14);
    expect(await shown(license)).toEqual(['active', true]);
    const { body } = await validation(anyone, license.token);
    expect(body).toMatchObject({ code: 'VALID', valid: true, warnings: ['IN_GRACE'] });
    expect(body.expires_at).toBe(license.expires_at);
    expect([await isListed(license, 'status=active'), await isListed(license, 'status=expired')]).toEqual([
      true,
      false,
    ]);
    // Lists by end are about the end.
    expect(await isListed(license, `expires_before=${new Date().toISOString()}`)).toBe(true);
    for (const sort of ['expires_at', '-expires_at', 'created_at'])
      expect(await isListed(license, `status=active&sort=${sort}`)).toBe(true);
  });

  it('ends a license after its days', async () => {
    const license = await endedAgo(14, 14);
    expect(await shown(license)).toEqual(['expired', false]);
    expect(await verdictOf(anyone, license.token)).toBe('EXPIRED');
    expect([await isListed(license, 'status=active'), await isListed(license, 'status=expired')]).toEqual([
      false,
      true,
    ]);
  });

  it('may end after the year 9999, which no answer says', async () => {
    const license = await withGrace(365);
    const answer = await change(license, 'renew', { expires_at: '9999-12-31T23:59:59Z' });
    expectStatus(answer, 200);
    expect(answer.body).toMatchObject({ expires_at: '9999-12-31T23:59:59.000Z', grace_days: 365 });
    expect(await shown(license)).toEqual(['active', true]);
    expect(await verdictOf(anyone, answer.body.token as string)).toBe('VALID');
    expect(await isListed(license, 'status=active&sort=-expires_at')).toBe(true);
    expectStatus(await admin.get('/api/v1/admin/stats'), 200);
  });

  it('is counted as active', async () => {
    const counts = async (): Promise<Record<string, number>> => {
      const { active, expired, expiring_30d } = (await admin.get('/api/v1/admin/stats')).body.licenses;
      return { active, expired, expiring_30d };
    };
    const before = await counts();
    await endedAgo(3, 14);
    await endedAgo(0, 14);
    await endedAgo(15, 14);
    await endedAgo(14, 14);
    await endedAgo(0, 0);
    expect(await counts()).toEqual({
      active: before.active! + 2,
      expired: before.expired! + 3,
      expiring_30d: before.expiring_30d,
    });
  });

  describe('of a license that is renewed', () => {
    it('counts the days from its end while in grace', async () => {
      const license = await endedAgo(3, 14);
      const answer = await change(license, 'renew', { duration_days: 30 });
      expectStatus(answer, 200);
      expect(Date.parse(answer.body.expires_at as string)).toBe(Date.parse(license.expires_at!) + 30 * DAY);
      expect(answer.body.grace_days).toBe(14);
    });

    it('counts the days from now after it', async () => {
      const license = await endedAgo(20, 14);
      const answer = await change(license, 'renew', { duration_days: 30 });
      const end = Date.parse(answer.body.expires_at as string);
      expect(Math.abs(end - Date.now() - 30 * DAY)).toBeLessThan(240_000);
    });

    it.each([
      [{ duration_days: 2 }, 'duration_days', /^must reach beyond now/],
      [{ duration_days: 3 }, 'duration_days', /^must reach beyond now/],
      [{ expires_at: new Date(Date.now() - DAY).toISOString() }, 'expires_at', /^must be later than now/],
    ])('cannot end in the past: %j', async (body, field, message) => {
      const license = await endedAgo(3, 14);
      const answer = await change(license, 'renew', body);
      expectStatus(answer, 422);
      expect(answer.body.errors).toEqual([{ field, message: expect.stringMatching(message) }]);
    });

    it('changes where the request says so, and leaves older tokens valid', async () => {
      const license = await withGrace(14);
      const answer = await change(license, 'renew', { duration_days: 30, grace_days: 7 });
      expect(answer.body.grace_days).toBe(7);
      expect(decodeJwt(answer.body.token as string)).toMatchObject({ grace_days: 7 });
      expect(await verdictOf(anyone, license.token)).toBe('VALID');
      const history = await admin.get(`/api/v1/licenses/${license.id}/history`);
      const renewed = (history.body.audit_logs as { event_type: string; event_data: object }[]).find(
        ({ event_type }) => event_type === 'license.renewed',
      );
      expect(renewed?.event_data).toMatchObject({ fields: ['expires_at', 'grace_days'], superseded: false });
    });

    it('withdraws older tokens that would outlive it', async () => {
      const license = await withGrace(30);
      const answer = await change(license, 'renew', { duration_days: 1, grace_days: 0 });
      expectStatus(answer, 200);
      expect(await verdictOf(anyone, license.token)).toBe('SUPERSEDED');
      expect(await verdictOf(anyone, answer.body.token as string)).toBe('VALID');
    });
  });

  describe('of a license that is reissued', () => {
    it('stays unless the request names it', async () => {
      const license = await withGrace(14);
      const answer = await change(license, 'reissue', {});
      expect(answer.body.grace_days).toBe(14);
      expect(await verdictOf(anyone, license.token)).toBe('VALID');
    });

    it('can be raised, which leaves older tokens valid', async () => {
      const license = await withGrace(14);
      const answer = await change(license, 'reissue', { grace_days: 15 });
      expect(answer.body.grace_days).toBe(15);
      expect(await verdictOf(anyone, license.token)).toBe('VALID');
    });

    it('can be lowered, which withdraws them, also unasked', async () => {
      const license = await withGrace(14);
      const answer = await change(license, 'reissue', { grace_days: 13, supersede: false });
      expect(answer.body.grace_days).toBe(13);
      expect(await verdictOf(anyone, license.token)).toBe('SUPERSEDED');
    });

    it('can be given after the end: each token counts as it says', async () => {
      const license = await endedAgo(1, 0);
      expect(await shown(license)).toEqual(['expired', false]);
      const answer = await change(license, 'reissue', { grace_days: 14 });
      expect(await shown(license)).toEqual(['active', true]);
      expect(await verdictOf(anyone, license.token)).toBe('EXPIRED');
      expect(await verdictOf(anyone, answer.body.token as string)).toBe('VALID');
    });
  });
});
