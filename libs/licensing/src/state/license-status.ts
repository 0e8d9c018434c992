/** As stored: that a license has expired follows from the clock and is never written down. */
export type StoredStatus = 'active' | 'suspended' | 'revoked';
/** As callers see it; revoked outranks suspended outranks expired. */
export type LicenseStatus = StoredStatus | 'expired';

// The one place that says in SQL what `judge()` says in code: which status a row of `licenses` has. `row` is the name or
// alias of the table in the statement, `now` an SQL expression of a moment.

const NOW = 'clock_timestamp()';

/** SQL of the first moment at which a license has expired: `infinity` for a perpetual one. Indexed. */
export function endSql(row: string): string {
  return `coalesce(${row}.expires_at, 'infinity')`;
}

/** SQL condition: the license is past its end, whatever its stored status. Never null. */
export function hasEndedSql(row: string, now = NOW): string {
  return `${endSql(row)} <= ${now}`;
}

/** SQL condition: the license is not revoked, so it can still change or become valid. */
export function notRevokedSql(row: string): string {
  return `${row}.status <> 'revoked'`;
}

/** SQL condition: the license has this status. Each license has exactly one. */
export function hasStatusSql(status: LicenseStatus, row: string, now = NOW): string {
  switch (status) {
    case 'active':
      return `${row}.status = 'active' AND ${endSql(row)} > ${now}`;
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
