import type { Activation } from './activation.entity';

const COLUMNS = [
  'id',
  'license_id',
  'fp',
  'name',
  'mode',
  'over',
  'fence',
  'admitted_at',
  'last_seen_at',
  'lease_ends_at',
  'offline_until',
  'ended_at',
  'ended_by',
  'status_list',
  'status_index',
] as const satisfies readonly (keyof Activation)[];

/** An activation as statements return it. */
export type ActivationRow = Readonly<
  Omit<Pick<Activation, (typeof COLUMNS)[number]>, 'fence'> & {
    /** As the driver reads a `bigint`. */
    fence: string;
  }
>;

/** An activation that holds its seat, and what an answer about it needs. */
export interface HeldRow extends ActivationRow {
  /** The end of a token that is given out for it now, a whole second. */
  readonly token_ends_at: Date;
  /** For how long a lease is given now; where fixed, for how long a token. */
  readonly lasts_seconds: number;
}

/** SQL of the columns of an activation. @param row name or alias of the table */
export function activationColumns(row: string): string {
  return COLUMNS.map((column) => `${row}.${column}`).join(', ');
}

/**
 * SQL of the end of a renewed lease: it never shrinks, and one without an end stays without.
 * @param row alias of the activation
 * @param now SQL of the moment
 * @param leaseSeconds SQL of the length of the lease
 */
export function renewedLeaseSql(row: string, now: string, leaseSeconds: string): string {
  return `CASE WHEN ${row}.lease_ends_at IS NOT NULL THEN greatest(${row}.lease_ends_at,
            CASE ${row}.mode WHEN 'floating' THEN ${now} + ${leaseSeconds} * interval '1 second' END) END`;
}

/**
 * SQL of the end of a token that is given out now, a whole second: that of the lease, and of a fixed one not later than
 * after so many days.
 * @param row alias of the activation
 * @param now SQL of the moment
 * @param lease SQL of the end of the lease
 * @param offlineDays SQL of the days
 */
export function tokenEndSql(row: string, now: string, lease: string, offlineDays: string): string {
  return `date_trunc('second', least(${lease},
            CASE ${row}.mode WHEN 'fixed' THEN ${now} + ${offlineDays} * interval '24 hours' END))`;
}

/** SQL of `HeldRow.lasts_seconds`. */
export function lastsSecondsSql(row: string, leaseSeconds: string, offlineDays: string): string {
  return `CASE ${row}.mode WHEN 'floating' THEN ${leaseSeconds} ELSE ${offlineDays} * 86400 END`;
}
