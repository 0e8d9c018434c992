import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { CryptoKey, Primitives } from '../../../../libs/license-token/src/primitives';

/**
 * What `libs/license-token` computes by, in the build for Node. `node:crypto` verifies where it is called; WebCrypto hands
 * each signature to another thread, which takes half as long again.
 */
export const primitives: Primitives = {
  isAvailable: () => true,
  importPublicKey: (x) => {
    try {
      return keyOf(createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } }));
    } catch (error) {
      // Its form is right, and Node does not look for its point: this Node has no Ed25519.
      throw new DOMException(String(error), 'NotSupportedError');
    }
  },
  verifyEd25519: (signed, signature, publicKey) => verify(null, signed, objectOf(publicKey), signature),
  verifyAscii: (signed, signature, publicKey) =>
    verify(null, Buffer.from(signed, 'latin1'), objectOf(publicKey), signature),
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
};

/** A key only goes from `importPublicKey` to `verifyEd25519`: nothing else looks into it. */
function keyOf(key: KeyObject): CryptoKey {
  return key as unknown as CryptoKey;
}

function objectOf(key: CryptoKey): KeyObject {
  return key as unknown as KeyObject;
}
