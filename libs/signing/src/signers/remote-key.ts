import { DomainError } from '@aegis/errors';
import type { KeyObject } from 'node:crypto';

/** A key that a service or device signs with. What it answers is not trusted: see {@link SignerGuard}. */
export interface RemoteKey {
  readonly kid: string;
  /** Ed25519, as fetched when the key was opened. */
  readonly publicKey: KeyObject;
  /** Bytes that the service signs at most; no limit when absent. */
  readonly largestInput?: number;
  /**
   * Asks for a signature, once.
   * @param input signed as it is (pure Ed25519, no prehash)
   * @param signal aborted when nobody waits any longer
   * @returns whatever came back
   */
  sign(input: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/** The signer in use takes no input that long (422); nothing was sent to it. */
export class InputTooLarge extends DomainError {
  readonly code = 'token_too_large';

  constructor(bytes: number, largest: number) {
    super(
      `The token to sign has ${bytes} bytes; the signer in use signs ${largest} at most. Shorten names or lists.`,
    );
  }
}
