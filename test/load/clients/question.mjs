import { createHash, generateKeyPairSync, sign } from 'node:crypto';

const INSTANCE = { db_uuid: '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002', domain: 'erp.acme.example' };
const ISSUER = 'https://license.example';

/** @param {object} value */
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * A license as a server issues it, bound to an installation, and what a program asks of it. Plain JSON, so that each client
 * is asked the same.
 */
export function aQuestion() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signingInput = `${encoded({ alg: 'EdDSA', typ: 'JWT', kid: 'k1' })}.${encoded({
    jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
    iss: ISSUER,
    iat: 1_770_000_000,
    exp: 4_000_000_000,
    customer: { id: 'C-1', name: 'Acme Corporation' },
    module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
    license_type: 'subscription',
    instance_fingerprint: `sha256:${createHash('sha256').update(`${INSTANCE.db_uuid}:${INSTANCE.domain}`).digest('hex')}`,
    rev: 1,
    status: { status_list: { idx: 5, uri: `${ISSUER}/api/v1/status-lists/0` } },
  })}`;
  const signature = sign(null, Buffer.from(signingInput), privateKey).toString('base64url');
  return {
    token: `${signingInput}.${signature}`,
    signingInput,
    signature,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'k1' },
    issuer: ISSUER,
    module: 'payroll',
    version: '17.0',
    instance: INSTANCE,
  };
}
