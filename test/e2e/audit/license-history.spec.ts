import { aCustomer, aLicense, anApiKey } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

interface HistoryPage {
  audit_logs: { event_type: string; license_id: string }[];
  next_cursor: string | null;
  total: number;
}

describe('the history of a license', () => {
  let server: TestServer;
  let admin: Client;
  let id: string;
  let other: string;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    const customer = await aCustomer(admin);
    const license = await aLicense(admin, { customer_id: customer.id });
    id = license.id;
    other = (await aLicense(admin, { customer_id: customer.id })).id;
    await admin.post('/api/v1/licenses/validate', {
      token: license.token,
      module_name: license.module_name,
      version: '17.0',
    });
    await admin.post(`/api/v1/licenses/${id}/suspend`, { reason: 'late payment' });
    await admin.post(`/api/v1/licenses/${id}/reinstate`, { reason: 'paid' });
    await admin.post(`/api/v1/licenses/${id}/revoke`, { reason: 'returned' });
  });

  afterAll(() => server.close());

  const history = async (query = '', license = id): Promise<HistoryPage> => {
    const answer = await admin.get(`/api/v1/licenses/${license}/history${query}`);
    expect(answer.status).toBe(200);
    return answer.body as HistoryPage;
  };

  it('lists its audit records, newest first, and those of no other license', async () => {
    const { audit_logs: records, total } = await history();
    expect(records.map(({ event_type: type }) => type)).toEqual([
      'license.revoked',
      'license.reinstated',
      'license.suspended',
      'license.validated',
      'license.issued',
    ]);
    expect(total).toBe(5);
    expect(records.every(({ license_id: license }) => license === id)).toBe(true);
    expect((await history('', other)).audit_logs.map(({ event_type: type }) => type)).toEqual([
      'license.issued',
    ]);
  });

  it('is walked by cursor, which does not work for another license', async () => {
    const types: string[] = [];
    let query = '?page_size=2';
    for (let pages = 0; pages < 3; pages++) {
      const page = await history(query);
      types.push(...page.audit_logs.map(({ event_type: type }) => type));
      query = `?page_size=2&cursor=${page.next_cursor ?? ''}`;
      if (pages < 2) expect(page.next_cursor).not.toBeNull();
      else expect(page.next_cursor).toBeNull();
    }
    expect(types).toEqual((await history()).audit_logs.map(({ event_type: type }) => type));
    const { next_cursor: cursor } = await history('?page_size=1');
    const refused = await admin.get(`/api/v1/licenses/${other}/history?cursor=${cursor ?? ''}`);
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: 'cursor' }] } });
  });

  it('is 404 for an unknown license and 422 for something that is not an id', async () => {
    expect(await admin.get(`/api/v1/licenses/${UNKNOWN}/history`)).toMatchObject({
      status: 404,
      body: { code: 'license_not_found' },
    });
    expect(await admin.get('/api/v1/licenses/x/history')).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'id' }] },
    });
  });

  it('needs the scope audit:read', async () => {
    const keyWith = async (scope: string): Promise<Client> => {
      return new Client(server.url, (await anApiKey(admin, { scopes: [scope] })).key);
    };
    const path = `/api/v1/licenses/${id}/history`;
    expect((await (await keyWith('audit:read')).get(path)).status).toBe(200);
    expect(await (await keyWith('licenses:read')).get(path)).toMatchObject({
      status: 403,
      body: { code: 'insufficient_scope' },
    });
  });
});
