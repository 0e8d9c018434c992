import { sqlState } from '@aegis/database';
import type { QueryRunner } from 'typeorm';

/** SQLSTATE classes of what a row itself can be to blame for: its data, and the constraints of its table. */
const OF_ROWS = ['22', '23', '54'];

/**
 * Changes rows that a role could have written as it liked. Where one of them can't be changed, for whatever it says
 * besides, each is changed alone and those that can't be are left as they are: what was written before must not keep an
 * upgrade from running.
 * @param set SQL: assignments
 * @param where SQL: which rows; must be false for a row that was changed
 */
export async function repairRows(
  runner: QueryRunner,
  table: string,
  set: string,
  where: string,
): Promise<void> {
  // What failed would end the transaction, and no row could be changed alone afterwards.
  if (runner.isTransactionActive) throw new Error('Rows are repaired outside of a transaction.');
  const statement = `UPDATE public.${table} SET ${set} WHERE (${where})`;
  try {
    await runner.query(statement);
  } catch (error) {
    if (!OF_ROWS.includes(sqlState(error)?.slice(0, 2) ?? '')) throw error;
    await runner.query(`
      DO $repair$
      DECLARE
        place tid;
        failed bigint := 0;
      BEGIN
        FOR place IN SELECT ctid FROM public.${table} WHERE (${where}) LOOP
          BEGIN
            ${statement} AND ctid = place;
          EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
            failed := failed + 1;
          END;
        END LOOP;
        IF failed > 0 THEN
          RAISE WARNING '% row(s) of ${table} are left as they are: they break another rule', failed;
        END IF;
      END $repair$`);
  }
}
