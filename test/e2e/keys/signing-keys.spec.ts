import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { jwkThumbprint, SigningKey, SigningKeys, SigningReplicas } from '@aegis/signing';
import { generateKeyPairSync } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { aCustomer, aLicense } from '../../support/factories';
import { activateKey } from '../../support/keys/signing-keys';
import { testServer, type TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';
import { until } from '../../support/until';

const PATH = '/api/v1/admin/signing-keys';

interface ShownKey {
  kid: string;
  state: string;
  since: string;
  [field: string]: unknown;
}

describe('the list of signing keys', () => {
  let server: TestServer;
  let admin: Client;
  let owner: SqlClient;
  let operator: SigningKeys;
  let active: string;

  beforeEach(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    owner = await superuserOf(server);
    const dataSource = await server.database.dataSource([AuditRecord, SigningKey]);
    operator = new SigningKeys(dataSource, new AuditLog(), new SigningReplicas(dataSource));
    active = (await admin.get('/info')).body.key_id as string;
    await until('the server has reported', async () => (await shown(active)).servers_holding === 1);
  });
  afterEach(async () => {
    await owner.end();
    await server.close();
  });

  async function shown(kid: string): Promise<ShownKey> {
    const answer = await admin.get(`${PATH}/${kid}`);
    expectStatus(answer, 200);
    return answer.body as ShownKey;
  }
  async function listed(): Promise<ShownKey[]> {
    const answer = await admin.get(PATH);
    expectStatus(answer, 200);
    expect(answer.body).toMatchObject({ total: answer.body.signing_keys.length, next_cursor: null });
    return answer.body.signing_keys as ShownKey[];
  }
  const publish = (kid: string): Promise<unknown> =>
    operator.publish(SYSTEM, kid, generateKeyPairSync('ed25519').publicKey);
  /** Says that a key was published so many seconds ago. */
  const age = (kid: string, seconds: number): Promise<unknown> =>
    owner.query(
      'UPDATE signing_keys SET created_at = clock_timestamp() - make_interval(secs => $2) WHERE kid = $1',
      [kid, seconds],
    );
  /** Another server reports that it can sign with these keys, so many seconds ago. */
  const report = (kids: string[], ago = 0): Promise<unknown> =>
    owner.query(
      `INSERT INTO signing_replicas (id, name, kids, seen_at)
       VALUES (gen_random_uuid(), 'another:1', $1, clock_timestamp() - make_interval(secs => $2))`,
      [kids, ago],
    );

  it('shows the active key with its licenses, its servers and the next steps, and nothing private', async () => {
    const { id } = await aCustomer(admin);
    for (let made = 0; made < 3; made += 1) await aLicense(admin, { customer_id: id });
    const { rows } = await owner.query<{ x: string; activated_at: Date }>(
      'SELECT public_key AS x, activated_at FROM signing_keys',
    );
    const [{ x, activated_at: activatedAt } = { x: '', activated_at: new Date(0) }] = rows;
    const [key, ...others] = await listed();
    expect(others).toEqual([]);
    expect(key).toEqual({
      ...{ kid: active, public_key: x, thumbprint: jwkThumbprint(x), state: 'active', signer: 'pem' },
      ...{ since: activatedAt.toISOString(), activated_at: activatedAt.toISOString() },
      ...{ created_at: expect.any(String), retired_at: null, compromised_at: null, compromised_after: null },
      ...{ licenses: 3, licenses_is_estimate: false },
      ...{ servers_alive: 1, servers_holding: 1, servers_reported_at: expect.any(String) },
      clients_know_at: new Date(Date.parse(key!.created_at as string) + 300_000).toISOString(),
      next_steps: [
        { command: 'keys generate', line: 'aegis keys generate', waits_for: [] },
        { command: 'keys publish', line: 'aegis keys publish <kid>', waits_for: ['key_files'] },
      ],
    });
    expect(await shown(active)).toEqual({ ...key, servers_reported_at: expect.any(String) });
    expect(JSON.stringify(key)).not.toContain(server.keysDir);
  });

  it('says what each step of a rotation waits for', async () => {
    await publish('next');
    expect(await shown('next')).toMatchObject({
      ...{ state: 'pending', signer: null, servers_alive: 1, servers_holding: 0, licenses: 0 },
      next_steps: [
        { command: 'keys activate', line: 'aegis keys activate next', waits_for: ['servers', 'clients'] },
        { command: 'keys retire', line: 'aegis keys retire next', waits_for: [] },
      ],
    });
    await age('next', 299);
    await report(['next']);
    expect(await shown('next')).toMatchObject({
      ...{ servers_alive: 2, servers_holding: 1 },
      next_steps: [{ waits_for: ['servers', 'clients'] }, {}],
    });
    await age('next', 301);
    expect(await shown('next')).toMatchObject({ next_steps: [{ waits_for: ['servers'] }, {}] });
    await publish('later');
    expect((await listed()).map(({ kid, state }) => `${kid} ${state}`)).toEqual(
      expect.arrayContaining([`${active} active`, 'next pending', 'later pending']),
    );
    expect((await listed())[0]).toMatchObject({ kid: 'later' });

    await activateKey(server.database, 'next');
    const { retired_at: retiredAt } = await shown(active);
    expect(await shown(active)).toMatchObject({ state: 'retired', since: retiredAt });
    expect(await shown('next')).toMatchObject({ state: 'active', signer: null });
  });

  it('leaves out servers that no longer report', async () => {
    await report([active], 16);
    expect(await shown(active)).toMatchObject({ servers_alive: 1, servers_holding: 1 });
    await report([active], 10);
    const { servers_alive: alive, servers_reported_at: reportedAt } = await shown(active);
    const { rows } = await owner.query<{ first: Date }>(
      `SELECT min(seen_at) AS first FROM signing_replicas WHERE seen_at > clock_timestamp() - interval '15 seconds'`,
    );
    expect([alive, reportedAt]).toEqual([2, rows[0]!.first.toISOString()]);
  });

  it('shows a compromised key, and that its licenses must be signed again', async () => {
    await aLicense(admin);
    const after = new Date(Date.now() - 60_000);
    await operator.compromise(SYSTEM, active, { after, successor: null, force: true });
    const key = await shown(active);
    expect(key).toMatchObject({
      ...{ state: 'compromised', since: key.compromised_at, compromised_after: after.toISOString() },
      next_steps: [
        {
          command: 'licenses resign',
          line: `aegis licenses resign --key ${active}`,
          waits_for: ['active_key'],
        },
      ],
    });
    await publish('next');
    await activateKey(server.database, 'next');
    expect(await shown(active)).toMatchObject({ next_steps: [{ waits_for: [] }] });
  });

  it('counts licenses up to 200, and estimates them beyond', async () => {
    const { id } = await aCustomer(admin);
    const add = (count: number): Promise<unknown> =>
      owner.query(
        `INSERT INTO licenses (customer_id, module_name, license_type, allowed_major_versions, issued_at, key_id)
         SELECT $1, 'payroll', 'perpetual', '{17}', now(), $2 FROM generate_series(1, $3::integer)`,
        [id, active, count],
      );
    await add(200);
    expect(await shown(active)).toMatchObject({ licenses: 200, licenses_is_estimate: false });
    await add(800);
    expect(await shown(active)).toMatchObject({ licenses_is_estimate: true });
    await owner.query('ANALYZE licenses');
    expect(await shown(active)).toMatchObject({ licenses: 1000, licenses_is_estimate: true });
  });

  it('streams as CSV', async () => {
    await publish('next');
    const { headers, body } = await admin.send('GET', PATH, undefined, { Accept: 'text/csv' });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [head, ...rows] = String(body).trimEnd().split('\r\n');
    expect(head).toMatch(/^kid,thumbprint,public_key,state,since,/);
    expect(rows.map((row) => row.split(',', 1)[0])).toEqual(['next', active]);
  });

  it('is 404 for a key that is not on record, and 422 for what is not an id', async () => {
    expect(await admin.get(`${PATH}/other`)).toMatchObject({
      ...{ status: 404, body: { code: 'signing_key_not_found' } },
    });
    expectStatus(await admin.get(`${PATH}/-other`), 422);
  });
});
