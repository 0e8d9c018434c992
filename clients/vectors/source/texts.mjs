// Signed texts of vectors: what is written here is only how they are put together. What they say is in the files of each
// subject, and so is what to answer.
import { FIRST, ROOT } from './keys.mjs';

/** @param {string | Buffer} text */
export const base64url = (text) => Buffer.from(text).toString('base64url');

/**
 * A JWS in compact serialization.
 * @param {object | string | Buffer} header JSON, or the bytes of it
 * @param {object | string | Buffer} payload JSON, or the bytes of it
 * @param {import('./keys.mjs').TestKey} key
 * @param {(signature: Buffer) => Buffer} [changed] what is done to the signature
 */
export function jws(header, payload, key, changed = (signature) => signature) {
  const input = `${base64url(bytes(header))}.${base64url(bytes(payload))}`;
  return `${input}.${base64url(changed(key.sign(input)))}`;
}

function bytes(part) {
  return typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part);
}

/** The license of most vectors. `2026-09-21T14:13:20Z` to `2027-12-28T13:20:00Z`. */
export const LICENSE = {
  jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  iss: 'https://license.example',
  iat: 1790000000,
  exp: 1830000000,
  customer: { id: 'acme', name: 'Acme Corporation' },
  module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
  license_type: 'subscription',
  rev: 1,
  status: { status_list: { idx: 5, uri: 'https://license.example/api/v1/status-lists/0' } },
};

/**
 * A license token.
 * @param {object} [claims] in place of those of `LICENSE`; undefined takes one away
 * @param {object} [header] in place of `{alg: "EdDSA", typ: "JWT", kid}`
 * @param {import('./keys.mjs').TestKey} [key]
 */
export function license(claims = {}, header = {}, key = FIRST) {
  return jws({ alg: 'EdDSA', typ: 'JWT', kid: key.kid, ...header }, { ...LICENSE, ...claims }, key);
}

/**
 * A license token whose payload is changed as text, for what `JSON.stringify` does not write.
 * @param {string} from occurs once in it
 * @param {string} to
 * @param {object} [claims]
 */
export function rewritten(from, to, claims = {}) {
  const payload = JSON.stringify({ ...LICENSE, ...claims });
  if (payload.split(from).length !== 2) throw new Error(`the payload does not have ${from} once`);
  return jws(
    { alg: 'EdDSA', typ: 'JWT', kid: FIRST.kid },
    payload.replace(from, () => to),
    FIRST,
  );
}

const HEADER = { alg: 'EdDSA', typ: 'JWT', kid: FIRST.kid };

/** A license token of this payload as it is written. */
export const saying = (payload) => jws(HEADER, payload, FIRST);

/** A license token of this header as it is written. */
export const headed = (header) => jws(header, LICENSE, FIRST);

/** A license token whose claims have one more member, as it is written. */
export const having = (member) => saying(`{${member},${JSON.stringify(LICENSE).slice(1)}`);

/**
 * A signed key set.
 * @param {object} content
 * @param {object} [header]
 * @param {import('./keys.mjs').TestKey} [root]
 */
export function keySet(content, header = {}, root = ROOT) {
  return jws({ alg: 'EdDSA', typ: 'jwk-set+jwt', kid: root.kid, ...header }, content, root);
}
