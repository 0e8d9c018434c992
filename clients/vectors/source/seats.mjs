// Activation tokens of vectors.
import { createHash } from 'node:crypto';
import { FIRST } from './keys.mjs';
import { jws } from './texts.mjs';

/** Of a license that asks for a seat. */
export const FLOATING = { seats: { mode: 'floating', required: true } };
export const FIXED = { seats: { mode: 'fixed', required: true } };

/** What an activation token says of an installation. */
export const fingerprintDigest = (fingerprint, licenseId = '0bfb0cef-a864-400f-83d4-e8c6bd41dda5') =>
  createHash('sha256').update(`${licenseId}:${fingerprint}`).digest('hex');

/** The place of activations in their own list. */
export const PLACE = {
  status_list: { idx: 9, uri: 'https://license.example/api/v1/status-lists/500000000' },
};

/** The activation of most vectors: of `machine-1`, from ten minutes before `NOW` to ten minutes after it. */
export const ACTIVATION = {
  iss: 'https://license.example',
  jti: '7d3f5c52-1f0e-4b5e-9d0c-2a1b3c4d5e6f',
  sub: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  fp: fingerprintDigest('machine-1'),
  fence: 1799999400000,
  iat: 1799999400,
  exp: 1800000600,
};

/**
 * An activation token.
 * @param {object} [claims] in place of those of `ACTIVATION`; undefined takes one away
 * @param {object} [header]
 * @param {import('./keys.mjs').TestKey} [key]
 */
export function activationToken(claims = {}, header = {}, key = FIRST) {
  return jws(
    { alg: 'EdDSA', typ: 'aegis-activation+jwt', kid: key.kid, ...header },
    { ...ACTIVATION, ...claims },
    key,
  );
}

/** The answer's `activation` for `ACTIVATION`. */
export const HELD = {
  id: '7d3f5c52-1f0e-4b5e-9d0c-2a1b3c4d5e6f',
  lease_ends_at: '2027-01-15T08:10:00.000Z',
  over: false,
};
