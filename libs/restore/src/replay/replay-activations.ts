import type { EntityManager } from 'typeorm';
import type { ReplayedRecord } from './record-data';

/**
 * Ends an activation again that a record ended. One that was admitted after the restored moment is not there.
 * @returns its id; null for a record of all activations of a license or customer, which another record ends again
 */
export async function endActivationAgain(
  tx: EntityManager,
  { type, at, licenseId, data }: ReplayedRecord,
): Promise<string | null> {
  const id = data.textOrNull('activation_id');
  if (id === null) return null;
  const isTakenOver = type === 'activation.taken_over';
  // The count of the seats is that of the rows without an end.
  await tx.query(
    `WITH ended AS (
       UPDATE activations SET ended_at = greatest($3::timestamptz, admitted_at), ended_by = $4, ended_reason = $5
       WHERE id = $1 AND license_id = $2 AND ended_at IS NULL
       RETURNING license_id)
     UPDATE license_seats AS seats SET open = seats.open - 1 FROM ended WHERE seats.license_id = ended.license_id`,
    [
      id,
      licenseId,
      isTakenOver ? at : data.text('ended_at'),
      isTakenOver ? 'taken_over' : data.text('ended_by'),
      data.textOrNull('reason'),
    ],
  );
  return id;
}

/**
 * Lets an activation hold its seat again until the end of the offline file that a record says it got: the file counts where
 * it is, whatever the database knows.
 * @returns whether there is such an activation
 */
export async function holdForFile(
  tx: EntityManager,
  { licenseId, data }: ReplayedRecord,
  until: string,
): Promise<boolean> {
  const [rows] = await tx.query<[unknown[], number]>(
    `UPDATE activations
     SET offline_until = greatest(offline_until, $3),
         lease_ends_at = CASE WHEN lease_ends_at IS NOT NULL THEN greatest(lease_ends_at, $3) END,
         token_expires_at = greatest(token_expires_at, $3)
     WHERE id = $1 AND license_id = $2 AND ended_at IS NULL
     RETURNING id`,
    [data.text('activation_id'), licenseId, until],
  );
  return rows.length > 0;
}
