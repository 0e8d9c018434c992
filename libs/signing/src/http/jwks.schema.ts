/** OpenAPI schema of a JWK Set of Ed25519 keys (RFC 7517, RFC 8037). */
export const JWKS_SCHEMA = {
  type: 'object',
  required: ['keys'],
  properties: {
    keys: {
      type: 'array',
      items: {
        type: 'object',
        required: ['kty', 'crv', 'x', 'kid', 'use', 'alg', 'jkt'],
        properties: {
          kty: { type: 'string', enum: ['OKP'] },
          crv: { type: 'string', enum: ['Ed25519'] },
          x: { type: 'string', description: 'The public key, base64url' },
          kid: { type: 'string', description: 'Named by the header of each token' },
          use: { type: 'string', enum: ['sig'] },
          alg: { type: 'string', enum: ['EdDSA'] },
          jkt: { type: 'string', description: 'SHA-256 thumbprint of the key (RFC 7638)' },
        },
      },
    },
  },
};
