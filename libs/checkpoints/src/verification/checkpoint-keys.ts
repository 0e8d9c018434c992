import { jwkThumbprint } from '@aegis/signing';
import type { KeyObject } from 'node:crypto';
import { type CheckpointClaims, isSignedBy, parseCheckpoint } from '../checkpoint';

/** A key that checkpoints are verified with. */
export interface CheckpointKey {
  /** Ed25519. */
  publicKey: KeyObject;
  /**
   * Present once trust in the key was withdrawn. `after`, seconds since 1970: its signatures up to then count; null:
   * none counts.
   */
  compromised?: { after: number | null };
}

/**
 * Gives the key that a kid names, or undefined where it is not among them.
 * @param jws the checkpoint: a key that came without its id is recognised by what it signed
 */
export type CheckpointKeys = (kid: string, jws: string) => Promise<CheckpointKey | undefined>;

/**
 * What a checkpoint's signature alone proves.
 *
 * - `trusted`: a trusted key signed it.
 * - `compromised`: a key signed it that was compromised by the time in the checkpoint.
 * - `unknown`: it names a key that is not one of the trusted keys.
 * - `unrecorded`: neither a trusted key nor a key on record signed it. It is forged, unless a later checkpoint of a
 *   trusted key names it: then the record of its key was changed since.
 * - `forged`: it is not a checkpoint, or the trusted key that it names did not sign it.
 */
export type Judged =
  | {
      state: 'trusted' | 'compromised' | 'unknown' | 'unrecorded';
      claims: CheckpointClaims;
      kid: string;
      thumbprint?: string;
    }
  | { state: 'forged' };

const FORGED: Judged = { state: 'forged' };

/**
 * Judges a checkpoint's signature.
 * @param keys the trusted ones
 * @param recorded every key that ever signed here, where that is known: whether one of them signed what no trusted key
 * did. Without it a key that is not trusted looks like an invented one.
 */
export async function judgeCheckpoint(
  jws: string,
  keys: CheckpointKeys,
  recorded?: CheckpointKeys,
): Promise<Judged> {
  const parsed = parseCheckpoint(jws);
  if (parsed === undefined) return FORGED;
  const { claims, kid } = parsed;
  const trusted = await keys(kid, jws);
  const key = trusted ?? (await recorded?.(kid, jws));
  if (key === undefined) return { state: recorded === undefined ? 'unknown' : 'unrecorded', claims, kid };
  if (!isSignedBy(key.publicKey, parsed))
    return trusted === undefined ? { state: 'unrecorded', claims, kid } : FORGED;
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
