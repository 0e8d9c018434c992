import { primitives } from './primitives';
import { hexOf } from './text/hex';

/**
 * Names one installation, as deployed clients compute it: `sha256:` and the hex SHA-256 of both texts in UTF-8
 * with a colon between, byte for byte as given (nothing is trimmed or lower-cased).
 * @param dbUuid the installation's database UUID
 * @param domain the domain it is served under
 * @returns `sha256:<64 hex>`
 */
export async function instanceFingerprint(dbUuid: string, domain: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${dbUuid}:${domain}`);
  return `sha256:${hexOf(await primitives.sha256(bytes))}`;
}
