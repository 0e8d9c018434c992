import type { EntityManager } from 'typeorm';
import type { ReplayedRecord } from './record-data';

/** As they are numbered in `expiry_notices`: days before the end, 0 in grace, -1 expired. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['license.in_grace', 0],
  ['license.expired', -1],
]);

/**
 * Notes that a notice of the end of a license was given before the restore, so that it is not given again.
 * @returns whether there is such a license
 */
export async function repeatNotice(
  tx: EntityManager,
  { type, licenseId, data }: ReplayedRecord,
): Promise<boolean> {
  const number = NUMBERS.get(type) ?? data.number('days');
  const rows = await tx.query<unknown[]>(
    `INSERT INTO expiry_notices (license_id, expires_at, given)
     SELECT id, $2::timestamptz, $3::smallint FROM licenses WHERE id = $1
     ON CONFLICT (license_id) DO UPDATE SET expires_at = excluded.expires_at, given = excluded.given
     RETURNING license_id`,
    [licenseId, data.text('expires_at'), number],
  );
  return rows.length > 0;
}

/**
 * A license that was renewed or reinstated before the restore: what was ahead then is noticed, not only what is ahead now.
 */
export async function keepSilent(tx: EntityManager, { licenseId, at }: ReplayedRecord): Promise<void> {
  await tx.query('UPDATE expiry_notices SET silent_until = $2 WHERE license_id = $1', [licenseId, at]);
}
