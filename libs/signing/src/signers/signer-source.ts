import type { KeyObject } from 'node:crypto';
import type { Signer } from './signer';

/** A key that can sign, and the public half that verifiers know it by. */
export interface OpenedKey {
  signer: Signer;
  /** Ed25519. */
  publicKey: KeyObject;
  /** What an operator should know of how the private key is kept; to be logged. */
  warning: string | null;
}

/** Where private keys are: KEYS_DIR, or a service or device that signs. */
export interface SignerSource {
  /** Whether a service or device is unavailable, as far as is known; absent where nothing can be. */
  readonly isAway?: boolean;

  /**
   * Says with which keys this process can sign, opened or not: files in that folder, key versions of a service.
   * Cheap enough for every few seconds.
   * @returns kids, sorted
   * @throws ConfigurationError, SignerUnavailable
   */
  kids(): Promise<readonly string[]>;

  /**
   * Opens a key: fetches its public half and pins it to the kid.
   * @throws ConfigurationError (no such key, wrong passphrase, not Ed25519, …), SignerUnavailable (unreachable)
   */
  open(kid: string): Promise<OpenedKey>;

  /**
   * Makes a new key; absent where keys are made by other means.
   * @throws ConfigurationError when there is one under this id, or it can't be made
   */
  make?(kid: string): Promise<void>;

  /** Lets go of connections and sessions; nothing is signed afterwards. */
  close?(): Promise<void>;
}

/** Under which the one source of a process is injected. */
export const SIGNER_SOURCE = Symbol('SignerSource');
