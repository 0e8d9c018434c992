import { formatOfflineRequest, newOfflineRequest } from '@aegis/license-token';
import { aegisClient } from '../../clients/typescript';
import { Client } from '../support/requests/client';
import { ContractCheck } from '../support/contract/contract-check';
import { readContract, routesOf } from '../support/contract/contract';
import { type Ids, someIds } from '../support/contract/example-requests';
import { aCustomerId, aDelivery } from '../support/factories';
import { testServer, type TestServer } from '../support/processes/server';
import { ORIGIN } from '../support/sessions/session-client';
import { until } from '../support/until';
import { VERSION } from '../support/version';

const contract = readContract();
const check = new ContractCheck(contract);

describe('the generated client', () => {
  const called = new Set<string>();
  let server: TestServer;
  let aegis: ReturnType<typeof aegisClient>;

  beforeAll(async () => {
    server = await testServer();
    aegis = aegisClient({ baseUrl: server.url, apiKey: server.adminKey, fetch: watched });
  });
  afterAll(() => server.close());

  /** Fetches, notes which operation was called, and holds the answer against the contract. */
  async function watched(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const response = await fetch(request);
    const { status, headers } = response;
    const text = await response.clone().text();
    const body: unknown = /[/+]json/.test(headers.get('content-type') ?? '') ? JSON.parse(text) : text;
    check.check(request.method, pathname, { status, headers, body });
    called.add(check.routeOf(request.method, pathname)?.operation.operationId ?? pathname);
    return response;
  }

  /** What was answered; fails where it was an error. */
  function dataOf<Data>({ data, response }: { data?: Data; response: Response }): Data {
    if (data === undefined) throw new Error(`${response.url} answered ${response.status}`);
    return data;
  }

  const pathOf = (id: string): { params: { path: { id: string } } } => ({ params: { path: { id } } });

  it('manages customers', async () => {
    const body = { id: aCustomerId(), name: 'Acme Corporation', email: 'licenses@acme.example' };
    const customer = dataOf(await aegis.POST('/api/v1/customers', { body }));
    expect(customer).toMatchObject({ ...body, company: null, is_active: true });

    const page = dataOf(
      await aegis.GET('/api/v1/customers', { params: { query: { q: customer.id, is_active: true } } }),
    );
    expect(page).toMatchObject({ total: 1, page: 1, page_size: 50, next_cursor: null });
    expect(page.customers.map(({ id }) => id)).toEqual([customer.id]);

    const read = await aegis.GET('/api/v1/customers/{id}', pathOf(customer.id));
    expect(dataOf(read).name).toBe('Acme Corporation');
    const etag = read.response.headers.get('etag') ?? '';
    const params = { path: { id: customer.id }, header: { 'If-Match': etag } };
    const changed = dataOf(
      await aegis.PATCH('/api/v1/customers/{id}', { params, body: { company: 'Acme Holding' } }),
    );
    expect(changed.company).toBe('Acme Holding');

    const stale = await aegis.PATCH('/api/v1/customers/{id}', { params, body: { company: null } });
    expect(stale.error).toMatchObject({ code: 'precondition_failed', status: 412 });

    const { response } = await aegis.DELETE('/api/v1/customers/{id}', pathOf(customer.id));
    expect(response.status).toBe(204);
    const { error } = await aegis.GET('/api/v1/customers/{id}', pathOf(customer.id));
    expect(error).toMatchObject({ code: 'customer_not_found' });
  });

  it('leads a license through its life', async () => {
    const customer_id = aCustomerId();
    dataOf(await aegis.POST('/api/v1/customers', { body: { id: customer_id, name: 'Acme Corporation' } }));
    const issued = dataOf(
      await aegis.POST('/api/v1/licenses', {
        params: { header: { 'Idempotency-Key': 'order-4711' } },
        body: {
          customer_id,
          module_name: 'payroll',
          allowed_major_versions: ['17', '18'],
          license_type: 'subscription',
          duration_days: 365,
          seats: { max: 2, mode: 'floating', required: false },
        },
      }),
    );
    const here = pathOf(issued.id);
    const question = { token: issued.token ?? '', module_name: 'payroll', odoo_version: '17.0' };

    const list = dataOf(await aegis.GET('/api/v1/licenses', { params: { query: { customer_id } } }));
    expect(list.licenses.map(({ id }) => id)).toEqual([issued.id]);
    const found = dataOf(await aegis.GET('/api/v1/licenses/{id}', here));
    expect(found.customer?.id).toBe(customer_id);
    const token = dataOf(await aegis.GET('/api/v1/licenses/{id}/token', { ...here, parseAs: 'text' }));
    expect(token).toBe(issued.token);
    const noted = dataOf(await aegis.PATCH('/api/v1/licenses/{id}', { ...here, body: { notes: 'pilot' } }));
    expect(noted.notes).toBe('pilot');
    const inspected = dataOf(await aegis.POST('/api/v1/licenses/inspect', { body: { token } }));
    expect(inspected.id).toBe(issued.id);

    const verdict = dataOf(await aegis.POST('/api/v1/licenses/validate', { body: question }));
    expect(verdict).toMatchObject({ valid: true, code: 'VALID', license_id: issued.id });
    const body = { items: [question, { ...question, module_name: 'stock' }] };
    const { results } = dataOf(await aegis.POST('/api/v1/licenses/validate/batch', { body }));
    expect(results.map(({ code }) => code)).toEqual(['VALID', 'MODULE_MISMATCH']);
    const fingerprint = dataOf(
      await aegis.POST('/api/v1/licenses/fingerprint', { body: { db_uuid: 'db', domain: 'erp.example' } }),
    );
    expect(fingerprint.fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);

    const seats = dataOf(await aegis.PUT('/api/v1/licenses/{id}/seats', { ...here, body: { max: 5 } }));
    expect(seats).toMatchObject({ max: 5, in_use: 0 });
    expect(dataOf(await aegis.GET('/api/v1/licenses/{id}/seats', here))).toEqual(seats);

    const renewed = dataOf(
      await aegis.POST('/api/v1/licenses/{id}/renew', { ...here, body: { duration_days: 30 } }),
    );
    expect(renewed.revision).toBe(2);
    const reissued = dataOf(
      await aegis.POST('/api/v1/licenses/{id}/reissue', { ...here, body: { supersede: true } }),
    );
    expect(reissued.revision).toBe(3);
    const reason = { ...here, body: { reason: 'unpaid' } };
    expect(dataOf(await aegis.POST('/api/v1/licenses/{id}/suspend', reason)).status).toBe('suspended');
    expect(dataOf(await aegis.POST('/api/v1/licenses/{id}/reinstate', reason)).status).toBe('active');
    expect(dataOf(await aegis.POST('/api/v1/licenses/{id}/revoke', reason)).status).toBe('revoked');
    const second = await aegis.DELETE('/api/v1/licenses/{id}/revoke', reason);
    expect(second.error).toMatchObject({ code: 'license_state_conflict' });
    const status = dataOf(await aegis.GET('/api/v1/licenses/{id}/status', here));
    expect(status).toMatchObject({ license_id: issued.id, status: 'revoked' });
  });

  it('gives, renews and ends seats', async () => {
    const customer_id = aCustomerId();
    dataOf(await aegis.POST('/api/v1/customers', { body: { id: customer_id, name: 'Acme Corporation' } }));
    const { id, token } = dataOf(
      await aegis.POST('/api/v1/licenses', {
        body: {
          customer_id,
          module_name: 'payroll',
          allowed_major_versions: ['17'],
          license_type: 'perpetual',
          seats: { max: 1, mode: 'floating' },
        },
      }),
    );
    const holder = { token: token ?? '', fingerprint: 'machine-1' };
    const asked = { ...holder, module_name: 'payroll', odoo_version: '17.0' };
    const held = dataOf(await aegis.POST('/api/v1/activations', { body: asked }));
    const here = pathOf(held.id);
    const again = await aegis.POST('/api/v1/activations', { body: asked });
    expect([again.response.status, dataOf(again).id]).toEqual([200, held.id]);
    const full = await aegis.POST('/api/v1/activations', { body: { ...asked, fingerprint: 'machine-2' } });
    expect(full.error).toMatchObject({ code: 'seats_exhausted', limit: 1, in_use: 1 });
    const beat = dataOf(
      await aegis.POST('/api/v1/activations/{id}/heartbeat', {
        ...here,
        body: { ...holder, with_token: false },
      }),
    );
    expect(beat).toMatchObject({ id: held.id, token: null });
    const items = [{ id: held.id, fingerprint: 'machine-1' }];
    const { results } = dataOf(await aegis.POST('/api/v1/activations/heartbeats', { body: { items } }));
    expect(results).toMatchObject([{ activation: { id: held.id }, error: null }]);
    const list = dataOf(await aegis.GET('/api/v1/licenses/{id}/activations', pathOf(id)));
    expect(list.activations.map((activation) => activation.id)).toEqual([held.id]);
    const params = { path: { id, activation_id: held.id } };
    const ended = dataOf(
      await aegis.POST('/api/v1/licenses/{id}/activations/{activation_id}/end', {
        params,
        body: { reason: 'sold' },
      }),
    );
    expect(ended.ended_by).toBe('ended');
    const released = await aegis.POST('/api/v1/activations/{id}/release', { ...here, body: holder });
    expect(released.response.status).toBe(204);
    const request = formatOfflineRequest(await newOfflineRequest(id, 'machine-1', new Date()));
    const { outcome } = dataOf(await aegis.POST('/api/v1/activations/inspect', { body: { request } }));
    expect(outcome).toBe('ready');
    const made = dataOf(
      await aegis.POST('/api/v1/licenses/{id}/activations/offline', {
        ...pathOf(id),
        body: { request, valid_days: 30 },
      }),
    );
    expect(made.file.license_token).toBe(token);
    expect(made.activation.offline_until).toBe(made.activation.lease_ends_at);
  });

  it('manages API keys and reads the audit trail', async () => {
    const made = dataOf(
      await aegis.POST('/api/v1/admin/api-keys', { body: { name: 'shop', scopes: ['licenses:issue'] } }),
    );
    expect(made.key).toMatch(/^aegis_test_[0-9A-Za-z]{12}_/);
    const keys = dataOf(await aegis.GET('/api/v1/admin/api-keys'));
    expect(keys.api_keys.map(({ id }) => id)).toContain(made.id);
    const read = dataOf(await aegis.GET('/api/v1/admin/api-keys/{id}', pathOf(made.id)));
    expect(read).not.toHaveProperty('key');
    const params = {
      ...pathOf(made.id).params,
      header: { 'If-Match': '"1"', 'Idempotency-Key': 'rotation-1' },
    };
    const body = { scopes: ['licenses:issue', 'licenses:read'] as const, rate_limit_per_minute: 250 };
    const changed = dataOf(
      await aegis.PATCH('/api/v1/admin/api-keys/{id}', {
        params,
        body: { ...body, scopes: [...body.scopes] },
      }),
    );
    expect(changed).toEqual({ ...read, ...body });
    const stale = await aegis.POST('/api/v1/admin/api-keys/{id}/rotate', {
      params,
      body: { grace_seconds: 60 },
    });
    expect(stale.error).toMatchObject({ code: 'precondition_failed', status: 412 });
    const rotated = dataOf(await aegis.POST('/api/v1/admin/api-keys/{id}/rotate', pathOf(made.id)));
    expect(rotated.key).not.toBe(made.key);
    const shop = aegisClient({ baseUrl: server.url, apiKey: rotated.key, fetch: watched });
    expect(dataOf(await shop.GET('/api/v1/me')).scopes).toEqual(['licenses:read', 'licenses:issue']);

    const { response } = await aegis.DELETE('/api/v1/admin/api-keys/{id}', pathOf(made.id));
    expect(response.status).toBe(204);

    const me = dataOf(await aegis.GET('/api/v1/me'));
    expect(me.scopes).toEqual(['admin']);
    const health = dataOf(await aegis.GET('/api/v1/admin/health'));
    expect(health.parts[0]).toMatchObject({ name: 'database', status: 'healthy' });
    const stats = dataOf(await aegis.GET('/api/v1/admin/stats'));
    expect(stats.licenses.by_type.subscription).toBe(1);
    const series = dataOf(await aegis.GET('/api/v1/admin/stats/series'));
    expect(series.verdicts.VALID).toHaveLength(series.starts.length);
    const trail = dataOf(
      await aegis.GET('/api/v1/admin/audit-logs', { params: { query: { event_type: 'api_key.deleted' } } }),
    );
    expect(trail.audit_logs).toHaveLength(1);
    const record = pathOf(trail.audit_logs[0]!.id);
    await until('the record is sealed', async () => {
      const { response } = await aegis.GET('/api/v1/admin/audit-logs/{id}/proof', record);
      return response.status === 200;
    });
    const proof = dataOf(await aegis.GET('/api/v1/admin/audit-logs/{id}/proof', record));
    expect(proof.record).toEqual(trail.audit_logs[0]);
    const { checkpoints } = dataOf(
      await aegis.GET('/api/v1/admin/audit-logs/checkpoints', { params: { query: { page_size: 100 } } }),
    );
    expect(checkpoints).toContainEqual(proof.checkpoint);
  });

  it('manages webhooks', async () => {
    const url = 'http://127.0.0.1:9/hook';
    const made = dataOf(
      await aegis.POST('/api/v1/admin/webhooks', { body: { url, event_types: ['license.*'] } }),
    );
    const { secret, ...rest } = made;
    expect(secret).toMatch(/^whsec_/);
    const { webhooks } = dataOf(await aegis.GET('/api/v1/admin/webhooks'));
    expect(webhooks).toContainEqual(rest);
    expect(dataOf(await aegis.GET('/api/v1/admin/webhooks/{id}', pathOf(made.id)))).toEqual(rest);
    const changed = dataOf(
      await aegis.PATCH('/api/v1/admin/webhooks/{id}', { ...pathOf(made.id), body: { event_types: null } }),
    );
    expect(changed.event_types).toBeNull();
    const rotated = dataOf(
      await aegis.POST('/api/v1/admin/webhooks/{id}/rotate', {
        ...pathOf(made.id),
        body: { overlap_seconds: 60 },
      }),
    );
    expect(rotated.secret).not.toBe(secret);
    const tested = dataOf(await aegis.POST('/api/v1/admin/webhooks/{id}/test', pathOf(made.id)));
    expect(tested).toMatchObject({ outcome: 'failed', error: 'refused' });
    const { response } = await aegis.DELETE('/api/v1/admin/webhooks/{id}', pathOf(made.id));
    expect(response.status).toBe(204);
  });

  it('reads and repeats deliveries', async () => {
    const { id, webhook } = await aDelivery(new Client(server.url, server.adminKey));
    const { deliveries } = dataOf(await aegis.GET('/api/v1/admin/webhooks/{id}/deliveries', pathOf(webhook)));
    expect(deliveries).toMatchObject([{ id, sequence: 1, event: { type: 'customer.created' } }]);
    const read = dataOf(
      await aegis.GET('/api/v1/admin/webhooks/{id}/deliveries/{delivery_id}', {
        params: { path: { id: webhook, delivery_id: id } },
      }),
    );
    expect(JSON.parse(read.request_body)).toMatchObject({ id: read.event.id, sequence: 1 });
    const again = dataOf(await aegis.POST('/api/v1/admin/webhooks/deliveries/{id}/redeliver', pathOf(id)));
    expect(again.state).toBe('pending');
    const all = dataOf(
      await aegis.POST('/api/v1/admin/webhooks/{id}/redeliver', {
        params: { path: { id: webhook }, query: { since: '2026-01-01T00:00:00Z' } },
      }),
    );
    expect(all).toEqual({ redelivered: 0, complete: true });
  });

  it('reads public routes', async () => {
    const anyone = aegisClient({ baseUrl: server.url, fetch: watched });
    expect(dataOf(await anyone.GET('/'))).toMatchObject({ version: VERSION });
    expect(dataOf(await anyone.GET('/info')).issuer).toBe('https://license.biz4a.com');
    expect(dataOf(await anyone.GET('/.well-known/jwks.json')).keys).toHaveLength(1);
    const { signing_keys: keys } = dataOf(await aegis.GET('/api/v1/admin/signing-keys'));
    const path = { kid: keys[0]!.kid };
    const key = dataOf(await aegis.GET('/api/v1/admin/signing-keys/{kid}', { params: { path } }));
    expect(key).toMatchObject({ state: 'active', signer: 'pem' });
    const { error } = await anyone.GET('/.well-known/jwks.jwt');
    expect(error?.code).toBe('key_set_not_found');
    expect(dataOf(await anyone.GET('/health')).status).toBe('healthy');
    for (const path of ['/health/live', '/health/ready', '/health/startup'] as const)
      expect(dataOf(await anyone.GET(path)).status).toBe('healthy');
    expect(dataOf(await anyone.GET('/openapi.json'))).toMatchObject({ openapi: '3.1.0' });
    expect(dataOf(await anyone.GET('/docs', { parseAs: 'text' }))).toContain('swagger-ui');
    const list = await anyone.GET('/api/v1/status-lists/{id}', { ...pathOf('0'), parseAs: 'text' });
    expect(dataOf(list)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]{86}$/);
    expect(dataOf(await anyone.GET('/problems', { parseAs: 'text' }))).toContain('customer_not_found');
    const problem = await anyone.GET('/problems/{code}', {
      params: { path: { code: 'unauthorized' } },
      parseAs: 'text',
    });
    expect(dataOf(problem)).toContain('API key missing or refused');
  });

  it('opens sessions and ends them', async () => {
    const header = { 'X-Aegis-Console': '1' as const };
    const opened = await aegis.POST('/api/v1/sessions', { params: { header } });
    const { id } = dataOf(opened);
    const [cookie = ''] = opened.response.headers.getSetCookie()[0]!.split(';');
    const page = aegisClient({
      baseUrl: server.url,
      fetch: (request: Request) => {
        const headers = new Headers(request.headers);
        for (const [name, value] of Object.entries({ ...header, Cookie: cookie, Origin: ORIGIN }))
          headers.set(name, value);
        return watched(new Request(request, { headers }));
      },
    });
    expect(dataOf(await page.GET('/api/v1/sessions/current')).id).toBe(id);
    expect(dataOf(await page.GET('/api/v1/sessions/{id}', pathOf(id))).api_key.name).toBe('First admin key');
    expect((await page.DELETE('/api/v1/sessions/current')).response.status).toBe(204);
    const other = dataOf(await aegis.POST('/api/v1/sessions', { params: { header } }));
    expect((await aegis.DELETE('/api/v1/sessions/{id}', pathOf(other.id))).response.status).toBe(204);
  });

  it('reads the routes that no test above has read', async () => {
    const ids = await someIds(new Client(server.url, server.adminKey));
    const rest = routesOf(contract).filter(
      ({ method, operation }) => method === 'GET' && !called.has(operation.operationId),
    );
    for (const { path } of rest) {
      const [, before = '', name = ''] = /^(.*?)\{(\w+)\}/.exec(path) ?? [];
      const params = { path: { [name]: ids[before as keyof Ids] } } as never;
      dataOf(await aegis.GET(path as '/info', { params }));
    }
  });

  it('was called for each operation', () => {
    const left = routesOf(contract).filter(({ operation }) => !called.has(operation.operationId));
    if (left.length > 0)
      throw new Error(
        `no test here calls ${left.map(({ operation }) => operation.operationId).join(', ')}: add a call to test/contract/client.spec.ts`,
      );
  });

  it('sends its key, and reads errors as problem documents', async () => {
    const refused = aegisClient({ baseUrl: server.url, apiKey: 'garbage', fetch: watched });
    const { error, data } = await refused.GET('/api/v1/me');
    expect(data).toBeUndefined();
    expect(error).toMatchObject({ status: 401, code: 'unauthorized', instance: '/api/v1/me' });
    expect((await new Client(server.url, server.adminKey).get('/api/v1/me')).status).toBe(200);
  });
});
