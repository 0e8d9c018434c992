import type { EntityManager } from 'typeorm';

/** What the owner dropped of the trail: all records before a time, as the latest record of a drop says. */
export interface Dropped {
  /** Records of earlier times are gone. */
  until: Date;
  /** How many are gone, by this drop and all before it; not a number where somebody wrote none. */
  records: number;
}

/** @returns undefined when nothing was ever dropped */
export async function readDropped(tx: EntityManager): Promise<Dropped | undefined> {
  const [row] = await tx.query<{ until: string; records: string }[]>(
    `SELECT event_data->>'until' AS until, event_data->>'records_in_all' AS records FROM audit_logs
     WHERE event_type = 'audit_log.dropped' ORDER BY id DESC LIMIT 1`,
  );
  return row && { until: new Date(row.until), records: Number(row.records) };
}

/** A drop leaves nothing of an earlier time: where something is, its record is false. */
export async function isAnyLeft(tx: EntityManager, { until }: Dropped): Promise<boolean> {
  const [row] = await tx.query<{ earliest: Date | null }[]>(
    'SELECT min(recorded_at) AS earliest FROM audit_logs',
  );
  const earliest = row?.earliest ?? null;
  return earliest !== null && earliest < until;
}
