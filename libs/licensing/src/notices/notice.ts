import { type AuditEntry, type AuditLog, SYSTEM } from '@aegis/audit';
import { PreparedStatement } from '@aegis/database';
import type { EntityManager } from 'typeorm';
import { endOfGrace } from '../issue/license-term';

/** The notice that a license is in grace, as a number below that of every notice before its end. */
export const IN_GRACE = 0;
/** The notice that a license has expired: the last one of a term. */
export const EXPIRED = -1;

/**
 * Which notice of a term it is: the days before the end of the license, IN_GRACE or EXPIRED. They are given in falling
 * order, so that the last one which was given says which ones may follow.
 */
export type NoticeNumber = number;

/** What a notice says of a license. */
export interface NoticedLicense {
  id: string;
  customer_id: string;
  module_name: string;
  expires_at: Date;
  grace_days: number;
}

const GIVE = new PreparedStatement<{ license_id: string }>(
  'expiry-notices-give',
  `INSERT INTO expiry_notices AS known (license_id, expires_at, given)
   SELECT license_id, expires_at, $3::smallint
   FROM unnest($1::uuid[], $2::timestamptz[]) AS due (license_id, expires_at) ORDER BY license_id
   ON CONFLICT (license_id) DO UPDATE SET expires_at = excluded.expires_at, given = excluded.given
   WHERE known.given IS NULL OR known.expires_at <> excluded.expires_at OR known.given > excluded.given
   RETURNING license_id`,
);

/**
 * Gives a notice of licenses: notes it and appends its record, of those licenses of which neither it nor a later one of
 * the same term was given.
 * @param tx has locked the licenses
 * @returns how many were given
 */
export async function giveNotice(
  tx: EntityManager,
  audit: AuditLog,
  number: NoticeNumber,
  licenses: readonly NoticedLicense[],
): Promise<number> {
  const rows = await GIVE.run(tx, [
    licenses.map(({ id }) => id),
    licenses.map(({ expires_at }) => expires_at),
    number,
  ]);
  const given = new Set(rows.map(({ license_id }) => license_id));
  const entries = licenses.filter(({ id }) => given.has(id)).map((license) => auditEntry(number, license));
  if (entries.length > 0) await audit.append(tx, ...entries);
  return entries.length;
}

function auditEntry(number: NoticeNumber, license: NoticedLicense): AuditEntry {
  const { id, customer_id, module_name, expires_at, grace_days } = license;
  const about = { actor: SYSTEM, licenseId: id, customerId: customer_id, moduleName: module_name };
  const term = {
    expires_at,
    ...(grace_days > 0 && { grace_until: new Date(endOfGrace(expires_at, grace_days)) }),
  };
  if (number > IN_GRACE) return { type: 'license.expiring', ...about, data: { ...term, days: number } };
  if (number === IN_GRACE) return { type: 'license.in_grace', ...about, data: term };
  return { type: 'license.expired', ...about, data: term };
}
