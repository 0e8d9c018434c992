import type { DataSource } from 'typeorm';

const HOUR_MS = 60 * 60 * 1000;

/**
 * Forgets, an hour's records at a time, every IP address in the audit trail that was kept for long enough; processes
 * that do it at once share the work.
 * @param keepDays AUDIT_IP_RETENTION_DAYS
 * @param goesOn whether to forget more, asked before each hour
 * @returns whether none is left
 */
export async function forgetAddresses(
  dataSource: DataSource,
  keepDays: number,
  goesOn: () => boolean,
): Promise<boolean> {
  let more = true;
  while (more && goesOn()) {
    const [row] = await dataSource.query<{ more: boolean }[]>(
      'SELECT audit_logs_forget_addresses($1) AS more',
      [keepDays],
    );
    more = row?.more === true;
  }
  return !more;
}

/**
 * Time up to which addresses are due now, by the database's clock.
 * @param keepDays AUDIT_IP_RETENTION_DAYS
 */
export async function addressesDueUntil(dataSource: DataSource, keepDays: number): Promise<Date> {
  const [row] = await dataSource.query<{ until: Date }[]>(
    `SELECT date_trunc('milliseconds', clock_timestamp() - make_interval(days => $1)) AS until`,
    [keepDays],
  );
  if (row === undefined) throw new Error('the database does not say what time it is');
  return row.until;
}

/**
 * Counts the addresses in records of before a time, an hour's records at a time, so that no statement takes long.
 * @param until as `addressesDueUntil` returns it
 */
export async function countAddresses(dataSource: DataSource, until: Date): Promise<number> {
  const [row] = await dataSource.query<{ count: number; forgotten_until: Date }[]>(
    `SELECT forgotten_until, (
       SELECT count(*)::int FROM audit_logs
       WHERE occurred_at < $1 AND recorded_at >= $1 AND ip_address IS NOT NULL
         AND recorded_at < clock_timestamp() - interval '1 day') AS count
     FROM audit_address_horizon`,
    [until],
  );
  if (row === undefined) return 0;
  let { count } = row;
  for (let begins = row.forgotten_until.getTime(); begins < until.getTime(); begins += HOUR_MS) {
    const ends = Math.min(begins + HOUR_MS, until.getTime());
    const [hour] = await dataSource.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM audit_logs
       WHERE recorded_at >= $1 AND recorded_at < $2 AND ip_address IS NOT NULL`,
      [new Date(begins), new Date(ends)],
    );
    count += hour?.count ?? 0;
  }
  return count;
}
