import type { EntityManager } from 'typeorm';
import type { ReplayedRecord } from './record-data';

/** A webhook that was changed after the restored moment. */
export interface NamedWebhook {
  id: string;
  /** Scheme, host and port of its URL. */
  origin: string;
  /**
   * `deleted`, `disabled`: it is so again. `rotated`: its former secret signs, the newer one does not. `created`: it is
   * gone. `updated`: it has its former URL and filters; one that was enabled is not enabled again.
   */
  what: 'deleted' | 'disabled' | 'rotated' | 'created' | 'updated';
}

/** Deletes a webhook and its keys again: nothing may be sent to it although the restored row says so. */
export async function deleteWebhookAgain(tx: EntityManager, { at, data }: ReplayedRecord): Promise<void> {
  const id = data.text('id');
  await tx.query(
    `UPDATE webhook_endpoints
     SET keys = '', previous_keys = NULL, previous_valid_until = NULL, deleted_at = $2, updated_at = $2
     WHERE id = $1 AND deleted_at IS NULL`,
    [id, at],
  );
  await tx.query('DELETE FROM webhook_progress WHERE endpoint_id = $1', [id]);
}

/** Disables a webhook again. Its deliveries that are open end with those of all others. */
export async function disableWebhookAgain(tx: EntityManager, { at, data }: ReplayedRecord): Promise<void> {
  await tx.query(
    `UPDATE webhook_endpoints
     SET is_active = false, disabled_reason = $3, disabled_at = $2, updated_at = $2, version = version + 1
     WHERE id = $1 AND is_active AND deleted_at IS NULL`,
    [data.text('id'), at, data.textOrNull('reason') ?? 'operator'],
  );
}
