import { readCheckpoint } from '../../../libs/checkpoints/src/checkpoint';
import { superuserOf } from '../database/sql';
import { until } from '../until';
import { testDatabase } from '../database/database';
import { Trail } from './trail';

/** A trail with sealed records of January 2020 (ids 2 to 4) and February 2020 (12 to 14), as if the server had run then. */
export async function trailWithOldMonths(): Promise<Trail> {
  const database = await testDatabase();
  const sql = await superuserOf({ database });
  // Ids of what is written now: those of long ago are smaller.
  await sql.query(`SELECT setval('audit_logs_id_seq', 1000)`);
  await sql.end();
  const trail = await Trail.open(Promise.resolve(database));
  for (const [month, next, id] of [
    ['2020-01', '2020-02', 1],
    ['2020-02', '2020-03', 11],
  ] as const) {
    await trail.superuser.query(
      `SET ROLE aegis_owner; CREATE TABLE audit_logs_${month.replace('-', '_')} PARTITION OF audit_logs
       FOR VALUES FROM ('${month}-01Z') TO ('${next}-01Z'); RESET ROLE`,
    );
    await trail.superuser.query(
      `INSERT INTO audit_logs (id, event_type, actor, customer_id, ip_address, recorded_at)
       SELECT ${id} + n, 'license.validated', 'system', 'C-' || n, '203.0.113.7', '${month}-15Z'
       FROM generate_series(1, 3) AS n`,
    );
  }
  await trail.sealAll();
  return trail;
}

/** Makes a partition for all records before this month, which tests insert past the services. */
export async function makePastPartition(superuser: { query(sql: string): Promise<unknown> }): Promise<void> {
  await superuser.query(
    `DO $$ BEGIN EXECUTE format('CREATE TABLE audit_logs_past PARTITION OF audit_logs FOR VALUES FROM (''2020-01-01Z'') TO (%L)',
       date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'); END $$`,
  );
}

/** Seals until a checkpoint says up to when the trail is complete: a minute ago. */
export async function untilComplete(trail: Trail): Promise<void> {
  await until('the trail is complete', async () => {
    await trail.append(1, 100);
    await trail.sealAll();
    const last = (await trail.checkpoints()).at(-1);
    return last !== undefined && readCheckpoint(last)?.complete_to !== null;
  });
}
