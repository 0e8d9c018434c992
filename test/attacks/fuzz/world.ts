import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, anApiKey, aDelivery } from '../../support/factories';
import type { Known } from './bytes';

/** Things for requests to name. Requests revoke and delete them, so there must be new ones now and then. */
export async function newWorld(url: string, adminKey: string): Promise<Known> {
  const admin = new Client(url, adminKey);
  const makeKey = (scopes: readonly string[]) => anApiKey(admin, { scopes });
  const customer = await aCustomer(admin);
  const delivery = await aDelivery(admin);
  const license = await aLicense(admin, { customer_id: customer.id });
  const logs = await admin.get('/api/v1/admin/audit-logs?page_size=1');
  expectStatus(logs, 200);
  return {
    admin: adminKey,
    reader: (await makeKey(['licenses:read', 'customers:read'])).key,
    apiKey: (await makeKey(['stats:read'])).id,
    webhook: delivery.webhook,
    delivery: delivery.id,
    customer: customer.id,
    license: license.id,
    token: license.token,
    auditLog: String(logs.body.audit_logs[0].id),
    nonce: customer.id,
  };
}

/** Makes sure that the server still does what it is there for. */
export async function expectAlive(url: string, adminKey: string): Promise<void> {
  const license = await aLicense(new Client(url, adminKey));
  const verdict = await new Client(url).post('/api/v1/licenses/validate', {
    token: license.token,
    module_name: 'payroll',
    odoo_version: '17',
  });
  expectStatus(verdict, 200);
  expect(verdict.body).toMatchObject({ valid: true, code: 'VALID', license_id: license.id });
}
