import {
  type CompromisedKey,
  type Ed25519Jwk,
  isEd25519,
  isNamedKey,
  type KeySet,
  type KeySetKey,
  type KeySetRefused,
  openAnyKeySet,
} from '@aegis/license-token';
import { canonicalPem, pemBlocks } from '@aegis/signing';
import { createPublicKey } from 'node:crypto';
import { basename } from 'node:path';
import { UsageProblem } from '../terminal/usage-problem';
import { readTrimmedFile } from './shown-text';

/** Where trust starts: files of public keys, or a signed key set and the root key that signed it. */
export interface TrustOptions {
  keys?: readonly string[];
  keySet?: string;
  root?: string;
}

/** `<kid>.public.pem`, as `KEYS_DIR` has it. */
const PEM_NAME = /^(.+)\.public\.pem$/;

/**
 * Reads the keys that licenses are verified with.
 * @throws UsageProblem when there are none, or a file contains something else
 */
export async function trustedKeySet({ keys, keySet, root }: TrustOptions): Promise<KeySet | KeySetRefused> {
  if (keySet !== undefined && root !== undefined && keys === undefined)
    return openAnyKeySet(await readTrimmedFile(keySet), { root: await readRoot(root) });
  if (keys === undefined || keySet !== undefined || root !== undefined)
    throw new UsageProblem('Give --keys, or --key-set together with --root.');
  const trusted: KeySet = { iat: 0, exp: Infinity, keys: [], compromised: [] };
  for (const path of keys) add(trusted, await readKeys(path), path);
  return trusted;
}

interface FileKeys {
  keys: readonly KeySetKey[];
  compromised: readonly CompromisedKey[];
}

function add(trusted: KeySet, { keys, compromised }: FileKeys, path: string): void {
  for (const key of keys) {
    const known = trusted.keys.find(({ kid }) => kid === key.kid);
    if (known !== undefined && known.x !== key.x)
      throw new UsageProblem(`${path} has another public key for ${key.kid} than an earlier file.`);
    if (known === undefined) trusted.keys.push(key);
  }
  trusted.compromised.push(...compromised);
}

async function readKeys(path: string): Promise<FileKeys> {
  const text = await readTrimmedFile(path);
  if (text.startsWith('-----BEGIN ')) {
    const kid = PEM_NAME.exec(basename(path))?.[1];
    const jwk = { ...readPem(text), kid };
    if (isNamedKey(jwk)) return { keys: [jwk], compromised: [] };
    throw new UsageProblem(
      `${path} must contain one Ed25519 public key, and be named <key-id>.public.pem, as in KEYS_DIR.`,
    );
  }
  const keys = keysOf(text);
  if (keys === undefined)
    throw new UsageProblem(`${path} contains neither a JWK set nor one public key in PEM.`);
  const isCompromised = (key: KeySetKey): boolean => (key as { state?: unknown }).state === 'compromised';
  // Others are for other uses: a reader ignores what it does not understand (RFC 7517 section 5).
  const named = keys.filter(isNamedKey);
  return {
    keys: named.filter((key) => !isCompromised(key)),
    // `aegis keys export --all` names them. Offline none of their tokens counts, whenever it was signed.
    compromised: named.filter(isCompromised).map(({ kid }) => ({ kid, at: 0, after: null })),
  };
}

function keysOf(text: string): unknown[] | undefined {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    return Array.isArray(keys) ? keys : undefined;
  } catch {
    return undefined;
  }
}

async function readRoot(path: string): Promise<Ed25519Jwk> {
  const root = readPem(await readTrimmedFile(path));
  if (isEd25519(root)) return root;
  throw new UsageProblem(`${path} must contain the public root key: one Ed25519 key in PEM.`);
}

/** @returns undefined where the text is not one public key */
function readPem(text: string): object | undefined {
  try {
    const [block] = pemBlocks(text);
    if (block?.label !== 'PUBLIC KEY' || text.split('-----BEGIN ').length > 2) return undefined;
    return createPublicKey(canonicalPem(block)).export({ format: 'jwk' });
  } catch {
    return undefined;
  }
}
