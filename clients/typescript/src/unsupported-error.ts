import { primitives } from '@aegis/license-token';

/** The platform can't verify Ed25519 signatures. That says nothing of a license. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
  readonly code = 'UNSUPPORTED';

  constructor(cause?: unknown) {
    super(
      'WebCrypto of this platform has no Ed25519, or the page is not in a secure context: use Node 20.19 or newer, or a newer browser over https.',
      { cause },
    );
  }
}

/**
 * Does what needs Ed25519.
 * @throws UnsupportedError where the platform has no WebCrypto, or WebCrypto has no Ed25519
 */
export async function withEd25519<Result>(work: () => Promise<Result>): Promise<Result> {
  needsEd25519();
  try {
    return await work();
  } catch (error) {
    throw unsupportedOr(error);
  }
}

/** @throws UnsupportedError where the platform has no WebCrypto */
export function needsEd25519(): void {
  if (!primitives.isAvailable()) throw new UnsupportedError();
}

/** @param error of what needs Ed25519 */
export function unsupportedOr(error: unknown): unknown {
  return error instanceof DOMException && error.name === 'NotSupportedError'
    ? new UnsupportedError(error)
    : error;
}
