import { formatOfflineRequest } from '../../libs/license-token/src';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTE_ACCESS, SINGLE_SCOPES } from '../support/contract/route-access';
import { aCustomer, aLicense, anApiKey } from '../support/factories';
import { testServer, type TestServer } from '../support/processes/server';
import { Client } from '../support/requests/client';
import { expectStatus } from '../support/contract/expect-status';

/** In no answer but one that shows the customer's record. */
const EMAIL = 'canary@customer.test';
const COMPACT_JWS = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

interface Target {
  id: string;
  token: string;
  customer_id: string;
  activation: { id: string; fingerprint: string };
}

/** What a caller may try with a license and its customer: each with the route that it is. */
const ATTEMPTS: readonly [route: string, request: (target: Target) => [path: string, body?: unknown]][] = [
  ['GET /api/v1/licenses', () => ['/api/v1/licenses']],
  ['GET /api/v1/licenses/{id}', ({ id }) => [`/api/v1/licenses/${id}`]],
  ['GET /api/v1/licenses/{id}/token', ({ id }) => [`/api/v1/licenses/${id}/token`]],
  ['POST /api/v1/licenses/inspect', ({ token }) => ['/api/v1/licenses/inspect', { token }]],
  ['GET /api/v1/licenses/{id}/history', ({ id }) => [`/api/v1/licenses/${id}/history`]],
  ['PATCH /api/v1/licenses/{id}', ({ id }) => [`/api/v1/licenses/${id}`, { notes: null }]],
  ['POST /api/v1/licenses/{id}/renew', ({ id }) => [`/api/v1/licenses/${id}/renew`, { duration_days: 1 }]],
  ['POST /api/v1/licenses/{id}/reissue', ({ id }) => [`/api/v1/licenses/${id}/reissue`, {}]],
  ['POST /api/v1/licenses/{id}/reissue', ({ id }) => [`/api/v1/licenses/${id}/reissue`, { supersede: true }]],
  ['DELETE /api/v1/licenses/{id}/revoke', ({ id }) => [`/api/v1/licenses/${id}/revoke`, { reason: 'a' }]],
  ['POST /api/v1/licenses/{id}/revoke', ({ id }) => [`/api/v1/licenses/${id}/revoke`, { reason: 'a' }]],
  ['POST /api/v1/licenses/{id}/suspend', ({ id }) => [`/api/v1/licenses/${id}/suspend`, { reason: 'a' }]],
  ['POST /api/v1/licenses/{id}/reissue', ({ id }) => [`/api/v1/licenses/${id}/reissue`, { seats: null }]],
  ['GET /api/v1/licenses/{id}/seats', ({ id }) => [`/api/v1/licenses/${id}/seats`]],
  ['PUT /api/v1/licenses/{id}/seats', ({ id }) => [`/api/v1/licenses/${id}/seats`, { max: 1 }]],
  ['GET /api/v1/licenses/{id}/activations', ({ id }) => [`/api/v1/licenses/${id}/activations`]],
  [
    'POST /api/v1/licenses/{id}/activations/{activation_id}/end',
    ({ id, activation }) => [`/api/v1/licenses/${id}/activations/${activation.id}/end`, { reason: 'a' }],
  ],
  [
    'POST /api/v1/activations/heartbeats',
    ({ activation }) => ['/api/v1/activations/heartbeats', { items: [activation] }],
  ],
  [
    'POST /api/v1/activations/inspect',
    ({ id }) => [
      '/api/v1/activations/inspect',
      {
        request: formatOfflineRequest({
          license_id: id,
          fp: '0'.repeat(64),
          nonce: '0'.repeat(16),
          requested_at: new Date(0),
        }),
      },
    ],
  ],
  [
    'POST /api/v1/licenses/validate/batch',
    ({ token }) => [
      '/api/v1/licenses/validate/batch',
      { items: [{ token, module_name: 'payroll', odoo_version: '17' }] },
    ],
  ],
  ['GET /api/v1/customers', () => ['/api/v1/customers']],
  ['GET /api/v1/customers/{id}', ({ customer_id }) => [`/api/v1/customers/${customer_id}`]],
  ['PATCH /api/v1/customers/{id}', ({ customer_id }) => [`/api/v1/customers/${customer_id}`, {}]],
  [
    'PATCH /api/v1/customers/{id}',
    ({ customer_id }) => [`/api/v1/customers/${customer_id}`, { is_active: false }],
  ],
  ['DELETE /api/v1/customers/{id}', ({ customer_id }) => [`/api/v1/customers/${customer_id}`]],
  [
    'DELETE /api/v1/customers/{id}',
    ({ customer_id }) => [`/api/v1/customers/${customer_id}?revoke_licenses=true`],
  ],
  ['GET /api/v1/admin/stats', () => ['/api/v1/admin/stats']],
  ['GET /api/v1/admin/stats/series', () => ['/api/v1/admin/stats/series']],
  ['GET /api/v1/admin/health', () => ['/api/v1/admin/health']],
  ['GET /api/v1/admin/signing-keys', () => ['/api/v1/admin/signing-keys']],
  ['GET /api/v1/admin/audit-logs', () => ['/api/v1/admin/audit-logs']],
  ['GET /api/v1/admin/api-keys', () => ['/api/v1/admin/api-keys']],
];

/** Rows of the page's table: whether the scope reads customers' records, gets tokens, and how it ends licenses. */
function documented(): Record<string, [string, string, string]> {
  const page = readFileSync(join(__dirname, '../../docs/security.md'), 'utf8');
  const [, section = ''] = /\n## What each scope can learn and do\n([^]*?)\n## /.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `([a-z:-]+)` +\| (yes|no) +\| (yes|no) +\| (.+?) +\|$/gm)];
  return Object.fromEntries(
    rows.map(([, scope, reads, tokens, ends]) => [
      scope!,
      [reads!, tokens!, [...ends!.matchAll(/[A-Z_]{4,}/g)].sort().join(' ')],
    ]),
  );
}

const SEATS = { max: 2, mode: 'floating', required: true };

describe('a key with one scope alone', () => {
  let server: TestServer;
  let admin: Client;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
  });
  afterAll(() => server.close());

  async function aTarget(): Promise<Target> {
    const { id: customer_id } = await aCustomer(admin, { email: EMAIL });
    const license = await aLicense(admin, {
      customer_id,
      license_type: 'subscription',
      duration_days: 30,
      seats: SEATS,
    });
    const fingerprint = 'installation-1';
    const asked = { token: license.token, module_name: 'payroll', odoo_version: '17', fingerprint };
    const admitted = await new Client(server.url).post('/api/v1/activations', asked);
    expectStatus(admitted, 201);
    return { ...license, activation: { id: admitted.body.id as string, fingerprint } };
  }

  it('is tried on each route of licenses and customers, but those that only make or give back', () => {
    const tried = new Set(ATTEMPTS.map(([route]) => route));
    const untried = ROUTE_ACCESS.filter(
      ([route, access]) => /^(activations|licenses|customers):/.test(access) && !tried.has(route),
    ).map(([route]) => route);
    expect(untried).toEqual([
      'POST /api/v1/licenses',
      'POST /api/v1/licenses/{id}/reinstate',
      'POST /api/v1/licenses/{id}/activations/offline',
      'POST /api/v1/customers',
    ]);
  });

  it('is documented for each scope', () => {
    expect(Object.keys(documented())).toEqual(SINGLE_SCOPES);
  });

  it.each(SINGLE_SCOPES)('learns and does what docs/security.md says: %s', async (scope) => {
    const narrow = new Client(server.url, (await anApiKey(admin, { scopes: [scope] })).key);
    const access = new Map(ROUTE_ACCESS);
    let [reads, tokens] = ['no', 'no'];
    const ends = new Set<string>();
    for (const [route, request] of ATTEMPTS.filter(([name]) => access.get(name) === scope)) {
      const target = await aTarget();
      const [path, body] = request(target);
      const answer = await narrow.send(route.split(' ')[0]!, path, body);
      const text = JSON.stringify(answer.body);
      if (text.includes(EMAIL)) reads = 'yes';
      if (COMPACT_JWS.test(text)) tokens = 'yes';
      const { body: verdict } = await admin.post('/api/v1/licenses/validate', {
        token: target.token,
        module_name: 'payroll',
        odoo_version: '17',
        activation: target.activation,
      });
      if (verdict.code !== 'VALID') ends.add(verdict.code as string);
    }
    expect([reads, tokens, [...ends].sort().join(' ')]).toEqual(documented()[scope]);
  });
});
