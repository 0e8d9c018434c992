import { signCompact, type Signer, verifySignature } from '@aegis/signing';
import { createHash, type KeyObject } from 'node:crypto';

/** The `typ` of a signed checkpoint: nothing else that this server signs has it. */
const CHECKPOINT_TYPE = 'aegis-checkpoint+jwt';
/** EdDSA's own name and RFC 9864's. */
const ALGORITHMS: readonly unknown[] = ['EdDSA', 'Ed25519'];
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/**
 * The SQL expression for the text of a checkpoint, empty where no checkpoint is so long: a process that reads hundreds
 * of megabytes ends.
 * @param column with the table's name, where the query has several
 */
export function jwsFrom(column: string): string {
  return `CASE WHEN octet_length(${column}) <= 4096 THEN ${column} WHEN ${column} IS NOT NULL THEN '' END`;
}

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
  /** Seconds since 1970: no later checkpoint seals a record of an earlier time. Null until that is known. */
  complete_to: number | null;
  /** When its records were read, seconds since 1970, by the database's clock. */
  iat: number;
}

/**
 * Up to when a checkpoint proves the trail complete: one that says so of a time after its own proves nothing by that.
 * @returns seconds since 1970, or null
 */
export function provenCompleteTo({ complete_to, iat }: CheckpointClaims): number | null {
  return complete_to !== null && complete_to <= iat ? complete_to : null;
}

/**
 * Whether a checkpoint is the first to say that the trail is complete up to a time after its own. Those that follow carry
 * it on; so they do, rightly, after the clock was set back.
 * @param before what the checkpoint before says, if it is there
 */
export function isFalselyComplete(claims: CheckpointClaims, before: CheckpointClaims | undefined): boolean {
  const { complete_to } = claims;
  return complete_to !== null && provenCompleteTo(claims) === null && complete_to !== before?.complete_to;
}

/** Gives the key that a kid names, or undefined. */
export type PublicKeys = (kid: string) => Promise<KeyObject | undefined>;

export function signCheckpoint(signer: Signer, claims: CheckpointClaims): Promise<string> {
  return signCompact(signer, { typ: CHECKPOINT_TYPE }, claims);
}

/** How the next checkpoint names this one. */
export function checkpointHash(jws: string): string {
  return createHash('sha256').update(jws).digest('base64url');
}

/**
 * Reads a signed checkpoint and checks its signature.
 * @returns undefined when it is none: malformed, of another type, by an unknown key, or its signature does not hold
 */
export async function openCheckpoint(
  jws: string,
  publicKey: PublicKeys,
): Promise<CheckpointClaims | undefined> {
  const claims = readCheckpoint(jws);
  const kid = checkpointKid(jws);
  if (claims === undefined || kid === undefined) return undefined;
  const key = await publicKey(kid);
  if (key === undefined) return undefined;
  const end = jws.lastIndexOf('.');
  const signature = Buffer.from(jws.slice(end + 1), 'base64url');
  return verifySignature(key, jws.slice(0, end), signature) ? claims : undefined;
}

/** What a checkpoint says, whoever signed it; undefined when it is none by its form. */
export function readCheckpoint(jws: string): CheckpointClaims | undefined {
  const parts = jws.split('.');
  if (checkpointKid(jws) === undefined || parts.length !== 3 || !parts.every((part) => BASE64URL.test(part)))
    return undefined;
  const claims = jsonObject(parts[1] ?? '');
  return claims !== undefined && isCheckpoint(claims) ? claims : undefined;
}

/** Id of the key that a checkpoint says it was signed with; undefined when it is none by its header. */
export function checkpointKid(jws: string): string | undefined {
  const head = jsonObject(jws.split('.', 1)[0] ?? '');
  if (head?.typ !== CHECKPOINT_TYPE || !ALGORITHMS.includes(head.alg) || 'crit' in head) return undefined;
  return typeof head.kid === 'string' ? head.kid : undefined;
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
  const { number, epoch, size, root, previous, complete_to, iat } = claims as Partial<
    Record<string, unknown>
  >;
  return (
    [number, epoch, size, iat].every(Number.isSafeInteger) &&
    typeof root === 'string' &&
    (previous === null || typeof previous === 'string') &&
    (complete_to === null || Number.isSafeInteger(complete_to))
  );
}
