import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { Ed25519Jwk } from '@aegis/license-token';
import { compactVerify } from 'jose';
import { readVectors } from '../../../../test/support/vectors/read-vectors';
import { jwkThumbprint, publicJwk } from './jwks';
import { signCompact, verifySigningInput } from './jws';
import { PemSigner } from '../signers/signer';

// RFC 8037, appendix A.
const X = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const SIGNING_INPUT = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc';
const SIGNATURE = Buffer.from(
  'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  'base64url',
);
const rfcKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: X }, format: 'jwk' });

describe('signatures', () => {
  it('verify as in RFC 8037, A.5', () => {
    expect(verifySigningInput(rfcKey, SIGNING_INPUT, SIGNATURE)).toBe(true);
  });

  it('do not verify when one bit of them or of the signed text differs', () => {
    for (let bit = 0; bit < 512; bit++) {
      const flipped = Buffer.from(SIGNATURE);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifySigningInput(rfcKey, SIGNING_INPUT, flipped)).toBe(false);
    }
    expect(verifySigningInput(rfcKey, `${SIGNING_INPUT}A`, SIGNATURE)).toBe(false);
    expect(verifySigningInput(rfcKey, SIGNING_INPUT.replace('.', '..'), SIGNATURE)).toBe(false);
  });

  it('do not verify with another key, nor when they are cut, extended or empty', () => {
    const other = generateKeyPairSync('ed25519').publicKey;
    expect(verifySigningInput(other, SIGNING_INPUT, SIGNATURE)).toBe(false);
    for (const signature of [
      Buffer.alloc(0),
      SIGNATURE.subarray(0, 63),
      Buffer.concat([SIGNATURE, Buffer.alloc(1)]),
    ]) {
      expect(verifySigningInput(rfcKey, SIGNING_INPUT, signature)).toBe(false);
    }
  });

  it('do not verify with the group order added (RFC 8032, 5.1.7)', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(SIGNATURE.subarray(32)).reverse().toString('hex')}`) + order;
    const twin = Buffer.concat([
      SIGNATURE.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
    ]);
    expect(twin).toHaveLength(64);
    expect(verifySigningInput(rfcKey, SIGNING_INPUT, twin)).toBe(false);
  });

  it('do not verify with an R of small order, for which the equation holds', () => {
    const { token, keys } = readVectors().find(({ id }) => id === 'signature-small-order-r-1')!;
    const key = createPublicKey({ key: { ...(keys as Ed25519Jwk[])[0]! }, format: 'jwk' });
    const signed = token.slice(0, token.lastIndexOf('.'));
    const signature = Buffer.from(token.slice(signed.length + 1), 'base64url');
    expect(verify(null, Buffer.from(signed), key, signature)).toBe(true);
    expect(verifySigningInput(key, signed, signature)).toBe(false);
  });
});

describe('signing', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = new PemSigner('aegis-2026-11', privateKey, publicKey);

  it('writes a compact JWS with exactly alg, typ and kid, which jose verifies', async () => {
    const token = await signCompact(signer, { typ: 'JWT' }, { jti: 'é', exp: undefined });
    const [header, payload] = token.split('.');
    expect(Buffer.from(header!, 'base64url').toString()).toBe(
      '{"alg":"EdDSA","typ":"JWT","kid":"aegis-2026-11"}',
    );
    expect(Buffer.from(payload!, 'base64url').toString()).toBe('{"jti":"é"}');
    expect(token).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/);
    await expect(compactVerify(token, publicKey, { algorithms: ['EdDSA'] })).resolves.toMatchObject({
      protectedHeader: { kid: 'aegis-2026-11' },
    });
  });

  it('writes another typ when asked', async () => {
    const token = await signCompact(signer, { typ: 'statuslist+jwt' }, {});
    expect(Buffer.from(token.split('.')[0]!, 'base64url').toString()).toBe(
      '{"alg":"EdDSA","typ":"statuslist+jwt","kid":"aegis-2026-11"}',
    );
  });

  it('gives pure Ed25519 over the bytes themselves', async () => {
    const signature = await signer.sign(Buffer.from('abc'));
    expect(verify(null, Buffer.from('abc'), publicKey, signature)).toBe(true);
  });

  it('returns no signature that does not verify with the known public key', async () => {
    const mismatched = new PemSigner('k1', privateKey, generateKeyPairSync('ed25519').publicKey);
    await expect(mismatched.sign(Buffer.from('abc'))).rejects.toThrow(/made with k1 does not hold/);
    await expect(signCompact(mismatched, { typ: 'JWT' }, {})).rejects.toThrow(/does not hold/);
  });
});

describe('JSON Web Keys', () => {
  it('describe a public key with exactly kty, crv, x, kid, use and alg', () => {
    expect(publicJwk('k1', rfcKey)).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      x: X,
      kid: 'k1',
      use: 'sig',
      alg: 'EdDSA',
    });
  });

  it('are never made from a private key or from another kind of key', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(() => publicJwk('k1', privateKey)).toThrow(TypeError);
    expect(() => publicJwk('k1', generateKeyPairSync('x25519').publicKey)).toThrow(TypeError);
    expect(() => publicJwk('k1', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)).toThrow(
      TypeError,
    );
  });

  it('have the thumbprint of RFC 8037, A.3', () => {
    expect(jwkThumbprint(publicJwk('rfc', rfcKey).x)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });
});
