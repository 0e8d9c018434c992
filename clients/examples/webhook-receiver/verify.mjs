// Checks that a request was sent by AEGIS: Standard Webhooks (https://www.standardwebhooks.com), with node:crypto alone.
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';

/** A request that was signed longer ago, or for a later time, is refused: it can be a copy. */
const TOLERANCE_SECONDS = 300;
/** The server sends two, and four after a rotation. More cost the receiver time, also those that are not valid. */
const MOST_SIGNATURES = 16;
/** Bytes of the shortest secret (Standard Webhooks): with an empty one, anybody can sign. */
const SHORTEST_SECRET = 24;
/** What comes before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410). */
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * What requests are checked with: secrets (`whsec_…`), or public keys (`whpk_…`). Give both the new and the previous one
 * while a rotation is under way.
 * @typedef {{secrets?: readonly string[], publicKeys?: readonly string[]}} WebhookKeys
 */

/**
 * Checks the signature of a request.
 * @param {object} request
 * @param {Record<string, string | string[] | undefined>} request.headers names in lower case
 * @param {Buffer} request.body as it arrived: JSON that was parsed and written again has another signature
 * @param {WebhookKeys} keys
 * @param {number} now seconds since 1970
 * @returns {string | undefined} what is wrong; undefined for a request that AEGIS has sent
 */
export function webhookProblem({ headers, body }, { secrets = [], publicKeys = [] }, now) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    return 'the headers webhook-id, webhook-timestamp and webhook-signature are required';
  // What is signed has dots between its parts: in an id, they would let one request be taken for another.
  if (!/^\w+$/.test(id)) return 'webhook-id is not an id';
  if (!/^\d{1,12}$/.test(timestamp)) return 'webhook-timestamp is not a number of seconds';
  if (Math.abs(now - Number(timestamp)) > TOLERANCE_SECONDS) return 'webhook-timestamp is not of now';
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const expected = secrets.map((secret) => hmac(signed, secret));
  for (const signature of signatures.split(' ', MOST_SIGNATURES)) {
    const [version, text = ''] = signature.split(',');
    const bytes = Buffer.from(text, 'base64');
    if (version === 'v1' && expected.some((mac) => isSame(bytes, mac))) return undefined;
    if (version === 'v1a' && publicKeys.some((key) => isSignature(bytes, signed, key))) return undefined;
  }
  return 'no signature is valid';
}

/** @param {Buffer} signed  @param {string} secret */
function hmac(signed, secret) {
  const key = Buffer.from(withoutPrefix(secret, 'whsec_'), 'base64');
  if (key.length < SHORTEST_SECRET) throw new Error(`a secret must have at least ${SHORTEST_SECRET} bytes`);
  return createHmac('sha256', key).update(signed).digest();
}

/** @param {Buffer} bytes  @param {Buffer} expected */
function isSame(bytes, expected) {
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

/** @param {Buffer} bytes  @param {Buffer} signed  @param {string} publicKey */
function isSignature(bytes, signed, publicKey) {
  const raw = Buffer.from(withoutPrefix(publicKey, 'whpk_'), 'base64');
  const key = createPublicKey({ key: Buffer.concat([ED25519_PREFIX, raw]), format: 'der', type: 'spki' });
  return verify(null, signed, key, bytes);
}

/** @param {string} text  @param {string} prefix */
function withoutPrefix(text, prefix) {
  if (!text.startsWith(prefix)) throw new Error(`a key must begin with ${prefix}`);
  return text.slice(prefix.length);
}
