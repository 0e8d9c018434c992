import { AuditLog, type AuditEntry, SYSTEM } from '@aegis/audit';
import { EventSequencer } from '@aegis/events';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';

/** Inserts an endpoint as the server does. @param more its columns @returns its id */
export async function insertEndpoint(
  dataSource: DataSource,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const row: Record<string, unknown> = {
    id: randomUUID(),
    url: 'https://hooks.example.com/aegis',
    api_version: '1',
    keys: 'sealed',
    public_key: 'whpk_',
    created_by: 'Ada',
    ...more,
  };
  const columns = Object.keys(row);
  await dataSource.query(
    `INSERT INTO webhook_endpoints (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(row),
  );
  await dataSource.query('INSERT INTO webhook_progress (endpoint_id) VALUES ($1)', [row.id]);
  return String(row.id);
}

/** Lets changes of a license happen, whose events get their places. */
export async function happen(dataSource: DataSource, licenseId: string, count = 1): Promise<void> {
  const entry: AuditEntry = {
    type: 'license.updated',
    actor: SYSTEM,
    licenseId,
    customerId: 'acme',
    moduleName: 'payroll',
    data: { fields: ['notes'] },
  };
  await new AuditLog().append(dataSource.manager, ...Array.from({ length: count }, () => entry));
  await new EventSequencer(dataSource).run();
}
