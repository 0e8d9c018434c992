import { forgetAnswersAbout } from '@aegis/idempotency';
import type { EntityManager } from 'typeorm';
import type { ReplayedRecord } from './record-data';
import { emptySeatsOf } from './replay-seats';

/** The trail has no names of customers. */
const RESTORED_NAME = 'restored';

/**
 * Makes a customer from the record that created it: under its id, named `restored`, and flagged until somebody names it.
 * @returns whether it was not there
 */
export async function createCustomer(
  tx: EntityManager,
  { customerId, at, data }: ReplayedRecord,
): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `INSERT INTO customers (id, name, is_active, created_at, updated_at, restored_at)
     VALUES ($1, '${RESTORED_NAME}', $2, $3, $3, clock_timestamp()) ON CONFLICT (id) DO NOTHING RETURNING id`,
    [customerId, data.flag('is_active') ?? true, at],
  );
  return rows.length > 0;
}

/**
 * Repeats what a record says of whether a customer is active; other fields are named in it without their values.
 * @returns whether values are lost
 */
export async function changeCustomer(
  tx: EntityManager,
  { customerId, at, data }: ReplayedRecord,
): Promise<boolean> {
  const fields = data.texts('fields');
  if (fields.includes('is_active'))
    // A record names only the changed fields. Records of earlier versions do not have the new value.
    await tx.query(
      `UPDATE customers SET is_active = coalesce($2, NOT is_active), version = version + 1, updated_at = $3
       WHERE id = $1 AND deleted_at IS NULL`,
      [customerId, data.flag('is_active') ?? null, at],
    );
  return fields.some((field) => field !== 'is_active');
}

/** Leaves a tombstone, as the removal did: the licenses were revoked by records of their own. */
export async function removeCustomer(tx: EntityManager, { customerId, at }: ReplayedRecord): Promise<void> {
  // In the words of the index licenses_by_lower_customer.
  await tx.query(
    `UPDATE licenses SET token = NULL
     WHERE lower(customer_id COLLATE "C") = lower($1 COLLATE "C") AND customer_id = $1`,
    [customerId],
  );
  await tx.query(
    `UPDATE customers SET name = NULL, email = NULL, company = NULL, phone = NULL, address = NULL, notes = NULL,
                          is_active = false, version = version + 1, updated_at = $2, deleted_at = $2, restored_at = NULL
     WHERE id = $1 AND deleted_at IS NULL`,
    [customerId, at],
  );
  if (customerId === null) return;
  await emptySeatsOf(tx, customerId);
  await forgetAnswersAbout(tx, customerId);
}
