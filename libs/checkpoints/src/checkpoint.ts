import { signCompact, type Signer, verifySignature } from '@aegis/signing';
import { createHash, type KeyObject } from 'node:crypto';

/** The `typ` of a signed checkpoint: nothing else that this server signs has it. */
const CHECKPOINT_TYPE = 'aegis-checkpoint+jwt';

/** What a checkpoint says, in this order. */
export interface CheckpointClaims {
  /** From 1, without a gap. */
  number: number;
  /** Grows by one when the trail was restored into another cluster. */
  epoch: number;
  /** Records that it seals. */
  size: number;
  /** Root of the Merkle tree over them, base64url. */
  root: string;
  /** SHA-256 of the checkpoint before, as compact JWS, base64url; null in the first. */
  previous: string | null;
  /** When it was made, seconds since 1970, by the database's clock. */
  iat: number;
}

export function signCheckpoint(signer: Signer, claims: CheckpointClaims): Promise<string> {
  return signCompact(signer, { typ: CHECKPOINT_TYPE }, claims);
}

/** How the next checkpoint names this one. */
export function checkpointHash(jws: string): string {
  return createHash('sha256').update(jws).digest('base64url');
}

/**
 * Reads a signed checkpoint and checks its signature.
 * @param publicKey gives the key that a kid names, or undefined
 * @returns undefined when it is none: malformed, of another type, by an unknown key, or its signature does not hold
 */
export async function openCheckpoint(
  jws: string,
  publicKey: (kid: string) => Promise<KeyObject | undefined>,
): Promise<CheckpointClaims | undefined> {
  const parts = jws.split('.');
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined)
    return undefined;
  const head = jsonObject(header);
  if (head?.typ !== CHECKPOINT_TYPE || head.alg !== 'EdDSA' || typeof head.kid !== 'string' || 'crit' in head)
    return undefined;
  const key = await publicKey(head.kid);
  if (key === undefined) return undefined;
  if (!verifySignature(key, `${header}.${payload}`, Buffer.from(signature, 'base64url'))) return undefined;
  const claims = jsonObject(payload);
  return claims !== undefined && isCheckpoint(claims) ? claims : undefined;
}

function jsonObject(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isCheckpoint(claims: object): claims is CheckpointClaims {
  const { number, epoch, size, root, previous, iat } = claims as Partial<Record<string, unknown>>;
  return (
    [number, epoch, size, iat].every(Number.isSafeInteger) &&
    typeof root === 'string' &&
    (previous === null || typeof previous === 'string')
  );
}
