import { isAcceptedAlg, KEY_ID, type LicenseClaims, lintClaims, parseToken } from '@aegis/license-token';
import { type KeyRing, verifySigningInput } from '@aegis/signing';
import { LineRefused } from './license-import-refusal';
import { tokenHash } from '@aegis/licensing';
import { placeIn, type StatusPlace } from '@aegis/status-lists';

/** A token of ours: its signature holds under a key of this server, and its claims keep the format's rules. */
export interface ProvenToken {
  token: string;
  sha256: Buffer;
  keyId: string;
  /** Without what this version does not know; `jti` in lower case. */
  claims: LicenseClaims;
  revision: number;
  /** The place in a status list of this server that it names; null where it names none. */
  place: StatusPlace | null;
}

const MAX_REVISION = 2_147_483_647;
/** Stands in where an imported token has none, so that the issuer's rules fit. */
const ANY_STATUS = { status_list: { idx: 0, uri: 'https://status.invalid' } };

/**
 * Proves a token to be one of this server or its predecessor. Whether its key is compromised is the database's to say.
 * @param acceptedIssuers LICENSE_ISSUER and ACCEPTED_ISSUERS
 * @param publicUrl base URL under which clients reach this server
 * @throws LineRefused
 */
export async function proveToken(
  token: string,
  keyRing: KeyRing,
  acceptedIssuers: readonly string[],
  publicUrl: string,
): Promise<ProvenToken> {
  const parsed = parseToken(token);
  if ('malformed' in parsed)
    throw new LineRefused('malformed_token', `The token is not a license: ${parsed.malformed}.`);
  const { header, signingInput, signature } = parsed;
  const publicKey = await keyRing.publicKey(header.kid);
  if (!publicKey) throw unknownKey(header.kid);
  if (!isAcceptedAlg(header.alg) || !verifySigningInput(publicKey, signingInput, signature))
    throw new LineRefused(
      'signature_invalid',
      'The signature does not match: the token was changed or forged.',
    );
  if (!acceptedIssuers.includes(parsed.claims.iss))
    throw new LineRefused(
      'issuer_mismatch',
      'The issuer is neither LICENSE_ISSUER nor one of ACCEPTED_ISSUERS.',
    );
  const claims = knownClaims(parsed.claims);
  const revision = claims.rev ?? 1;
  const problems = lintClaims({ ...claims, rev: revision, status: ANY_STATUS });
  if (revision > MAX_REVISION) problems.push('rev is too large');
  if (problems.length > 0) throw new LineRefused('invalid_claims', `${problems.join('; ')}.`);
  const place = placeIn(publicUrl, parsed.claims.status);
  return { token, sha256: tokenHash(token), keyId: header.kid, claims, revision, place };
}

function unknownKey(kid: string): LineRefused {
  const advice = KEY_ID.test(kid)
    ? `adopt its public key (aegis keys adopt ${kid} --file <pem>) and import again`
    : 'its id is not one that a key of this server can have';
  return new LineRefused('unknown_key', `The key that signed is not known here: ${advice}.`);
}

function knownClaims(claims: LicenseClaims): LicenseClaims {
  const {
    jti,
    iss,
    iat,
    exp,
    customer,
    module,
    license_type,
    instance_fingerprint,
    grace_days,
    entitlements,
    seats,
    rev,
  } = claims;
  return {
    jti: jti.toLowerCase(),
    iss,
    iat,
    exp,
    customer: { id: customer.id, name: customer.name },
    module: {
      technical_name: module.technical_name,
      allowed_major_versions: module.allowed_major_versions,
    },
    license_type,
    instance_fingerprint,
    ...(grace_days !== undefined && { grace_days }),
    ...(entitlements !== undefined && { entitlements }),
    ...(seats !== undefined && { seats: { mode: seats.mode, required: seats.required } }),
    rev,
  };
}
