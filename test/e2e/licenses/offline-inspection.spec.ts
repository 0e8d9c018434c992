import { formatOfflineRequest, newOfflineRequest } from '../../../libs/license-token/src';
import type { Client as SqlClient } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aLicense, anApiKey, type IssuedLicense } from '../../support/factories';
import { giveKeySet } from '../../support/keys/signing-keys';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';

const NOW = new Date('2026-03-05T10:30:00Z');

describe('POST /api/v1/activations/inspect', () => {
  let server: TestServer;
  let admin: Client;
  let support: Client;
  let sql: SqlClient;

  beforeEach(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    support = new Client(server.url, (await anApiKey(admin, { scopes: ['activations:read'] })).key);
    sql = await superuserOf(server);
  });
  afterEach(async () => {
    await sql.end();
    await server.close();
  });

  const withSeats = (seats: object = {}, changes: object = {}): Promise<IssuedLicense> =>
    aLicense(admin, { seats: { max: 1, mode: 'floating', ...seats }, ...changes });
  const requestOf = async (id: string, fingerprint = 'bunker'): Promise<string> =>
    formatOfflineRequest(await newOfflineRequest(id, fingerprint, NOW));
  const inspect = (request: unknown): Promise<Answer> =>
    support.post('/api/v1/activations/inspect', { request });
  async function inspected(id: string, fingerprint?: string): Promise<Record<string, unknown>> {
    const answer = await inspect(await requestOf(id, fingerprint));
    expectStatus(answer, 200);
    return answer.body as Record<string, unknown>;
  }
  const activate = async (id: string, fingerprint?: string): Promise<Answer> =>
    admin.post(`/api/v1/licenses/${id}/activations/offline`, {
      request: await requestOf(id, fingerprint),
      valid_days: 30,
    });
  /** What an activation answers, in the words of an inspection. */
  const outcomeOf = ({ status, body }: Answer): unknown => (status === 201 ? 'ready' : body.code);
  const rows = async (): Promise<unknown> =>
    (
      await sql.query(
        `SELECT (SELECT count(*) FROM activations) AS activations, (SELECT count(*) FROM audit_logs) AS records,
                (SELECT sum(xmin::text::bigint) FROM license_seats) AS seats`,
      )
    ).rows;

  it('says what a request says, and that it would be answered; nothing changes', async () => {
    const { id, token } = await withSeats();
    const before = await rows();
    const body = await inspected(id);
    expect(body).toEqual({
      license_id: id,
      fingerprint_prefix: expect.stringMatching(/^[0-9a-f]{8}$/),
      requested_at: NOW.toISOString(),
      outcome: 'ready',
      license: { module_name: 'payroll', status: 'active' },
      verdict: { code: 'VALID', error: null },
      seats: expect.objectContaining({ max: 1, in_use: 0 }),
      activation: null,
    });
    expect(JSON.stringify(body)).not.toContain(token);
    expect(await rows()).toEqual(before);

    expectStatus(await activate(id), 201);
    const later = await inspected(id);
    expect(later).toMatchObject({
      outcome: 'ready',
      seats: { in_use: 1 },
      activation: { fingerprint_prefix: body.fingerprint_prefix, ended_at: null, license_id: id },
    });
    // It reads typed characters as the activation does.
    const typed = (await requestOf(id)).toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o');
    expect((await inspect(typed)).body).toMatchObject({ license_id: id });
  });

  it('names the error that an activation answers', async () => {
    const full = await withSeats();
    expectStatus(await activate(full.id, 'first'), 201);
    const uncounted = await aLicense(admin);
    const revoked = await withSeats();
    expectStatus(await admin.post(`/api/v1/licenses/${revoked.id}/revoke`, { reason: 'refunded' }), 200);
    const inactive = await withSeats();
    await sql.query('UPDATE customers SET is_active = false WHERE id = $1', [inactive.customer_id]);
    for (const [id, outcome, code] of [
      [full.id, 'seats_exhausted', 'VALID'],
      [uncounted.id, 'seats_not_counted', 'VALID'],
      [revoked.id, 'license_not_valid', 'REVOKED'],
      [inactive.id, 'license_not_valid', 'CUSTOMER_INACTIVE'],
    ] as const) {
      expect(await inspected(id)).toMatchObject({ outcome, verdict: { code }, activation: null });
      expect(outcomeOf(await activate(id))).toBe(outcome);
    }
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect(await inspected(unknown)).toEqual({
      ...{ license_id: unknown, fingerprint_prefix: expect.any(String), requested_at: NOW.toISOString() },
      ...{ outcome: 'license_not_found', license: null, verdict: null, seats: null, activation: null },
    });
    expect(outcomeOf(await activate(unknown))).toBe('license_not_found');
  });

  it('counts overage, and leaves out seats whose lease is over and activations that have ended', async () => {
    const { id } = await withSeats({ overage: 1 });
    for (const fingerprint of ['one', 'two']) expectStatus(await activate(id, fingerprint), 201);
    expect(await inspected(id)).toMatchObject({ outcome: 'seats_exhausted' });
    expect(await inspected(id, 'two')).toMatchObject({ outcome: 'ready' });
    const { activation } = await inspected(id, 'two');
    const path = `/api/v1/licenses/${id}/activations/${(activation as { id: string }).id}/end`;
    expectStatus(await admin.post(path, { reason: 'sold' }), 200);
    expect(await inspected(id, 'two')).toMatchObject({
      outcome: 'ready',
      activation: { ended_by: 'ended' },
    });
    expectStatus(await activate(id, 'three'), 201);
    expect(await inspected(id, 'two')).toMatchObject({ outcome: 'seats_exhausted' });
    await sql.query('UPDATE activations SET lease_ends_at = now() WHERE over AND ended_at IS NULL');
    expect(await inspected(id, 'two')).toMatchObject({ outcome: 'ready', seats: { in_use: 1 } });
  });

  it('says that the signed key set is outdated', async () => {
    const { id } = await withSeats();
    await giveKeySet(server);
    expect(await inspected(id)).toMatchObject({ outcome: 'key_set_outdated', verdict: { code: 'VALID' } });
    expect(outcomeOf(await activate(id))).toBe('key_set_outdated');
  });

  it('names the rule that a text breaks, and needs the scope', async () => {
    const request = await requestOf((await withSeats()).id);
    for (const [text, message] of [
      [request.slice(0, -1), /104/],
      [`${request.slice(0, -1)}${request.endsWith('0') ? '1' : '0'}`, /wrong character/],
      ['', /./],
    ] as const) {
      const { status, body } = await inspect(text);
      expect([status, body.errors]).toEqual([
        422,
        [{ field: 'request', message: expect.stringMatching(message) }],
      ]);
    }
    const { key } = await anApiKey(admin, { scopes: ['licenses:read'] });
    expectStatus(await new Client(server.url, key).post('/api/v1/activations/inspect', { request }), 403);
    expectStatus(await new Client(server.url).post('/api/v1/activations/inspect', { request }), 401);
  });
});
