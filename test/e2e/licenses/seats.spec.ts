import { decodeJwt } from 'jose';
import type { Client as SqlClient } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aCustomer, aLicense, anApiKey, type IssuedLicense, verdictOf } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';

const FLOATING = {
  max: 2,
  mode: 'floating',
  required: true,
  lease_seconds: 600,
  offline_days: null,
  overage: 0,
  moves_per_30_days: null,
  take_over: false,
};
const FIXED = {
  max: 2,
  mode: 'fixed',
  required: true,
  lease_seconds: null,
  offline_days: 30,
  overage: 0,
  moves_per_30_days: 3,
  take_over: false,
};

describe('seats of a license', () => {
  let server: TestServer;
  let admin: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  type Seated = IssuedLicense & { seats: unknown };
  const seated = (seats: unknown, more: object = {}): Promise<Seated> =>
    aLicense(admin, { seats, ...more }) as Promise<Seated>;
  const reissue = (id: string, body: object): Promise<Answer> =>
    admin.post(`/api/v1/licenses/${id}/reissue`, body);
  const seatsOf = (id: string): Promise<Answer> => admin.get(`/api/v1/licenses/${id}/seats`);
  const put = (id: string, body: object, headers?: Record<string, string>): Promise<Answer> =>
    admin.send('PUT', `/api/v1/licenses/${id}/seats`, JSON.stringify(body), headers);

  /** Puts activations on record as admissions do. */
  async function holds(
    licenseId: string,
    count: number,
    { leaseSeconds = 600, over = false, mode = 'floating', name = null as string | null } = {},
  ): Promise<void> {
    await sql.query(
      `INSERT INTO activations (id, license_id, fp, name, mode, over, fence, admitted_at, last_seen_at, lease_ends_at)
       SELECT gen_random_uuid(), $1, sha256(convert_to(gen_random_uuid()::text, 'UTF8')), $2, $3, $4, 1,
              clock_timestamp(), clock_timestamp(),
              CASE $3 WHEN 'floating' THEN clock_timestamp() + make_interval(secs => $5) + number * interval '1 second' END
       FROM generate_series(1, $6) AS number`,
      [licenseId, name, mode, over, leaseSeconds, count],
    );
    await sql.query('UPDATE license_seats SET open = open + $2 WHERE license_id = $1', [licenseId, count]);
  }

  async function recordsOf(id: string, type: string): Promise<Record<string, unknown>[]> {
    const { body } = await admin.get(`/api/v1/licenses/${id}/history`);
    return (body.audit_logs as { event_type: string; event_data: Record<string, unknown> }[])
      .filter(({ event_type }) => event_type === type)
      .map(({ event_data }) => event_data);
  }

  describe('at issue', () => {
    it.each([
      ['floating', { max: 2, mode: 'floating' }, FLOATING],
      ['fixed', { max: 2, mode: 'fixed' }, FIXED],
      [
        'with everything',
        {
          max: 1,
          mode: 'floating',
          required: false,
          lease_seconds: 60,
          overage: 3,
          moves_per_30_days: 0,
          take_over: true,
        },
        {
          max: 1,
          mode: 'floating',
          required: false,
          lease_seconds: 60,
          offline_days: null,
          overage: 3,
          moves_per_30_days: 0,
          take_over: true,
        },
      ],
    ])(
      '%s are completed, and shown by every answer; the token says mode and required alone',
      async (_, given, full) => {
        const license = await seated(given);
        expect(license.seats).toEqual(full);
        expect(decodeJwt(license.token).seats).toEqual({ mode: full.mode, required: full.required });

        const one = await admin.get(`/api/v1/licenses/${license.id}`);
        const list = await admin.get(`/api/v1/licenses?q=${license.id}`);
        const lines = await admin.get(`/api/v1/licenses?q=${license.id}`, { Accept: 'application/x-ndjson' });
        const table = await admin.get(`/api/v1/licenses?q=${license.id}`, { Accept: 'text/csv' });
        const inspected = await admin.post('/api/v1/licenses/inspect', { token: license.token });
        expect(one.body.seats).toEqual(full);
        expect(list.body.licenses[0].seats).toEqual(full);
        expect((JSON.parse(lines.body as string) as { seats: unknown }).seats).toEqual(full);
        expect(table.body).toContain(`"${JSON.stringify(full).replaceAll('"', '""')}"`);
        expect(inspected.body.seats).toEqual(full);
        expect(inspected.body.inspected.seats).toEqual({ mode: full.mode, required: full.required });
        expect((await recordsOf(license.id, 'license.issued'))[0]).toMatchObject({ seats: full });
        expect((await seatsOf(license.id)).body).toEqual({ ...full, in_use: 0, over: 0, next_free_at: null });
      },
    );

    it('are null where none are given, and no token, record or row has any', async () => {
      for (const license of [await seated(null), (await aLicense(admin)) as Seated]) {
        expect(license.seats).toBeNull();
        expect(decodeJwt(license.token)).not.toHaveProperty('seats');
        expect((await recordsOf(license.id, 'license.issued'))[0]).not.toHaveProperty('seats');
        const { rowCount } = await sql.query('SELECT FROM license_seats WHERE license_id = $1', [license.id]);
        expect(rowCount).toBe(0);
        expect(await seatsOf(license.id)).toMatchObject({ status: 409, body: { code: 'seats_not_counted' } });
        expect(await put(license.id, { max: 1 })).toMatchObject({
          status: 409,
          body: { code: 'seats_not_counted' },
        });
      }
    });

    it('are those of each license, where many are issued at once and only some have any', async () => {
      const customer_id = (await aCustomer(admin)).id;
      const issued = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          seated(index % 3 === 0 ? null : { max: index, mode: 'fixed' }, { customer_id }),
        ),
      );
      for (const [index, { id }] of issued.entries()) {
        const { body } = await admin.get(`/api/v1/licenses/${id}`);
        expect((body.seats as { max: number } | null)?.max).toBe(index % 3 === 0 ? undefined : index);
      }
    });

    it('are answered again to a request with the same idempotency key', async () => {
      const customer = await aCustomer(admin);
      const body = {
        customer_id: customer.id,
        module_name: 'payroll',
        allowed_major_versions: ['17'],
        license_type: 'perpetual',
        seats: { max: 2, mode: 'fixed' },
      };
      const headers = { 'Idempotency-Key': 'seats-once' };
      const first = await admin.post('/api/v1/licenses', body, headers);
      const again = await admin.post('/api/v1/licenses', body, headers);
      expectStatus(again, 201);
      expect(again.body).toEqual(first.body);
      expect(again.body.seats).toEqual(FIXED);
    });
  });

  describe('that break a rule', () => {
    const SOUND = { max: 2, mode: 'floating' };
    it.each<[field: string, seats: unknown]>([
      ['seats', 5],
      ['seats', []],
      ['seats', 'floating'],
      ['seats.max', { mode: 'floating' }],
      ['seats.max', { ...SOUND, max: 0 }],
      ['seats.max', { ...SOUND, max: 100_001 }],
      ['seats.max', { ...SOUND, max: 1.5 }],
      ['seats.max', { ...SOUND, max: '2' }],
      ['seats.max', { ...SOUND, max: null }],
      ['seats.mode', { max: 2 }],
      ['seats.mode', { ...SOUND, mode: 'node-locked' }],
      ['seats.required', { ...SOUND, required: 'yes' }],
      ['seats.required', { ...SOUND, required: null }],
      ['seats.lease_seconds', { ...SOUND, lease_seconds: 59 }],
      ['seats.lease_seconds', { ...SOUND, lease_seconds: 2_592_001 }],
      ['seats.lease_seconds', { ...SOUND, mode: 'fixed', lease_seconds: 600 }],
      ['seats.offline_days', { ...SOUND, offline_days: 30 }],
      ['seats.offline_days', { ...SOUND, mode: 'fixed', offline_days: 0 }],
      ['seats.offline_days', { ...SOUND, mode: 'fixed', offline_days: 3_651 }],
      ['seats.overage', { ...SOUND, overage: -1 }],
      ['seats.overage', { ...SOUND, overage: 100_001 }],
      ['seats.moves_per_30_days', { ...SOUND, moves_per_30_days: -1 }],
      ['seats.moves_per_30_days', { ...SOUND, moves_per_30_days: 100_001 }],
      ['seats.take_over', { ...SOUND, take_over: 1 }],
      ['seats.take_over', { ...SOUND, take_over: true }],
      ['seats.surprise', { ...SOUND, surprise: true }],
    ])('are refused by %s: %j', async (field, seats) => {
      const customer_id = (await aCustomer(admin)).id;
      const license = await aLicense(admin);
      const issued = {
        customer_id,
        module_name: 'payroll',
        allowed_major_versions: ['17'],
        license_type: 'perpetual',
        seats,
      };
      for (const answer of [
        await admin.post('/api/v1/licenses', issued),
        await reissue(license.id, { seats }),
      ]) {
        expectStatus(answer, 422);
        expect((answer.body.errors as { field: string }[]).map((error) => error.field)).toEqual([field]);
      }
    });

    it('are refused with a name that every object inherits', async () => {
      const license = await aLicense(admin);
      const answer = await admin.send(
        'POST',
        `/api/v1/licenses/${license.id}/reissue`,
        '{"seats":{"max":2,"mode":"fixed","__proto__":{"max":9}}}',
      );
      expectStatus(answer, 422);
      expect(answer.body.errors[0].field).toBe('seats.__proto__');
    });

    it.each([
      { max: 1, mode: 'floating', lease_seconds: 60, overage: 0, moves_per_30_days: 0, take_over: true },
      {
        max: 100_000,
        mode: 'floating',
        lease_seconds: 2_592_000,
        overage: 100_000,
        moves_per_30_days: 100_000,
      },
      { max: 1, mode: 'fixed', offline_days: 1, lease_seconds: null },
      { max: 100_000, mode: 'fixed', offline_days: 3_650, moves_per_30_days: null },
    ])('are accepted at the bounds: %j', async (seats) => {
      expect((await seated(seats)).seats).toMatchObject(seats);
    });
  });

  describe('in use', () => {
    it('are those held now by the clock of the database, and the next free one is that of the lease that ends first', async () => {
      const { id } = await seated({ max: 3, mode: 'floating' });
      await holds(id, 2, { leaseSeconds: 100 });
      await holds(id, 1, { leaseSeconds: -10 });
      const { rows } = await sql.query<{ first: Date }>(
        `SELECT min(lease_ends_at) AS first FROM activations WHERE license_id = $1 AND lease_ends_at > clock_timestamp()`,
        [id],
      );
      expect((await seatsOf(id)).body).toMatchObject({
        in_use: 2,
        over: 0,
        next_free_at: rows[0]!.first.toISOString(),
      });
    });

    it('beyond what is allowed, the next free one is that of the lease with which there is room again', async () => {
      const { id } = await seated({ max: 3, mode: 'floating', overage: 1 });
      await holds(id, 3, { leaseSeconds: 100 });
      await holds(id, 1, { leaseSeconds: 200, over: true });
      await put(id, { max: 1 });
      const { rows } = await sql.query<{ end: Date }>(
        `SELECT lease_ends_at AS end FROM activations WHERE license_id = $1 ORDER BY lease_ends_at OFFSET 2 LIMIT 1`,
        [id],
      );
      expect((await seatsOf(id)).body).toMatchObject({
        max: 1,
        in_use: 4,
        over: 1,
        next_free_at: rows[0]!.end.toISOString(),
      });
    });

    it('that have no lease never become free by themselves', async () => {
      const { id } = await seated({ max: 2, mode: 'fixed' });
      await holds(id, 2, { mode: 'fixed' });
      expect((await seatsOf(id)).body).toMatchObject({ in_use: 2, next_free_at: null });
    });

    it('are read with activations:read, and changed with licenses:issue', async () => {
      const { id } = await seated({ max: 2, mode: 'fixed' });
      const keyWith = async (scope: string): Promise<Client> =>
        new Client(server.url, (await anApiKey(admin, { scopes: [scope] })).key);
      const reader = await keyWith('activations:read');
      const issuer = await keyWith('licenses:issue');
      expectStatus(await reader.get(`/api/v1/licenses/${id}/seats`), 200);
      expectStatus(await issuer.get(`/api/v1/licenses/${id}/seats`), 403);
      expectStatus(await reader.send('PUT', `/api/v1/licenses/${id}/seats`, '{"max":3}'), 403);
      expectStatus(await issuer.send('PUT', `/api/v1/licenses/${id}/seats`, '{"max":3}'), 200);
      expectStatus(await new Client(server.url).get(`/api/v1/licenses/${id}/seats`), 401);
    });
  });

  describe('whose numbers change', () => {
    it('leave a record with what they were, change the tag of the license, and need no new token', async () => {
      const license = await seated({ max: 2, mode: 'floating' });
      const before = await admin.get(`/api/v1/licenses/${license.id}`);
      const answer = await put(
        license.id,
        { max: 5, overage: 1 },
        { 'If-Match': before.headers.get('etag')! },
      );
      expectStatus(answer, 200);
      const after = { ...FLOATING, max: 5, overage: 1 };
      expect(answer.body).toEqual({ ...after, in_use: 0, over: 0, next_free_at: null });
      const now = await admin.get(`/api/v1/licenses/${license.id}`);
      expect(now.body).toMatchObject({ seats: after, token: license.token, revision: 1 });
      expect(now.headers.get('etag')).toBe(answer.headers.get('etag'));
      expect(now.headers.get('etag')).not.toBe(before.headers.get('etag'));
      expect((await seatsOf(license.id)).headers.get('etag')).toBe(now.headers.get('etag'));
      expect(await recordsOf(license.id, 'license.seats_changed')).toEqual([{ before: FLOATING, after }]);
      const late = await put(license.id, { max: 6 }, { 'If-Match': before.headers.get('etag')! });
      expectStatus(late, 412);
      expect((await seatsOf(license.id)).body.max).toBe(5);
    });

    it('stay where they are not given, and change nothing where all are the same', async () => {
      const given = {
        max: 2,
        mode: 'floating',
        lease_seconds: 60,
        overage: 1,
        moves_per_30_days: 4,
        take_over: true,
      };
      const { id } = await seated(given);
      const tag = (await seatsOf(id)).headers.get('etag');
      expect((await put(id, { max: 2 })).body).toMatchObject(given);
      expect((await seatsOf(id)).headers.get('etag')).toBe(tag);
      expect(await recordsOf(id, 'license.seats_changed')).toEqual([]);
      expect((await put(id, { max: 3, take_over: false, moves_per_30_days: null })).body).toMatchObject({
        ...given,
        max: 3,
        take_over: false,
        moves_per_30_days: null,
      });
    });

    it('end nobody, also where fewer are allowed than are in use', async () => {
      const { id } = await seated({ max: 3, mode: 'floating' });
      await holds(id, 3);
      expect((await put(id, { max: 1 })).body).toMatchObject({ max: 1, in_use: 3 });
    });

    it.each<[field: string, numbers: object]>([
      ['max', {}],
      ['max', { max: 0 }],
      ['mode', { max: 2, mode: 'floating' }],
      ['required', { max: 2, required: true }],
      ['in_use', { max: 2, in_use: 0 }],
      ['offline_days', { max: 2, offline_days: 3 }],
      ['lease_seconds', { max: 2, lease_seconds: 59 }],
      ['take_over', { max: 2, take_over: true }],
      ['overage', { max: 2, overage: null }],
    ])('refuse %s in %j', async (field, numbers) => {
      const { id } = await seated({ max: 2, mode: 'floating' });
      const answer = await put(id, numbers);
      expectStatus(answer, 422);
      expect((answer.body.errors as { field: string }[]).map((error) => error.field)).toEqual([field]);
    });

    it('are not found for a license that is not there', async () => {
      const nobody = '00000000-0000-4000-8000-000000000000';
      for (const answer of [await seatsOf(nobody), await put(nobody, { max: 1 })])
        expect(answer).toMatchObject({ status: 404, body: { code: 'license_not_found' } });
    });

    it('are changed one after the other where many do it at once', async () => {
      const { id } = await seated({ max: 1, mode: 'fixed' });
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => put(id, { max: 10 + index })),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      const changes = (await recordsOf(id, 'license.seats_changed')) as {
        before: { max: number };
        after: { max: number };
      }[];
      expect(changes).toHaveLength(10);
      // Each of them counted the version of the license.
      expect((await seatsOf(id)).headers.get('etag')).toBe('"11-1-active"');
      // Newest first.
      for (const [index, { before }] of changes.entries())
        expect(before.max).toBe(changes[index + 1]?.after.max ?? 1);
    });
  });

  describe('of a reissue', () => {
    it('stay where the request does not name them, and older tokens are valid', async () => {
      const license = await seated({ max: 2, mode: 'floating', required: false });
      const next = await reissue(license.id, { allowed_major_versions: ['17', '19'] });
      expect(next.body.seats).toMatchObject({ max: 2, required: false });
      expect(decodeJwt(next.body.token as string).seats).toEqual({ mode: 'floating', required: false });
      expect(await verdictOf(admin, license.token)).toBe('VALID');
      const renewable = await seated(
        { max: 2, mode: 'floating' },
        { license_type: 'subscription', duration_days: 5 },
      );
      const renewed = await admin.post(`/api/v1/licenses/${renewable.id}/renew`, { duration_days: 5 });
      expect(renewed.body.seats).toEqual(FLOATING);
      expect(decodeJwt(renewed.body.token as string).seats).toEqual({ mode: 'floating', required: true });
    });

    it('that are the same withdraw nothing', async () => {
      const license = await seated({ max: 2, mode: 'floating', required: false });
      const next = await reissue(license.id, { seats: { max: 2, mode: 'floating', required: false } });
      expectStatus(next, 200);
      expect(await verdictOf(admin, license.token)).toBe('VALID');
      expect((await recordsOf(license.id, 'license.reissued'))[0]).toMatchObject({
        fields: [],
        superseded: false,
      });
    });

    it.each([
      ['the mode', { max: 2, mode: 'fixed', required: false }],
      ['required', { max: 2, mode: 'floating' }],
      ['a number', { max: 3, mode: 'floating', required: false }],
      ['that they are counted', null],
    ])('that differ by %s withdraw the older tokens, also unasked', async (_, seats) => {
      const license = await seated({ max: 2, mode: 'floating', required: false });
      const next = await reissue(license.id, { seats, supersede: false });
      expectStatus(next, 200);
      expect(next.body.seats).toEqual(seats === null ? null : expect.objectContaining(seats));
      expect(await verdictOf(admin, license.token)).toBe('SUPERSEDED');
      expect((await recordsOf(license.id, 'license.reissued'))[0]).toMatchObject({
        fields: ['seats'],
        superseded: true,
      });
    });

    it('are counted from then on where they were not', async () => {
      const license = await aLicense(admin);
      const next = await reissue(license.id, { seats: { max: 2, mode: 'fixed' } });
      expect(next.body.seats).toEqual(FIXED);
      expect(await verdictOf(admin, license.token)).toBe('SUPERSEDED');
      expect((await seatsOf(license.id)).body).toMatchObject({ ...FIXED, in_use: 0 });
    });

    it('of another mode leave those who hold one in their own', async () => {
      const { id } = await seated({ max: 2, mode: 'floating' });
      await holds(id, 2);
      expectStatus(await reissue(id, { seats: { max: 2, mode: 'fixed' } }), 200);
      expect((await seatsOf(id)).body).toMatchObject({ mode: 'fixed', in_use: 2 });
      const { rows } = await sql.query(
        'SELECT DISTINCT mode, ended_at FROM activations WHERE license_id = $1',
        [id],
      );
      expect(rows).toEqual([{ mode: 'floating', ended_at: null }]);
    });

    it('that end the counting end everybody with one record, lapsed ones at the end of their lease', async () => {
      const { id } = await seated({ max: 5, mode: 'floating' });
      await sql.query('UPDATE license_seats SET last_fence = 77 WHERE license_id = $1', [id]);
      await holds(id, 3);
      await holds(id, 2, { leaseSeconds: -100 });
      expectStatus(await reissue(id, { seats: null }), 200);
      expect(await seatsOf(id)).toMatchObject({ status: 409, body: { code: 'seats_not_counted' } });
      const { rows } = await sql.query(
        `SELECT ended_by, ended_reason, count(*)::int AS count, bool_and(ended_at = lease_ends_at) AS at_lease_end
         FROM activations WHERE license_id = $1 GROUP BY ended_by, ended_reason ORDER BY ended_by`,
        [id],
      );
      expect(rows).toEqual([
        { ended_by: 'ended', ended_reason: 'seats are no longer counted', count: 3, at_lease_end: false },
        { ended_by: 'lease', ended_reason: null, count: 2, at_lease_end: true },
      ]);
      expect(await recordsOf(id, 'activation.ended')).toEqual([
        { ended_by: 'ended', reason: 'seats are no longer counted', count: 3, lapsed: 2 },
      ]);
      expect(await put(id, { max: 9 })).toMatchObject({ status: 409, body: { code: 'seats_not_counted' } });
      // Counted again: nobody is in them, and the fence does not become smaller.
      expectStatus(await reissue(id, { seats: { max: 1, mode: 'fixed' } }), 200);
      expect((await seatsOf(id)).body).toMatchObject({ max: 1, mode: 'fixed', in_use: 0 });
      const kept = await sql.query('SELECT open, last_fence FROM license_seats WHERE license_id = $1', [id]);
      expect(kept.rows).toEqual([{ open: 0, last_fence: '77' }]);
    });

    it('that nobody holds end without a record', async () => {
      const { id } = await seated({ max: 5, mode: 'floating' });
      expectStatus(await reissue(id, { seats: null }), 200);
      expect(await recordsOf(id, 'activation.ended')).toEqual([]);
    });

    it('and changes of their numbers at the same time happen one after the other', async () => {
      const { id } = await seated({ max: 1, mode: 'fixed' });
      for (let round = 0; round < 5; round += 1) {
        const [reissued, changed] = await Promise.all([
          reissue(id, { seats: { max: 50 + round, mode: 'fixed' } }),
          put(id, { max: 10 + round }),
        ]);
        expectStatus(reissued, 200);
        expectStatus(changed, 200);
        const { body } = await admin.get(`/api/v1/licenses/${id}`);
        expect([50 + round, 10 + round]).toContain((body.seats as { max: number }).max);
      }
    });
  });

  it('end with the removal of the customer, and no name of an installation stays', async () => {
    const customer_id = (await aCustomer(admin)).id;
    const first = await seated({ max: 5, mode: 'floating' }, { customer_id });
    const second = await seated({ max: 5, mode: 'fixed' }, { customer_id });
    await aLicense(admin, { customer_id });
    const other = await seated({ max: 5, mode: 'floating' });
    // More than one statement takes.
    await holds(first.id, 5_001, { name: 'Anna on her laptop' });
    await holds(first.id, 1, { name: 'Anna on her laptop', leaseSeconds: -5 });
    await holds(second.id, 2, { name: 'Anna at home', mode: 'fixed' });
    await sql.query(
      `UPDATE activations SET ended_at = clock_timestamp(), ended_by = 'released'
       WHERE id = (SELECT id FROM activations WHERE license_id = $1 LIMIT 1)`,
      [second.id],
    );
    await holds(other.id, 1, { name: 'Bert' });
    expectStatus(await admin.post(`/api/v1/licenses/${second.id}/revoke`, { reason: 'r' }), 200);
    expectStatus(await admin.delete(`/api/v1/customers/${customer_id}?revoke_licenses=true`), 204);
    const { rows } = await sql.query(
      `SELECT ended_by, count(*)::int AS count, count(name)::int AS named FROM activations
       WHERE license_id IN ($1, $2) GROUP BY ended_by ORDER BY ended_by`,
      [first.id, second.id],
    );
    expect(rows).toEqual([
      { ended_by: 'customer_removed', count: 5_002, named: 0 },
      { ended_by: 'lease', count: 1, named: 0 },
      { ended_by: 'released', count: 1, named: 0 },
    ]);
    const trail = await admin.get(
      `/api/v1/admin/audit-logs?customer_id=${customer_id}&event_type=activation.ended`,
    );
    expect(trail.body.audit_logs).toEqual([
      expect.objectContaining({ event_data: { ended_by: 'customer_removed', count: 5_002, lapsed: 1 } }),
    ]);
    expect((await seatsOf(other.id)).body).toMatchObject({ in_use: 1 });
  });

  it('are bounded by the database too', async () => {
    const { id } = await seated({ max: 1, mode: 'fixed' });
    for (const broken of [
      'max = 0',
      'overage = -1',
      'lease_seconds = 60',
      'offline_days = NULL',
      `mode = 'other'`,
    ])
      await expect(
        sql.query(`UPDATE license_seats SET ${broken} WHERE license_id = $1`, [id]),
      ).rejects.toThrow(/license_seats_/);
  });
});
