/** As stored: that a license has expired follows from the clock and is never written down. */
export type StoredStatus = 'active' | 'suspended' | 'revoked';
/** As callers see it; revoked outranks suspended outranks expired. */
export type LicenseStatus = StoredStatus | 'expired';

// The one place that says in SQL what `judge()` says in code: which status a row of `licenses` has. `row` is the name or
// alias of the table in the statement, `now` an SQL expression of a moment.

const NOW = 'clock_timestamp()';

/** SQL of the end that the newest token says, `infinity` for a perpetual license. Indexed. A license in grace is past it. */
export function endSql(row: string): string {
  return `coalesce(${row}.expires_at, 'infinity')`;
}

/**
 * SQL of the first moment at which a license with days of grace has expired. Days have 86,400 seconds each, and the
 * expression means the same in every time zone, so that it can be indexed. Only where `grace_days` is above 0.
 */
export function graceEndSql(row: string): string {
  return `((${row}.expires_at AT TIME ZONE 'UTC' + ${row}.grace_days * interval '24 hours') AT TIME ZONE 'UTC')`;
}

/** SQL condition: the license has days of grace, and they are not over; it may not have begun them yet. */
function graceLastsSql(row: string, now: string): string {
  return `(${row}.grace_days > 0 AND ${graceEndSql(row)} > ${now})`;
}

/** SQL condition: the license is past its end and its grace, whatever its stored status. Never null. */
export function hasEndedSql(row: string, now = NOW): string {
  return `(${endSql(row)} <= ${now} AND NOT ${graceLastsSql(row, now)})`;
}

/**
 * SQL condition that follows from the status `active`, and lets an index leave out licenses that ended long ago: no
 * license ended earlier than the longest grace that there is.
 */
export function mayStillLastSql(row: string, now = NOW): string {
  return `${endSql(row)} > ${now} - interval '24 hours' * (SELECT coalesce(max(grace_days), 0) FROM licenses WHERE grace_days > 0)`;
}

/** SQL condition: an active license, in grace or not, whose end is in some time. Both bounds are included. */
export function endsWithinSql(row: string, from: string, to: string): string {
  return `${row}.status = 'active' AND ${endSql(row)} BETWEEN ${from} AND ${to}`;
}

/** SQL condition: an active license with days of grace, the last of which ends in some time. Both bounds are included. */
export function graceEndsWithinSql(row: string, from: string, to: string): string {
  return `${row}.status = 'active' AND ${row}.grace_days > 0 AND ${graceEndSql(row)} BETWEEN ${from} AND ${to}`;
}

/** SQL condition: the license is not revoked, so it can still change or become valid. */
export function notRevokedSql(row: string): string {
  return `${row}.status <> 'revoked'`;
}

/** SQL condition: the license is neither suspended nor revoked. It may have ended. */
export function storedActiveSql(row: string): string {
  return `${row}.status = 'active'`;
}

/** SQL condition: the license has this status. Each license has exactly one. */
export function hasStatusSql(status: LicenseStatus, row: string, now = NOW): string {
  switch (status) {
    case 'active':
      return `${row}.status = 'active' AND (${endSql(row)} > ${now} OR ${graceLastsSql(row, now)})`;
    case 'expired':
      return `${row}.status = 'active' AND ${hasEndedSql(row, now)}`;
    case 'suspended':
      return `${row}.status = 'suspended'`;
    case 'revoked':
      return `${row}.status = 'revoked'`;
  }
}

/** SQL expression: the status of a license, a `LicenseStatus`. */
export function statusSql(row: string, now = NOW): string {
  return `CASE WHEN ${hasStatusSql('expired', row, now)} THEN 'expired' ELSE ${row}.status END`;
}

/**
 * SQL condition: the newest token of the license was recorded after the time up to which its compromised key is trusted,
 * so that it answers `KEY_COMPROMISED`. False for a key that is trusted, and for one that is compromised without a time.
 */
export function isRecordedAfterCompromiseSql(row: string): string {
  return `EXISTS (SELECT FROM license_tokens AS newest JOIN signing_keys AS signer ON signer.kid = newest.key_id
                  WHERE newest.license_id = ${row}.id AND newest.revision = ${row}.revision
                    AND signer.state = 'compromised' AND newest.recorded_at > signer.compromised_after)`;
}
