import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';

/**
 * Writes a webhook that is disabled, so that nothing is sent to it: its events can be pulled as those of any other.
 * @param eventTypes its filter; null for all
 * @returns its id
 */
export async function disabledWebhook(sql: Client, eventTypes: string[] | null): Promise<string> {
  const id = randomUUID();
  await sql.query(
    `INSERT INTO webhook_endpoints (id, url, event_types, api_version, is_active, disabled_reason, disabled_at, keys,
       public_key, created_by)
     VALUES ($1, 'https://hooks.example.com', $2, '1', false, 'operator', now(), 'sealed', 'whpk_', 'Ada')`,
    [id, eventTypes],
  );
  await sql.query('INSERT INTO webhook_progress (endpoint_id) VALUES ($1)', [id]);
  return id;
}
