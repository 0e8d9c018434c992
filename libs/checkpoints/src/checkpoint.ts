import { type CompactJws, isAcceptedAlg, parseCompactJws } from '@aegis/license-token';
import { signCompact, type Signer, verifySigningInput } from '@aegis/signing';
import { createHash, type KeyObject } from 'node:crypto';

/** The `typ` of a signed checkpoint: nothing else that this server signs has it. */
const CHECKPOINT_TYPE = 'aegis-checkpoint+jwt';
/** Several times as long as any checkpoint. */
export const MAX_CHECKPOINT_LENGTH = 4096;

const EXPECTED = { maxLength: MAX_CHECKPOINT_LENGTH, typ: CHECKPOINT_TYPE, mayLackTyp: false };

/**
 * The SQL expression for the text of a checkpoint, empty where no checkpoint is so long: a process that reads hundreds
 * of megabytes ends.
 * @param column with the table's name, where the query has several
 */
export function jwsFrom(column: string): string {
  return `CASE WHEN octet_length(${column}) <= ${MAX_CHECKPOINT_LENGTH} THEN ${column} WHEN ${column} IS NOT NULL THEN '' END`;
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
 * Up to when a checkpoint proves that the trail is complete. If it claims a time after its own, it proves nothing.
 * @returns seconds since 1970, or null
 */
export function provenCompleteTo({ complete_to, iat }: CheckpointClaims): number | null {
  return complete_to !== null && complete_to <= iat ? complete_to : null;
}

/**
 * Whether a checkpoint is the first to say that the trail is complete up to a time after its own. Later checkpoints
 * repeat the claim; after the clock was set back, that is correct.
 * @param before what the checkpoint before says, if it is there
 */
export function isFalselyComplete(claims: CheckpointClaims, before: CheckpointClaims | undefined): boolean {
  const { complete_to } = claims;
  return complete_to !== null && provenCompleteTo(claims) === null && complete_to !== before?.complete_to;
}

/**
 * Whether a checkpoint claims that less is complete than an earlier one proved. No server makes such a checkpoint:
 * each repeats the claim of the previous one.
 * @param proven seconds since 1970: up to when earlier checkpoints prove the trail complete; null when none does
 */
export function isLessComplete({ complete_to }: CheckpointClaims, proven: number | null): boolean {
  return proven !== null && (complete_to === null || complete_to < proven);
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

/** A checkpoint whose form is right. Nothing in it is verified yet. */
export interface ParsedCheckpoint {
  claims: CheckpointClaims;
  /** Id of the key that it says it was signed with. */
  kid: string;
  /** What was signed: header and payload as received. */
  signingInput: string;
  signature: Uint8Array;
}

/**
 * Reads a signed checkpoint as strictly as every signed text: JWS compact serialization (RFC 7515 section 7.1) in
 * canonical base64url, strict JSON, the right `typ` and `alg`, at most 4,096 characters. Verifies no signature, and
 * never throws.
 * @returns undefined when it is malformed
 */
export function parseCheckpoint(jws: string): ParsedCheckpoint | undefined {
  const parsed = parseJws(jws);
  if (parsed === undefined || !isCheckpoint(parsed.payload)) return undefined;
  const { payload: claims, header, signingInput, signature } = parsed;
  return { claims, kid: header.kid, signingInput, signature };
}

/** Whether a key signed a checkpoint. */
export function isSignedBy(key: KeyObject, { signingInput, signature }: ParsedCheckpoint): boolean {
  return verifySigningInput(key, signingInput, signature);
}

/**
 * Reads a signed checkpoint and checks its signature.
 * @returns undefined when it is malformed, of another type, by an unknown key, or its signature is not valid
 */
export async function openCheckpoint(
  jws: string,
  publicKey: PublicKeys,
): Promise<CheckpointClaims | undefined> {
  const parsed = parseCheckpoint(jws);
  if (parsed === undefined) return undefined;
  const key = await publicKey(parsed.kid);
  return key !== undefined && isSignedBy(key, parsed) ? parsed.claims : undefined;
}

/** What a checkpoint says, no matter who signed it; undefined when it is malformed. */
export function readCheckpoint(jws: string): CheckpointClaims | undefined {
  return parseCheckpoint(jws)?.claims;
}

/**
 * Id of the key that a checkpoint says it was signed with, without looking at the rest; undefined when its form is
 * wrong.
 */
export function checkpointKid(jws: string): string | undefined {
  return parseJws(jws)?.header.kid;
}

function parseJws(jws: string): CompactJws | undefined {
  const parsed = parseCompactJws(jws, EXPECTED);
  return 'malformed' in parsed || !isAcceptedAlg(parsed.header.alg) ? undefined : parsed;
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
