import {
  type Ed25519Jwk,
  isEd25519,
  isNamedKey,
  isSmallOrder,
  type KeySet,
  type KeySetKey,
  type KeySetRefused,
  openAnyKeySet,
} from '@aegis/license-token';
import { isMembers, isSecond } from '../option-checks';
import { readPem } from './pem';

/** An Ed25519 public key as JWK (RFC 8037), as `jwks.json` has it. */
export type Jwk = Ed25519Jwk & { kid: string };

/** A key that the program was built with: nothing that comes over a network can replace it. */
export type PinnedKey = Jwk | { kid: string; /** SPKI, `-----BEGIN PUBLIC KEY-----`. */ pem: string };

/** A root key that the program was built with: as JWK, or as PEM text. */
export type Root = Ed25519Jwk | string;

/** `/.well-known/jwks.jwt`, which counts by the signature of the root key alone. */
export interface SignedKeySet {
  /** As fetched, or from a file. */
  keySet: string;
  /** Several while one root key replaces another. */
  root: Root | readonly Root[];
  /** `iat` of the newest key set that was seen: an older one may hide that a key was compromised. */
  newestSeen?: number;
}

/** `/.well-known/jwks.json`: for the vendor's own services, which fetch it over a connection that they trust. */
export interface TransportedKeys {
  /** The JSON object. */
  jwks: unknown;
  /** That anyone who can change what is transported can make licenses. */
  trustTransport: true;
}

/** Where trust starts. */
export type TrustedKeys = readonly PinnedKey[] | SignedKeySet | TransportedKeys;

/** `TrustedKeys`, or a function that is asked at each use: for a key set that is fetched again. */
export type CurrentKeys = TrustedKeys | (() => TrustedKeys);

/** Keys that are trusted now. */
export type OpenKeys = () => KeySet | KeySetRefused | Promise<KeySet | KeySetRefused>;

/**
 * Checks the option `keys`.
 * @returns what reads the keys; it never throws for what came over a network
 * @throws TypeError that names what is wrong
 */
export function readKeys(keys: unknown): OpenKeys {
  if (Array.isArray(keys)) return constant(pinned(keys));
  if (isMembers(keys)) {
    if ('keySet' in keys) return signedKeySet(keys);
    if ('jwks' in keys) return constant(transported(keys));
  }
  throw new TypeError(
    'keys must be a list of pinned keys, { keySet, root } or { jwks, trustTransport: true }',
  );
}

/**
 * Checks the option `keys` where it may be a function.
 * @throws TypeError that names what is wrong
 */
export function readCurrentKeys(keys: unknown): OpenKeys {
  if (typeof keys !== 'function') return readKeys(keys);
  const current = keys as () => unknown;
  readKeys(current());
  return () => readKeys(current())();
}

function constant(keys: readonly KeySetKey[]): OpenKeys {
  // What is pinned has no end: it is replaced with the program.
  const keySet = { iat: 0, exp: Infinity, keys: [...keys], compromised: [] };
  return () => keySet;
}

function pinned(keys: readonly unknown[]): KeySetKey[] {
  const read = keys.map(pinnedKey);
  const doubled = read.find(({ kid }, at) => read.findIndex((other) => other.kid === kid) < at);
  if (doubled) throw new TypeError(`keys must not contain a kid twice: ${doubled.kid}`);
  return read;
}

function pinnedKey(key: unknown, at: number): KeySetKey {
  const members = isMembers(key) ? key : {};
  const { pem, kid } = members;
  const read = typeof pem === 'string' ? { ...readPem(pem), kid } : key;
  if (!isNamedKey(read))
    throw new TypeError(`keys[${at}] must be an Ed25519 public key with its kid: a JWK, or { kid, pem }`);
  return read;
}

function signedKeySet({ keySet, root, newestSeen }: Readonly<Record<string, unknown>>): OpenKeys {
  if (typeof keySet !== 'string') throw new TypeError('keys.keySet must be the text of jwks.jwt');
  if (newestSeen !== undefined && !isSecond(newestSeen))
    throw new TypeError('keys.newestSeen must be seconds since 1970');
  const roots = (Array.isArray(root) ? (root as unknown[]) : [root]).map(rootKey);
  if (roots.length === 0) throw new TypeError('keys.root must not be empty');
  return async () => {
    let opened: KeySet | KeySetRefused = { refused: 'signature_invalid' };
    for (const one of roots) {
      opened = await openAnyKeySet(keySet, { root: one, newestSeen });
      if (!('refused' in opened) || opened.refused !== 'signature_invalid') return opened;
    }
    return opened;
  };
}

function rootKey(root: unknown): Ed25519Jwk {
  const read = typeof root === 'string' ? readPem(root) : root;
  if (!isEd25519(read) || isSmallOrder(read.x))
    throw new TypeError('keys.root must be an Ed25519 public key, as JWK or PEM');
  return read;
}

function transported({ jwks, trustTransport }: Readonly<Record<string, unknown>>): KeySetKey[] {
  if (trustTransport !== true)
    throw new TypeError(
      'keys.trustTransport must be true: a JWKS is not signed, so that anyone who can change it can make licenses',
    );
  const keys = isMembers(jwks) && Array.isArray(jwks.keys) ? (jwks.keys as unknown[]) : [];
  // A reader ignores what it does not understand (RFC 7517 section 5).
  return keys.filter(isNamedKey);
}
