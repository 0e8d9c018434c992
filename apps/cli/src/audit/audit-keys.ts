import { type CheckpointKey, type CheckpointKeys, openCheckpoint } from '@aegis/checkpoints';
import { parseTimestamp } from '@aegis/field-rules';
import { canonicalPem, pemBlocks } from '@aegis/signing';
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readTextFile } from '../terminal/text-file';
import { withoutByteOrderMark } from '../terminal/text-lines';
import { UsageProblem } from '../terminal/usage-problem';

/** What one file says of keys. */
interface KeyFile {
  /** A key without an id: it verifies what it signed, no matter which kid that names. */
  any?: KeyObject;
  keys: Map<string, KeyObject>;
  /** Until when the signatures of a key are valid, seconds since 1970; null: none is valid. */
  compromised: Map<string, number | null>;
}

/**
 * Reads keys that were kept outside of the database.
 * @param paths each of a JWK set (the answer of /.well-known/jwks.json), of a file of `aegis keys export` (with or
 *   without `--all`), or of one public key as PEM. A PEM verifies what it signed, no matter which kid a checkpoint
 *   names
 * @throws UsageProblem when a file can't be read, or two of them contradict each other
 */
export async function keysOfFiles(paths: readonly string[]): Promise<CheckpointKeys> {
  const all: KeyFile = { keys: new Map(), compromised: new Map() };
  for (const path of paths) merge(all, await readKeyFile(path), path);
  return async (kid, jws): Promise<CheckpointKey | undefined> => {
    const publicKey = all.keys.get(kid) ?? (await signerOf(jws, all.any));
    if (publicKey === undefined) return undefined;
    const after = all.compromised.get(kid);
    return { publicKey, ...(after !== undefined && { compromised: { after } }) };
  };
}

/**
 * The key of another checkpoint of the chain may be missing: a signature that this key did not make is not a forgery.
 */
async function signerOf(jws: string, key: KeyObject | undefined): Promise<KeyObject | undefined> {
  return (await openCheckpoint(jws, () => Promise.resolve(key))) === undefined ? undefined : key;
}

/** If one file withdraws the trust in a key, it is withdrawn, no matter what the others say. */
function merge(all: KeyFile, file: KeyFile, path: string): void {
  if (file.any !== undefined) {
    if (all.any !== undefined && !all.any.equals(file.any))
      throw new UsageProblem(
        `${path} is a second public key in PEM, and neither has a key id: give several keys as a JWK set.`,
      );
    all.any = file.any;
  }
  for (const [kid, key] of file.keys) {
    const known = all.keys.get(kid);
    if (known !== undefined && !known.equals(key))
      throw new UsageProblem(`${path} has another public key for ${kid} than an earlier file.`);
    all.keys.set(kid, key);
  }
  for (const [kid, after] of file.compromised) withdraw(all, kid, after);
}

/** The earliest time of all files; null, for no valid signature, is earlier than any time. */
function withdraw({ compromised }: KeyFile, kid: string, after: number | null): void {
  const known = compromised.get(kid);
  compromised.set(kid, known === null || after === null ? null : Math.min(known ?? after, after));
}

async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readTextFile(path).catch((error: unknown) => {
    if (error instanceof UsageProblem) throw error;
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageProblem(`${path} can't be read (${code}).`);
  });
  const file = parse(text);
  if (file === undefined)
    throw new UsageProblem(`${path} contains neither a JWK set nor one Ed25519 public key in PEM.`);
  return file;
}

function parse(text: string): KeyFile | undefined {
  try {
    const [block] = pemBlocks(text);
    if (block !== undefined) {
      // A file must contain one key: of several, none is chosen.
      if (text.split('-----BEGIN ').length > 2) return undefined;
      const any = createPublicKey(canonicalPem(block));
      return any.asymmetricKeyType === 'ed25519'
        ? { any, keys: new Map(), compromised: new Map() }
        : undefined;
    }
    return parseKeySet(JSON.parse(withoutByteOrderMark(text)) as KeySet);
  } catch {
    return undefined;
  }
}

interface KeySet {
  keys: (JsonWebKey & { kid: string; state?: string; compromised_after?: string | null })[];
  /** As `aegis keys export` lists them, in seconds since 1970. */
  compromised?: { kid: string; after?: unknown }[];
}

function parseKeySet({ keys, compromised = [] }: KeySet): KeyFile {
  const file: KeyFile = { keys: new Map(), compromised: new Map() };
  for (const { state, compromised_after, ...jwk } of keys.filter(({ crv }) => crv === 'Ed25519')) {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    // Nobody can say which of two keys a kid means.
    if (file.keys.get(jwk.kid)?.equals(key) === false) throw new Error('one kid for two keys');
    file.keys.set(jwk.kid, key);
    if (state === 'compromised') withdraw(file, jwk.kid, secondsOf(compromised_after));
  }
  for (const { kid, after } of compromised) withdraw(file, kid, typeof after === 'number' ? after : null);
  return file;
}

/** A value that is not a time withdraws all trust, here and above. */
function secondsOf(time: string | null | undefined): number | null {
  const at = typeof time === 'string' ? parseTimestamp(time) : null;
  return at === null ? null : at.getTime() / 1000;
}
