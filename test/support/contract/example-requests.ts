import type { Client } from '../requests/client';
import { aCustomer, aDelivery, aLicense } from '../factories';
import { expectStatus } from './expect-status';
import type { Route } from './contract';
import { until } from '../until';

/** Ids that paths may name, by what is in front of them. */
export interface Ids {
  '/api/v1/licenses/': string;
  '/api/v1/activations/': string;
  '/activations/': string;
  '/api/v1/customers/': string;
  '/api/v1/admin/api-keys/': string;
  '/api/v1/admin/signing-keys/': string;
  '/api/v1/admin/webhooks/': string;
  '/api/v1/admin/webhooks/deliveries/': string;
  '/deliveries/': string;
  '/api/v1/sessions/': string;
  '/api/v1/status-lists/': string;
  '/api/v1/admin/audit-logs/': string;
  '/problems/': string;
}

/** Ids of the right form that name nothing. */
export const UNKNOWN_IDS: Ids = {
  '/api/v1/licenses/': '00000000-0000-4000-8000-000000000000',
  '/api/v1/activations/': '00000000-0000-4000-8000-000000000000',
  '/activations/': '00000000-0000-4000-8000-000000000000',
  '/api/v1/customers/': 'nobody',
  '/api/v1/admin/api-keys/': '000000000000',
  '/api/v1/admin/signing-keys/': 'no-key',
  '/api/v1/admin/webhooks/': '00000000-0000-4000-8000-000000000000',
  '/api/v1/admin/webhooks/deliveries/': '00000000-0000-4000-8000-000000000000',
  '/deliveries/': '00000000-0000-4000-8000-000000000000',
  '/api/v1/sessions/': '00000000-0000-4000-8000-000000000000',
  '/api/v1/status-lists/': '999999',
  '/api/v1/admin/audit-logs/': '999999999999999999',
  '/problems/': 'nothing',
};

/** Things that are there, for requests to name. */
export async function someIds(client: Client): Promise<Ids> {
  const customer = await aCustomer(client);
  // Its routes answer: its seats are counted, and no question needs one.
  const seats = { max: 2, mode: 'fixed', required: false };
  const license = await aLicense(client, { customer_id: customer.id, seats });
  const { token, module_name } = license;
  const asked = { token, module_name, odoo_version: '17.0', fingerprint: 'an installation' };
  const activation = await client.post('/api/v1/activations', asked);
  expectStatus(activation, 201);
  const me = await client.get('/api/v1/me');
  const delivery = await aDelivery(client);
  const session = await client.post('/api/v1/sessions', undefined, { 'X-Aegis-Console': '1' });
  expectStatus(session, 201);
  return {
    '/api/v1/licenses/': license.id,
    '/api/v1/activations/': activation.body.id,
    '/activations/': activation.body.id,
    '/api/v1/customers/': customer.id,
    '/api/v1/admin/api-keys/': me.body.id,
    '/api/v1/admin/signing-keys/': (await client.get('/info')).body.key_id as string,
    '/api/v1/admin/webhooks/': delivery.webhook,
    '/api/v1/admin/webhooks/deliveries/': delivery.id,
    '/deliveries/': delivery.id,
    '/api/v1/sessions/': session.body.id,
    '/api/v1/status-lists/': '0',
    '/api/v1/admin/audit-logs/': await sealedRecord(client),
    '/problems/': 'validation_failed',
  };
}

/** Id of an audit record that a checkpoint seals. */
async function sealedRecord(client: Client): Promise<string> {
  const trail = await client.get('/api/v1/admin/audit-logs?page_size=1');
  const [{ id }] = trail.body.audit_logs as [{ id: string }];
  const isSealed = async (): Promise<boolean> =>
    (await client.get(`/api/v1/admin/audit-logs/${id}/proof`)).status === 200;
  await until('the record is sealed', isSealed);
  return id;
}

/** The path of an operation with ids in place of its parameters. */
export function pathOf({ path }: Pick<Route, 'path'>, ids: Ids): string {
  return path.replaceAll(/(\/[^{}]*\/)\{\w+\}/g, (_, before: string) => {
    if (!(before in ids)) throw new Error(`no id is known that follows ${before}`);
    return before + ids[before as keyof Ids];
  });
}

/** The query that the document shows as an example of what an operation requires; empty where it requires none. */
export function exampleQuery({ operation }: Route): string {
  const required = operation.parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
  if (required.length === 0) return '';
  const query = new URLSearchParams();
  for (const { name, schema } of required) {
    const [example]: unknown[] = Array.isArray(schema.examples) ? schema.examples : [];
    query.set(name, String(example));
  }
  return `?${query.toString()}`;
}

/** The body that the document shows as an example; undefined where the operation takes none. */
export function exampleBody({ operation }: Route): unknown {
  return operation.requestBody?.content['application/json']?.example;
}
