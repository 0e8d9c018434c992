import { TrailVerification } from '@aegis/checkpoints';
import type { DataSource } from 'typeorm';
import type { Diagnosis } from './diagnosis';

/** Seconds within which a running sealer has sealed a record. */
const SEALED_WITHIN_S = 60;

/** The audit trail against its checkpoints, by the keys on record; whether it is being sealed, and has room. */
export async function examineTrail(dataSource: DataSource): Promise<Diagnosis[]> {
  const kinds = new Map<string, number>();
  const { waiting } = await new TrailVerification(dataSource).verify(({ kind }) => {
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  });
  const found = [...kinds].map(([kind, count]): Diagnosis => ({
    severity: 'problem',
    message: `the audit trail does not fit its checkpoints: ${count} × ${kind}`,
    remedy: '`aegis audit verify` names each.',
  }));
  return [...found, ...(await examineSealing(dataSource, waiting)), ...(await examinePartitions(dataSource))];
}

async function examineSealing(dataSource: DataSource, waiting: number): Promise<Diagnosis[]> {
  const [row] = await dataSource.query<{ seconds: number | null }[]>(
    `SELECT extract(epoch FROM clock_timestamp() - min(a.recorded_at))::float8 AS seconds
     FROM audit_logs AS a WHERE NOT EXISTS (SELECT FROM audit_seals AS s WHERE s.audit_id = a.id)`,
  );
  const seconds = row?.seconds ?? 0;
  if (waiting === 0 || seconds <= SEALED_WITHIN_S) return [];
  return [
    {
      severity: 'warning',
      message: `${waiting} audit record(s) wait to be sealed, the oldest for ${Math.round(seconds)} s`,
      remedy: 'Start a server that can sign, and end transactions that stay open (pg_stat_activity).',
    },
  ];
}

async function examinePartitions(dataSource: DataSource): Promise<Diagnosis[]> {
  const rows = await dataSource.query<{ month: string }[]>(
    `SELECT to_char(month, 'YYYY_MM') AS month
     FROM generate_series(date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC'),
                          date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 month', '1 month') AS month
     WHERE to_regclass('public.audit_logs_' || to_char(month, 'YYYY_MM')) IS NULL`,
  );
  return rows.map(({ month }): Diagnosis => ({
    severity: 'problem',
    message: `the audit trail has no partition for ${month.replace('_', '-')}: nothing can be recorded then`,
    remedy: 'Start a server: it makes partitions ahead.',
  }));
}
