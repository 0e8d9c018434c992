import type { LeafFields, ProvenGroup } from '@aegis/checkpoints';
import type { EntityManager } from 'typeorm';
import { NotReconcilable } from './restore.errors';

/** What of a record distinguishes it from every other: all that is sealed. */
const SEALED_COLUMNS = `id, recorded_at, event_type, license_id, customer_id, module_name, api_key_id, actor, user_agent,
  request_id, event_data, occurred_at`;

/** A record set that PostgreSQL reads from JSON. `event_data` is a text in it, as it was sealed. */
const AS_ROWS = `jsonb_to_recordset($1::jsonb) AS given (
  id bigint, recorded_at timestamptz, event_type text, license_id uuid, customer_id text, module_name text,
  api_key_id text, actor text, user_agent text, request_id text, event_data text, occurred_at timestamptz)`;

/**
 * Puts a checkpoint that was shipped into the trail again: the records that the database does not have, the seals of all,
 * and the checkpoint itself. Its row says of no cluster that its transactions count there, so that the sealer looks for
 * records without a seal everywhere, and begins an epoch.
 * @param tx of the owner, in which the trigger that compares a checkpoint with now is off
 * @returns the records that the database did not have, in their order
 * @throws NotReconcilable when the database has another record of the same id, or sealed one of them otherwise
 */
export async function importGroup(tx: EntityManager, group: ProvenGroup): Promise<LeafFields[]> {
  const records = group.records.map(({ fields }) => fields);
  const known = await tx.query<{ id: string; is_same: boolean; is_sealed: boolean }[]>(
    `SELECT given.id::text AS id,
            (record.recorded_at, record.event_type, record.actor, record.event_data) =
              (given.recorded_at, given.event_type, given.actor, given.event_data::jsonb)
            AND (record.license_id, record.customer_id, record.module_name, record.api_key_id, record.user_agent,
                 record.request_id, record.occurred_at)
              IS NOT DISTINCT FROM (given.license_id, given.customer_id, given.module_name, given.api_key_id,
                                    given.user_agent, given.request_id, given.occurred_at) AS is_same,
            EXISTS (SELECT FROM audit_seals WHERE audit_id = given.id) AS is_sealed
     FROM ${AS_ROWS} JOIN audit_logs AS record ON record.id = given.id`,
    [JSON.stringify(records)],
  );
  for (const { id, is_same, is_sealed } of known)
    if (!is_same || is_sealed)
      throw new NotReconcilable(
        `the database has a record ${id} of its own, which was written after the restore. Restore it again, and run \`aegis restore begin\` before any server starts`,
      );
  const here = new Set(known.map(({ id }) => id));
  const missing = records.filter(({ id }) => !here.has(id));
  await tx.query(
    `INSERT INTO audit_logs (${SEALED_COLUMNS})
     SELECT id, recorded_at, event_type, license_id, customer_id, module_name, api_key_id, actor, user_agent,
            request_id, event_data::jsonb, occurred_at FROM ${AS_ROWS}`,
    [JSON.stringify(missing)],
  );
  await tx.query(
    `INSERT INTO audit_seals (audit_id, recorded_at, checkpoint, leaf_index, leaf_hash)
     SELECT id, recorded_at, $3, place - 1, hash
     FROM unnest($1::bigint[], $2::timestamptz[], $4::bytea[]) WITH ORDINALITY AS leaf (id, recorded_at, hash, place)`,
    [
      records.map(({ id }) => id),
      records.map(({ recorded_at }) => recorded_at),
      group.number,
      group.records.map(({ hash }) => hash),
    ],
  );
  await tx.query(
    `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, read_at, jws)
     VALUES ($1, $2, '', '0', 0, to_timestamp($3), $4)`,
    [group.number, group.epoch, group.iat, group.jws],
  );
  return missing;
}
