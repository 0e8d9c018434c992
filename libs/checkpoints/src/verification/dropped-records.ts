import type { EntityManager } from 'typeorm';

/**
 * Largest difference between the order of the records' times and the order of their ids: both are assigned when a
 * record is written.
 */
const ID_TOLERANCE = '1 minute';

/** What the owner dropped of the trail: all records before a time, as the owner's table of drops says. */
export interface Dropped {
  /** Records of earlier times are gone. */
  until: Date;
  /** How many are gone. */
  records: number;
  /**
   * Id of the first record that is more than a minute later than `until`, or null. Records with
   * greater ids were written later, so none of them was dropped, whatever time their seals say.
   */
  firstKept: string | null;
}

/** @returns undefined when nothing was ever dropped */
export async function readDropped(tx: EntityManager): Promise<Dropped | undefined> {
  const [row] = await tx.query<{ until: Date | null; records: number; firstKept: string | null }[]>(
    // A time that a Date can't represent is not the time of a drop: `dropsContradict` reports it.
    `SELECT until, records::float8 AS records,
            (SELECT id::text FROM audit_logs WHERE recorded_at > until + interval '${ID_TOLERANCE}'
             ORDER BY audit_logs.id LIMIT 1) AS "firstKept"
     FROM (SELECT greatest('0001-01-01Z', least(max(dropped_until), '9999-12-31Z')) AS until, sum(records) AS records
           FROM audit_drops HAVING count(*) > 0) AS dropped`,
  );
  return row?.until ? { until: row.until, records: row.records, firstKept: row.firstKept } : undefined;
}

/**
 * Whether the recorded drops can't be true: more or fewer records are missing, a record of an earlier time is left,
 * or a drop has no record in the trail, or is older than what it dropped.
 * @param gone how many sealed records are missing; undefined when that was not counted
 */
export async function dropsContradict(
  tx: EntityManager,
  dropped: Dropped | undefined,
  gone: number | undefined,
): Promise<boolean> {
  if (gone !== undefined && gone !== (dropped?.records ?? 0)) return true;
  if (dropped === undefined) return false;
  // The record of a drop may have been dropped itself, by a later one.
  const [row] = await tx.query<{ contradicted: boolean }[]>(
    `SELECT coalesce((SELECT min(recorded_at) FROM audit_logs) < $1, false)
         OR EXISTS (SELECT FROM audit_drops WHERE recorded_at < dropped_until
                      OR dropped_until < '0001-01-01Z' OR dropped_until > '9999-12-31Z')
         OR EXISTS (SELECT FROM audit_drops AS gone WHERE gone.recorded_at >= $1 AND NOT EXISTS (
              SELECT FROM audit_logs AS record
              WHERE record.id = gone.audit_id AND record.recorded_at = gone.recorded_at
                AND record.event_type = 'audit_log.dropped'
                AND record.event_data->>'records' = gone.records::text)) AS contradicted`,
    [dropped.until],
  );
  return row?.contradicted ?? true;
}
