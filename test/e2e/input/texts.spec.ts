import type { Client as SqlClient } from 'pg';
import { aCustomer, aCustomerId, aLicense, anApiKey } from '../../support/factories';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';

const REFUSED: [what: string, text: string][] = [
  ['blank', '   '],
  ['invisible', '\u200b\u2060\u3164'],
  ['a control character alone', '\u0001'],
  ['with a control character', 'a\u001bb'],
  ['with an override of direction', 'invoice\u202efdp.exe'],
  ['with an isolate', '\u2066a\u2069'],
];

describe('a text that people read', () => {
  let server: TestServer;
  let client: Client;
  let sql: SqlClient;
  let license: string;
  let customer: string;
  let key: string;

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
    const issued = await aLicense(client);
    license = issued.id;
    customer = issued.customer_id;
    key = (await anApiKey(client)).id;
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  /** Every request that stores such a text, by the field. */
  const STORES: [field: string, store: (text: string) => Promise<Answer>][] = [
    ...['name', 'email', 'company', 'phone', 'address', 'notes'].flatMap(
      (field): [string, (text: string) => Promise<Answer>][] => [
        [
          field,
          (text) => client.post('/api/v1/customers', { id: aCustomerId(), name: 'Acme', [field]: text }),
        ],
        [field, (text) => client.patch(`/api/v1/customers/${customer}`, { [field]: text })],
      ],
    ),
    [
      'notes',
      (notes) =>
        client.post('/api/v1/licenses', {
          customer_id: customer,
          module_name: 'payroll',
          allowed_major_versions: ['17'],
          license_type: 'perpetual',
          notes,
        }),
    ],
    ['notes', (notes) => client.patch(`/api/v1/licenses/${license}`, { notes })],
    ['reason', (reason) => client.post(`/api/v1/licenses/${license}/suspend`, { reason })],
    ['reason', (reason) => client.post(`/api/v1/licenses/${license}/reinstate`, { reason })],
    ['reason', (reason) => client.post(`/api/v1/licenses/${license}/revoke`, { reason })],
    ['reason', (reason) => client.delete(`/api/v1/licenses/${license}/revoke`, { reason })],
    ...['name', 'description'].flatMap((field): [string, (text: string) => Promise<Answer>][] => [
      [
        field,
        (text) =>
          client.post('/api/v1/admin/api-keys', { name: 'a', scopes: ['licenses:read'], [field]: text }),
      ],
      [field, (text) => client.patch(`/api/v1/admin/api-keys/${key}`, { [field]: text })],
    ]),
  ];

  it.each([...REFUSED, ['empty', '']])('is refused wherever it is stored when it is %s', async (_, text) => {
    for (const [field, store] of STORES) {
      const answer = await store(text);
      expectStatus(answer, 422);
      expect((answer.body.errors as { field: string }[]).map((error) => error.field)).toEqual([field]);
    }
  });

  it('has line breaks only in notes', async () => {
    for (const text of ['first\nsecond', 'first\r\nsecond'])
      for (const [field, store] of STORES)
        expect([field, (await store(text)).status < 300]).toEqual([field, field === 'notes']);
    const { body } = await client.patch(`/api/v1/licenses/${license}`, { notes: 'first\r\nsecond' });
    expect(body.notes).toBe('first\r\nsecond');
  });

  it('is stored and signed in NFC', async () => {
    const { id, name } = await aCustomer(client, {
      name: 'Cafe\u0301 Zoe\u0308',
      company: 'A\u030angstro\u0308m',
    });
    expect(name).toBe('Café Zoë');
    const { body } = await client.get(`/api/v1/customers/${id}`);
    expect(body).toMatchObject({ name: 'Café Zoë', company: 'Ångström' });
    const { token } = await aLicense(client, { customer_id: id });
    const question = { token, module_name: 'payroll', odoo_version: '17' };
    expect((await client.post('/api/v1/licenses/validate', question)).body.customer_name).toBe('Café Zoë');
  });

  it('is found by either normal form, in rows of either form', async () => {
    const found = async (q: string): Promise<string[]> => {
      const { body } = await client.get(`/api/v1/customers?q=${encodeURIComponent(q)}`);
      return (body.customers as { id: string }[]).map(({ id }) => id).sort();
    };
    const composed = aCustomerId();
    const decomposed = aCustomerId();
    await aCustomer(client, { id: composed, name: 'Éclair & Co' });
    await aCustomer(client, { id: decomposed, name: 'x' });
    // As a row that is older than the rule.
    await sql.query('UPDATE customers SET name = $2 WHERE id = $1', [decomposed, 'E\u0301clair Ltd']);
    const both = [composed, decomposed].sort();
    for (const q of ['Éclair', 'E\u0301clair', 'éCL', 'e\u0301cl']) expect(await found(q)).toEqual(both);
    expect(await found('Eclair')).toEqual(both);
    expect(await found('Oclair')).toEqual([]);
  });

  it('that is already stored can be sent back unchanged, and does not prevent changes of other fields', async () => {
    const { id } = await aCustomer(client);
    const old = { name: 'a\u0007b', email: 'n/a', company: '', phone: ' ', address: '1 Main St\nTown' };
    await sql.query(
      'UPDATE customers SET name = $2, email = $3, company = $4, phone = $5, address = $6 WHERE id = $1',
      [id, ...Object.values(old)],
    );
    const {
      created_at,
      updated_at,
      id: _,
      ...read
    } = (await client.get(`/api/v1/customers/${id}`)).body as Record<string, unknown>;
    expect(read).toMatchObject(old);
    const changed = await client.patch(`/api/v1/customers/${id}`, { ...read, notes: 'called on Monday' });
    expectStatus(changed, 200);
    expect(changed.body).toMatchObject({ ...old, notes: 'called on Monday' });
    expectStatus(await client.patch(`/api/v1/customers/${id}`, { name: 'a\u0007c' }), 422);

    await sql.query(`UPDATE licenses SET notes = E'a\\tb' WHERE id = $1`, [license]);
    expectStatus(await client.patch(`/api/v1/licenses/${license}`, { notes: 'a\tb' }), 200);
    expectStatus(await client.patch(`/api/v1/licenses/${license}`, { notes: 'a\tc' }), 422);

    await sql.query(`UPDATE api_keys SET name = E'a\\tb', description = '' WHERE id = $1`, [key]);
    const same = { name: 'a\tb', description: '', rate_limit_per_minute: 7 };
    expectStatus(await client.patch(`/api/v1/admin/api-keys/${key}`, same), 200);
    expectStatus(await client.patch(`/api/v1/admin/api-keys/${key}`, { name: 'a\tc' }), 422);
  });
});

describe('ids and domains that are easily mistaken', () => {
  let server: TestServer;
  let client: Client;

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
  });
  afterAll(() => server.close());

  it('an id that differs from another only in case is created with a warning', async () => {
    const first = await client.post('/api/v1/customers', { id: 'ACME', name: 'Acme' });
    expect(first.body).not.toHaveProperty('warnings');
    const second = await client.post('/api/v1/customers', { id: 'acme', name: 'Acme' });
    expectStatus(second, 201);
    expect(second.body.warnings).toEqual([
      'The customer ACME exists too: its id differs from acme only in upper and lower case.',
    ]);
    expect((await client.get('/api/v1/customers/acme')).body).not.toHaveProperty('warnings');
    expectStatus(await client.delete('/api/v1/customers/ACME'), 204);
    const third = await client.post('/api/v1/customers', { id: 'Acme', name: 'Acme' });
    expect(third.body.warnings).toHaveLength(1);
    expect((await client.post('/api/v1/customers', { id: 'acm', name: 'x' })).body).not.toHaveProperty(
      'warnings',
    );
  });

  it.each([
    ['erp.acme.example', []],
    ['localhost', []],
    ['192.0.2.7', []],
    ['https://erp.acme.example', ['a scheme']],
    ['https://erp.acme.example/', ['a scheme', 'a slash']],
    ['erp.acme.example/web', ['a slash']],
    ['erp.acme.example:8069', ['a port']],
    ['http://erp.acme.example:8069/web', ['a scheme', 'a slash', 'a port']],
    ['ERP.acme.example', ['upper-case']],
    [' erp.acme.example', ['white space']],
  ])('the domain %j of a fingerprint is warned of: %j', async (domain, expected) => {
    const { status, body } = await new Client(server.url).post('/api/v1/licenses/fingerprint', {
      db_uuid: '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002',
      domain,
    });
    expect(status).toBe(200);
    expect(body.domain).toBe(domain);
    const warnings = body.warnings as string[];
    expect(warnings).toHaveLength(expected.length);
    for (const [index, what] of expected.entries()) expect(warnings[index]).toContain(what);
  });
});
