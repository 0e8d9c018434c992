import { ConfigurationError } from '@aegis/errors';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { SignerUnavailable } from '../signing.errors';

const PUBLIC_KEY_BYTES = 32;
/** Statuses that say nothing of the request: time-out, not yet replicated, too many requests. */
const PASSING = [408, 412, 429];

/** A service answered, but not what was asked for. */
export class RemoteFailure extends Error {
  override readonly name = 'RemoteFailure';

  /**
   * @param message names the service and what was asked, no secret
   * @param status of the answer; undefined when a good status came with a senseless body
   */
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }

  /** Whether asking again, as set up now, would be refused again. */
  get isLasting(): boolean {
    const { status } = this;
    return status !== undefined && status >= 400 && status < 500 && !PASSING.includes(status);
  }
}

/**
 * What became of opening a key: a refusal is the operator's to resolve, everything else may be temporary.
 * @param advice what to check when the service refuses
 */
export function keyOpeningError(error: unknown, advice: string): ConfigurationError | SignerUnavailable {
  if (error instanceof ConfigurationError || error instanceof SignerUnavailable) return error;
  if (error instanceof RemoteFailure && error.isLasting)
    return new ConfigurationError(`${error.message} ${advice}`, { cause: error });
  return new SignerUnavailable(undefined, undefined, { cause: error });
}

/**
 * Makes a key of the 32 bytes that RFC 8032 gives a public key.
 * @throws RemoteFailure when they are not 32
 */
export function ed25519PublicKey(bytes: Uint8Array): KeyObject {
  if (bytes.length !== PUBLIC_KEY_BYTES)
    throw new RemoteFailure(`A public key of ${bytes.length} bytes came back; Ed25519 has 32.`);
  const x = Buffer.from(bytes).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
