import { judgeForSeat, type KeyTrust, parseToken, type TokenRecord } from '@aegis/license-token';

/** What is on record of a license's newest token. */
export interface NewestToken extends TokenRecord {
  /** Null once the customer was removed. */
  token: string | null;
  key: KeyTrust;
}

/**
 * Whether the newest token of a license is valid for the installation that it is made for: what a validation answers there,
 * once that holds a seat.
 * @param acceptedIssuers values of `iss` that are accepted
 * @param now the database's time
 */
export function isUsable(
  { token, key, ...record }: NewestToken,
  acceptedIssuers: readonly string[],
  now: Date,
): boolean {
  const parsed = parseToken(token ?? '');
  if ('malformed' in parsed) return false;
  const { claims } = parsed;
  const { technical_name, allowed_major_versions } = claims.module;
  const question = {
    module_name: technical_name,
    odoo_version: allowed_major_versions[0] ?? '',
    instance_fingerprint: claims.instance_fingerprint ?? null,
  };
  const evidence = {
    proof: 'signature_holds',
    claims,
    key,
    acceptedIssuers,
    record,
    activation: null,
  } as const;
  return judgeForSeat(question, evidence, now).valid;
}
