import { sign, verify, type KeyObject } from 'node:crypto';

/** Signs with Ed25519 (RFC 8032), wherever the private key is kept. */
export interface Signer {
  /** Id of the key, as it is in the header of what it signs. */
  readonly kid: string;
  /**
   * @param input - the bytes to sign, as they are (pure Ed25519, no prehash).
   * @returns 64 bytes that were verified with the key's public half.
   */
  sign(input: Uint8Array): Promise<Uint8Array>;
}

/** Signs with a private key held in memory. */
export class PemSigner implements Signer {
  /**
   * @param kid - id of the key.
   * @param privateKey - Ed25519.
   * @param publicKey - the one that verifiers know under `kid`.
   */
  constructor(
    readonly kid: string,
    private readonly privateKey: KeyObject,
    private readonly publicKey: KeyObject,
  ) {}

  /** @throws {Error} when the signature does not hold under the public key: none is handed out then. */
  sign(input: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const signature = sign(null, input, this.privateKey);
      if (!verify(null, input, this.publicKey, signature)) {
        throw new Error(`A signature made with ${this.kid} does not hold under its public key.`);
      }
      resolve(signature);
    });
  }
}
