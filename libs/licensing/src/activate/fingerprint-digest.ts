import { hash } from 'node:crypto';

/**
 * What is kept of an installation's fingerprint: `activationFingerprint()` of `license-token`, as bytes.
 * @param licenseId a UUID
 * @param fingerprint byte for byte as it was sent
 */
export function fingerprintDigest(licenseId: string, fingerprint: string): Buffer {
  return hash('sha256', `${licenseId.toLowerCase()}:${fingerprint}`, 'buffer');
}
