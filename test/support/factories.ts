import { until } from './until';
import { randomBytes } from 'node:crypto';
import { expectStatus } from './contract/expect-status';
import type { Answer, Client } from './requests/client';

/** What the routes answer, as far as tests read it. */
export interface IssuedLicense {
  id: string;
  token: string;
  customer_id: string;
  module_name: string;
  expires_at: string | null;
  status: string;
}

/** An id that no other test takes. */
export function aCustomerId(): string {
  return `C-${randomBytes(6).toString('hex')}`;
}

/** Creates a customer; what is not given is made up. */
export async function aCustomer(
  client: Client,
  details: Record<string, unknown> = {},
): Promise<{ id: string; name: string }> {
  const answer = await client.post('/api/v1/customers', {
    id: aCustomerId(),
    name: 'Acme Corporation',
    ...details,
  });
  expectStatus(answer, 201);
  return answer.body as { id: string; name: string };
}

/** Issues a license, to a customer of its own unless one is given. */
export async function aLicense(
  client: Client,
  details: Record<string, unknown> = {},
): Promise<IssuedLicense> {
  const customer_id = details.customer_id ?? (await aCustomer(client)).id;
  const answer = await client.post('/api/v1/licenses', {
    module_name: 'payroll',
    allowed_major_versions: ['17', '18'],
    license_type: 'perpetual',
    ...details,
    customer_id,
  });
  expectStatus(answer, 201);
  return answer.body as IssuedLicense;
}

/** Makes an API key that may read licenses, unless something else is given. */
export async function anApiKey(
  client: Client,
  details: Record<string, unknown> = {},
): Promise<{ id: string; key: string }> {
  const answer = await client.post('/api/v1/admin/api-keys', {
    name: 'a key',
    scopes: ['licenses:read'],
    ...details,
  });
  expectStatus(answer, 201);
  return answer.body as { id: string; key: string };
}

/** Makes a webhook at a port where nothing listens; what it is sent does not happen in tests, unless something else is given. */
export async function aWebhook(
  client: Client,
  details: Record<string, unknown> = {},
): Promise<{ id: string; secret: string; public_key: string }> {
  const answer = await client.post('/api/v1/admin/webhooks', {
    url: 'http://127.0.0.1:9/hook',
    event_types: ['database.restored'],
    ...details,
  });
  expectStatus(answer, 201);
  return answer.body as { id: string; secret: string; public_key: string };
}

/** Makes a webhook that an event is sent to without success. */
export async function aDelivery(client: Client): Promise<{ id: string; webhook: string }> {
  const { id: webhook } = await aWebhook(client, { event_types: ['customer.created'] });
  await aCustomer(client, { id: aCustomerId() });
  let found: { id: string }[] = [];
  await until('the event has its place', async () => {
    const answer = await client.get(`/api/v1/admin/webhooks/${webhook}/deliveries`);
    expectStatus(answer, 200);
    found = answer.body.deliveries as { id: string }[];
    return found.length > 0;
  });
  return { id: found[0]!.id, webhook };
}

/** Asks about a token, for `payroll` 17 unless something else is given. */
export function validation(
  client: Client,
  token: unknown,
  question: Record<string, unknown> = {},
  headers?: Record<string, string>,
): Promise<Answer> {
  return client.post(
    '/api/v1/licenses/validate',
    { token, module_name: 'payroll', odoo_version: '17.0', ...question },
    headers,
  );
}

/** The code of a verdict. */
export async function verdictOf(
  client: Client,
  token: unknown,
  question?: Record<string, unknown>,
): Promise<string> {
  const answer = await validation(client, token, question);
  expectStatus(answer, 200);
  return answer.body.code as string;
}
