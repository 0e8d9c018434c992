import { ConfigurationError } from '@aegis/errors';
import type { Logger } from '@aegis/logging';
import { publicJwk } from '../jws/jwks';
import type { OpenedKey, SignerSource } from '../signers/signer-source';
import { traced } from '../signers/traced-signer';
import type { SigningKey } from './signing-key.entity';

/** Opening a file costs a tenth of a second for the key derivation, and a wrong passphrase is not corrected at once. */
const RETRY_AFTER_MS = 5000;

type KnownKey = Pick<SigningKey, 'kid' | 'public_key'>;

/** The keys that this process can sign with: opened once, and checked against the public key on record. */
export class HeldKeys {
  private readonly opened = new Map<string, OpenedKey>();
  private readonly failures = new Map<string, { reason: string; at: number }>();
  private available: readonly string[] = [];

  constructor(
    private readonly source: SignerSource,
    private readonly logger: Logger,
  ) {}

  /** Sorted kids of the keys that are open, still available where they were opened, and reachable. */
  get kids(): string[] {
    if (this.source.isAway === true) return [];
    return this.available.filter((kid) => this.opened.has(kid));
  }

  /** A key that is open. */
  get(kid: string): OpenedKey | undefined {
    return this.opened.get(kid);
  }

  /**
   * Opens a key, unless it is open.
   * @param known on record
   * @throws ConfigurationError, SignerUnavailable as the source; ConfigurationError when it is another key than the one on record
   */
  async open(known: KnownKey): Promise<OpenedKey> {
    const open = this.opened.get(known.kid);
    if (open) return open;
    const opened = await this.source.open(known.kid);
    if (publicJwk(known.kid, opened.publicKey).x !== known.public_key) throw differentKey(known.kid);
    return this.keep(known.kid, opened);
  }

  /** Keeps a key that was opened before it was on record. */
  keep(kid: string, opened: OpenedKey): OpenedKey {
    if (opened.warning !== null) this.logger.write('warn', opened.warning);
    const kept = { ...opened, signer: traced(opened.signer) };
    this.opened.set(kid, kept);
    this.failures.delete(kid);
    return kept;
  }

  /**
   * Opens the keys that were added since, and closes compromised ones. A key that can't be opened is logged once.
   * @throws as the source's `kids`: while that is unknown, no key counts as held
   */
  async follow(known: readonly SigningKey[]): Promise<void> {
    const before = this.available;
    this.available = await this.source.kids().catch((error: unknown) => {
      this.available = [];
      throw error;
    });
    for (const kid of this.available) if (!before.includes(kid)) this.failures.delete(kid);
    for (const key of known) {
      if (key.state === 'compromised') this.opened.delete(key.kid);
      else if (this.available.includes(key.kid)) await this.tryToOpen(key);
    }
  }

  /** @returns undefined when it can't be opened; why is logged, once for each reason */
  async tryToOpen(key: KnownKey): Promise<OpenedKey | undefined> {
    const before = this.failures.get(key.kid);
    if (before && performance.now() - before.at < RETRY_AFTER_MS) return undefined;
    try {
      return await this.open(key);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (before?.reason !== reason)
        this.logger.write('warn', `the signing key ${key.kid} can't be opened here: ${reason}`);
      this.failures.set(key.kid, { reason, at: performance.now() });
      return undefined;
    }
  }
}

function differentKey(kid: string): ConfigurationError {
  return new ConfigurationError(
    `The private key ${kid} is not the one that the database knows as ${kid}: a key id is never reused for another key. Restore the right one.`,
  );
}
