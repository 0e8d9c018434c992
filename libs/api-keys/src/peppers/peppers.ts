import { type VersionedSecret, readVersionedSecrets } from '@aegis/config';
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What is stored of a key's secret. */
export interface KeyHash {
  /** Which pepper made it: `v2`. */
  pepperVersion: string;
  /** 32 bytes. */
  hash: Buffer;
}

/** What a pepper's check value is made of. No API key is this text: it has spaces. */
const CHECKED_TEXT = 'aegis check of a pepper';

/** Compared with when nothing is stored; a match has no effect. */
const NO_HASH = Buffer.alloc(32);

function hmac(pepper: string, keyText: string): Buffer {
  return createHmac('sha256', pepper).update(keyText).digest();
}

/**
 * Hashes API keys: HMAC-SHA256 (RFC 2104) over the whole key under a secret that the database does not hold. A key is
 * random, so a slow hash would cost time and gain nothing.
 */
export class Peppers {
  private readonly secrets: ReadonlyMap<string, string>;
  private readonly current: VersionedSecret;

  /** @param settings API_KEY_PEPPERS, validated: `v2:<secret>` each, the current one first */
  constructor(settings: readonly string[]) {
    const pairs = readVersionedSecrets(settings);
    const [current] = pairs;
    if (!current) throw new TypeError('there must be a pepper');
    this.current = current;
    this.secrets = new Map(pairs.map(({ version, secret }) => [version, secret]));
  }

  /** Of the pepper that new hashes are made under. */
  get currentVersion(): string {
    return this.current.version;
  }

  /** Of all known peppers, the current one first. */
  get versions(): string[] {
    return [...this.secrets.keys()];
  }

  /** What each known pepper makes of a constant: it distinguishes secrets without revealing them. */
  checkValues(): { version: string; value: Buffer }[] {
    return [...this.secrets].map(([version, secret]) => ({ version, value: hmac(secret, CHECKED_TEXT) }));
  }

  /** Hashes a new key under the current pepper. */
  hash(keyText: string): KeyHash {
    return { pepperVersion: this.current.version, hash: hmac(this.current.secret, keyText) };
  }

  /** Hashes a text under each known pepper, the current one first: for what is looked up by its hash. */
  hashesOf(text: string): [current: Buffer, ...others: Buffer[]] {
    const others = [...this.secrets].filter(([version]) => version !== this.current.version);
    return [hmac(this.current.secret, text), ...others.map(([, secret]) => hmac(secret, text))];
  }

  /**
   * Whether a presented key is the one that `stored` was made of, under any known pepper. Takes the same work
   * whether there is a hash or not, and compares in constant time, so that its duration reveals nothing.
   */
  matches(keyText: string, stored: KeyHash | undefined): boolean {
    const pepper = stored && this.secrets.get(stored.pepperVersion);
    const presented = hmac(pepper ?? this.current.secret, keyText);
    const equal = timingSafeEqual(presented, stored?.hash ?? NO_HASH);
    return equal && pepper !== undefined;
  }
}
