import { primitives } from '../primitives';
import { hexOf } from '../text/hex';

/**
 * An installation's own identity, by which it holds a seat: 1 to 255 characters (code points) that can be printed. No
 * class of characters that grows with Unicode is part of the rule, so that it is the same everywhere.
 */
export const ACTIVATION_FINGERPRINT = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,255}$/u;

/** `activationFingerprint()` of an installation, as claims and requests have it. */
export const FINGERPRINT_DIGEST = /^[0-9a-f]{64}$/;

/**
 * What the server keeps of an installation's identity, and tokens say of it: the SHA-256 of license id and fingerprint
 * in UTF-8 with a colon between. So two licenses of one installation can't be related by it.
 * @param licenseId a UUID, which is hashed in lower case
 * @param fingerprint byte for byte as the installation has it: nothing is trimmed, lower-cased or normalized
 * @returns 64 hex digits in lower case
 */
export async function activationFingerprint(licenseId: string, fingerprint: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${licenseId.toLowerCase()}:${fingerprint}`);
  return hexOf(await primitives.sha256(bytes));
}
