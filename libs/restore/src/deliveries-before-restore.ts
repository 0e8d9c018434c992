import type { EntityManager } from 'typeorm';

/** Sequences that may have been given to events since the restored moment: one for each of their positions at most. */
const SEQUENCES_LEAPT = 1_000_000_000;

/**
 * Ends the deliveries of webhooks that were open at the restored moment: they may have been made since, and nobody knows.
 * Each webhook's events continue with sequences that were not given to others before the restore.
 * @param tx of the owner
 * @returns how many deliveries there were
 */
export async function endDeliveriesBeforeRestore(tx: EntityManager): Promise<number> {
  await tx.query(
    `UPDATE webhook_progress SET sequence = sequence + $1, failing_since = NULL
     WHERE endpoint_id IN (SELECT endpoint_id FROM webhook_progress ORDER BY endpoint_id FOR NO KEY UPDATE)`,
    [SEQUENCES_LEAPT],
  );
  const [, count] = await tx.query<[unknown[], number]>(
    `UPDATE webhook_deliveries
     SET state = 'sent_before_restore', ended_at = date_trunc('milliseconds', clock_timestamp())
     WHERE state = 'pending'`,
  );
  return count;
}
