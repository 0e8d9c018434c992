import type { LeafFields } from '@aegis/checkpoints';
import type { EntityManager } from 'typeorm';
import { replayed } from './record-data';

/**
 * Whether a record that takes something away has its effect in the database: a record that was repeated changes
 * nothing where the license, customer or key is not there.
 * @param fields of a record that was repeated
 */
export async function tookEffect(tx: EntityManager, fields: LeafFields): Promise<boolean> {
  const { type, licenseId, customerId, data } = replayed(fields);
  switch (type) {
    case 'license.revoked':
      return exists(tx, `licenses WHERE id = $1 AND status = 'revoked'`, licenseId);
    case 'license.suspended':
      return exists(tx, `licenses WHERE id = $1 AND status IN ('suspended', 'revoked')`, licenseId);
    case 'customer.updated':
      return exists(tx, 'customers WHERE id = $1 AND NOT is_active', customerId);
    case 'activation.ended':
      return exists(tx, 'activations WHERE id = $1 AND ended_at IS NOT NULL', data.text('activation_id'));
    case 'api_key.deleted':
      return exists(tx, 'api_keys WHERE id = $1 AND deleted_at IS NOT NULL', data.text('id'));
    case 'webhook.deleted':
      return exists(tx, 'webhook_endpoints WHERE id = $1 AND deleted_at IS NOT NULL', data.text('id'));
    case 'webhook.disabled':
    case 'webhook.updated':
      return exists(tx, 'webhook_endpoints WHERE id = $1 AND NOT is_active', data.text('id'));
    case 'signing_key.compromised':
      return exists(tx, `signing_keys WHERE kid = $1 AND state = 'compromised'`, data.text('kid'));
    default:
      return false;
  }
}

async function exists(tx: EntityManager, rows: string, id: string | null): Promise<boolean> {
  const [row] = await tx.query<{ here: boolean }[]>(`SELECT EXISTS (SELECT FROM ${rows}) AS here`, [id]);
  return row?.here === true;
}
