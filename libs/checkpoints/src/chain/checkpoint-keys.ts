import { jwkThumbprint } from '@aegis/signing';
import type { KeyObject } from 'node:crypto';
import { type CheckpointClaims, checkpointKid, openCheckpoint, readCheckpoint } from '../checkpoint';

/** A key that checkpoints are verified with. */
export interface CheckpointKey {
  /** Ed25519. */
  publicKey: KeyObject;
  /** Present once trust in it was withdrawn. `after`, seconds since 1970: what it signed up to then counts; null: nothing does. */
  compromised?: { after: number | null };
}

/** Gives the key that a kid names, or undefined where it is not among them. */
export type CheckpointKeys = (kid: string) => Promise<CheckpointKey | undefined>;

/**
 * What a checkpoint's signature is worth by itself.
 *
 * - `trusted`: a trusted key signed it.
 * - `compromised`: a key signed it that was compromised by the time that the checkpoint says.
 * - `unknown`: it names a key that is not among the trusted ones.
 * - `forged`: it is not a checkpoint, or the key that it names did not sign it.
 */
export type Judged =
  | {
      state: 'trusted' | 'compromised' | 'unknown';
      claims: CheckpointClaims;
      kid: string;
      thumbprint?: string;
    }
  | { state: 'forged' };

const FORGED: Judged = { state: 'forged' };

/**
 * Judges a checkpoint's signature.
 * @param keys the trusted ones
 * @param recorded every key that ever signed here, where that is known: what names none of them is forged, and so is
 * what such a key did not sign. Without it a key that is not trusted can't be told from an invented one.
 */
export async function judgeCheckpoint(
  jws: string,
  keys: CheckpointKeys,
  recorded?: CheckpointKeys,
): Promise<Judged> {
  const claims = readCheckpoint(jws);
  const kid = checkpointKid(jws);
  if (claims === undefined || kid === undefined) return FORGED;
  const trusted = await keys(kid);
  const key = trusted ?? (await recorded?.(kid));
  if (key === undefined) return recorded === undefined ? { state: 'unknown', claims, kid } : FORGED;
  if ((await openCheckpoint(jws, () => Promise.resolve(key.publicKey))) === undefined) return FORGED;
  const signed = { claims, kid, thumbprint: thumbprintOf(key.publicKey) };
  if (trusted === undefined) return { state: 'unknown', ...signed };
  const { compromised } = trusted;
  const counts = compromised === undefined || (compromised.after !== null && claims.iat <= compromised.after);
  return { state: counts ? 'trusted' : 'compromised', ...signed };
}

/** SHA-256 thumbprint (RFC 7638) of an Ed25519 public key, base64url: for people to compare. */
export function thumbprintOf(publicKey: KeyObject): string {
  return jwkThumbprint(publicKey.export({ format: 'jwk' }).x ?? '');
}
