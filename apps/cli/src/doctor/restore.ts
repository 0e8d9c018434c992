import type { DataSource } from 'typeorm';
import { printable } from '../terminal/printable';
import type { Diagnosis } from './diagnosis';

/** Whether the database was restored, by what `aegis restore begin` or a server noted, and is not reconciled. */
export async function examineRestore(dataSource: DataSource): Promise<Diagnosis[]> {
  const open = await dataSource.query<{ begun_at: Date; begun_by: string; reason: string }[]>(
    'SELECT begun_at, begun_by, reason FROM restores WHERE reconciled_at IS NULL',
  );
  return open.map(({ begun_at, begun_by, reason }) => ({
    severity: 'problem',
    message: `the database was restored and is not reconciled: nothing is validated, issued or changed (noted on ${begun_at.toISOString()} by ${printable(begun_by)}: ${printable(reason)})`,
    remedy:
      '`aegis restore reconcile --shipped <what the sink has>`; if nobody restored anything, the end of the trail was cut off: treat it as an attack.',
  }));
}
