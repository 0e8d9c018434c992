import { createPublicKey, type KeyObject } from 'node:crypto';
import { AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import {
  assertNotOutdated,
  isConnectionRefused,
  isDatabaseUnavailable,
  RestoreNotReconciled,
} from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { HeldKeys } from './held-keys';
import { type Jwks, keySetOf, STALE_KEY_SET_SECONDS } from '../jws/jwks';
import { reconcileKeys } from './reconcile-keys';
import { LatestRead } from './latest-read';
import { isSoundOnRecord } from '../keys/weak-public-key';
import { PublicKeyFiles } from '../keys/public-key-files';
import type { Signer } from '../signers/signer';
import { SIGNER_SOURCE, type SignerSource } from '../signers/signer-source';
import { SigningKey } from './signing-key.entity';
import { SignerUnavailable } from '../signing.errors';

const REREAD_INTERVAL_MS = 1000;
/** Where there are no notifications. A key that was changed since is refused when what it signed is put on record. */
const TRUSTED_FOR_MS = 50;

/** The keys of this server: which one signs, and with which its tokens are verified. The database is the truth. */
@Injectable()
export class KeyRing implements OnModuleInit, OnApplicationShutdown {
  /** Whether each change is notified at once; otherwise the table is read again before a key signs. */
  hasLiveNotifications = false;

  // Only grows: a kid never gets another key, and compromised keys still distinguish genuine tokens from forged ones.
  private readonly publicKeys = new Map<string, KeyObject>();
  private readonly held: HeldKeys;
  private readonly files: PublicKeyFiles;
  private readonly reading = new LatestRead(() => this.read());
  private readonly publishing = new LatestRead(async () => {
    const readAt = performance.now();
    await this.lookForRestore();
    if (this.restored !== undefined) throw this.restored;
    this.published = { keySet: keySetOf(await readKeys(this.dataSource.manager)), readAt };
  });
  private published: { keySet: Jwks; readAt: number } = { keySet: { keys: [] }, readAt: -Infinity };
  /** Set while the database is restored and not reconciled, as far as is known. */
  private restored?: RestoreNotReconciled;
  private keys?: readonly SigningKey[];
  private readAt = -Infinity;
  private signing: { kid: string | null; signer?: Signer } = { kid: null };
  private reread?: { startedAt: number; done: Promise<void> };

  constructor(
    private readonly dataSource: DataSource,
    private readonly environment: Environment,
    private readonly audit: AuditLog,
    private readonly logger: Logger,
    @Inject(SIGNER_SOURCE) private readonly source: SignerSource,
  ) {
    this.held = new HeldKeys(source, logger);
    this.files = new PublicKeyFiles(environment.KEYS_DIR);
  }

  onModuleInit(): Promise<void> {
    return this.load();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.source.close?.();
  }

  /**
   * Brings KEYS_DIR and the database together and opens the key that signs: if no key is active, the chosen one
   * becomes active; with ADOPT_PUBLIC_KEYS public keys that the database lacks are adopted. Processes that start at
   * once agree, and each change is made and recorded once. Needs the migrated database.
   * @throws {ConfigurationError} when a file and the database contradict each other, or the signing key is
   *   missing, ambiguous, or can't be opened.
   */
  async load(): Promise<void> {
    const { dataSource, environment, audit, logger, source, held } = this;
    await reconcileKeys({ dataSource, environment, audit, logger, source, held });
    await this.refresh();
  }

  /**
   * Gives the key that a token's header names, whatever its state: the database decides whether it is trusted. For an
   * unknown kid the table is read again, at most once per second: another process may have adopted it.
   * @param kid - as in the header; anything.
   * @returns undefined when it was never a key of this server.
   * @throws when the table can't be read.
   */
  async publicKey(kid: string): Promise<KeyObject | undefined> {
    const known = this.publicKeys.get(kid);
    if (known) return known;
    const now = performance.now();
    if (this.reread === undefined || now - this.reread.startedAt >= REREAD_INTERVAL_MS) {
      this.reread = { startedAt: now, done: this.refresh() };
    }
    await this.reread.done;
    return this.publicKeys.get(kid);
  }

  /**
   * Gives a public key that this process has itself: of a private key that it opened, or from a file of KEYS_DIR if
   * the same key is on record. Write access to only the database, or to only KEYS_DIR, is not enough to add a key: an
   * operator's command puts it on record, or ADOPT_PUBLIC_KEYS.
   * @returns undefined when this process does not have it.
   * @throws when the table can't be read.
   */
  async heldPublicKey(kid: string): Promise<KeyObject | undefined> {
    const opened = this.held.get(kid)?.publicKey;
    if (opened !== undefined) return opened;
    const file = await this.files.get(kid);
    if (file === undefined) return undefined;
    return (await this.publicKey(kid))?.equals(file) === true ? file : undefined;
  }

  /**
   * Gives a public key that is on record, or in a file of KEYS_DIR though no record of it is left, as after a restore.
   * Nothing may be trusted because of it: only that something is refused may follow from what it signed.
   * @returns undefined when neither has it.
   * @throws when the table can't be read.
   */
  async publicKeyOfAnyone(kid: string): Promise<KeyObject | undefined> {
    return (await this.publicKey(kid)) ?? (await this.files.get(kid));
  }

  /**
   * Gives the signer of the active key. What it signs must be put on record under `requiresActiveKey`: the key may be
   * another one by then.
   * @throws SignerUnavailable when none is active, or this process can't sign with it.
   */
  async signer(): Promise<Signer> {
    if (!this.hasLiveNotifications && performance.now() - this.readAt > TRUSTED_FOR_MS) await this.refresh();
    return this.active();
  }

  /**
   * Gives the signer of the active key, as far as this process knows.
   * @throws SignerUnavailable as `signer`.
   */
  active(): Signer {
    if (!this.keys) throw new Error('The key ring is not loaded.');
    if (!this.signing.signer) throw new SignerUnavailable();
    return this.signing.signer;
  }

  /** Id of the active key, as far as this process knows; null when none is. */
  get activeKid(): string | null {
    return this.signing.kid;
  }

  /** Whether this process can sign with the active key. */
  get canSign(): boolean {
    return this.signing.signer !== undefined;
  }

  /** Kids of the keys that this process could sign with. */
  get heldKids(): string[] {
    return this.held.kids;
  }

  /** Every key on record when the table was last read, oldest first. */
  get known(): readonly SigningKey[] {
    return this.keys ?? [];
  }

  /** Reads the table again. */
  refresh(): Promise<void> {
    return this.reading.ask();
  }

  /** Opens the keys that this process has come to have since, so that it could sign with them at once. */
  async openKeys(): Promise<void> {
    const before = this.heldKids.join();
    await this.held.follow(this.known);
    // Otherwise nothing depends on it: the table is read when it changes, and every two seconds besides.
    if (this.heldKids.join() !== before) await this.refresh();
  }

  /**
   * Describes, for verifiers, the currently trusted keys: pending, active and retired, oldest first. They are read
   * from the database after each call, so that a compromised key disappears at once; calls at the same time share one
   * reading. While the database is unavailable, the last result is served for a day: clients that verify offline
   * depend on it.
   * @throws RestoreNotReconciled, because a restored database may trust keys that were compromised since; else what the
   * reading failed with
   */
  async jwks(): Promise<Jwks> {
    try {
      await this.publishing.ask();
    } catch (error) {
      const { keySet, readAt } = this.lastRead();
      const isGone = isDatabaseUnavailable(error) || isConnectionRefused(error);
      const isServed = isGone && performance.now() - readAt < STALE_KEY_SET_SECONDS * 1000;
      if (!isServed || this.restored !== undefined) throw this.restored ?? error;
      return keySet;
    }
    return this.published.keySet;
  }

  /** The newer one of the published set and the one that the job read: a key may have been compromised in between. */
  private lastRead(): { keySet: Jwks; readAt: number } {
    if (this.published.readAt >= this.readAt) return this.published;
    return { keySet: keySetOf(this.keys ?? []), readAt: this.readAt };
  }

  /** Asked before the keys are read: those of before a reconciliation are not published after it. */
  private async lookForRestore(): Promise<void> {
    try {
      await assertNotOutdated(this.dataSource);
      this.restored = undefined;
    } catch (error) {
      if (!(error instanceof RestoreNotReconciled)) throw error;
      this.restored = error;
    }
  }

  private async read(): Promise<void> {
    const readAt = performance.now();
    await this.lookForRestore();
    const keys = await readKeys(this.dataSource.manager);
    for (const key of keys) {
      if (!this.publicKeys.has(key.kid)) this.publicKeys.set(key.kid, keyObject(key));
    }
    const isFirst = this.keys === undefined;
    this.keys = keys;
    this.readAt = readAt;
    await this.follow(
      keys.find(({ state }) => state === 'active'),
      isFirst,
    );
  }

  private async follow(active: SigningKey | undefined, isFirst: boolean): Promise<void> {
    const before = this.signing;
    const opened = active && (await this.held.tryToOpen(active));
    this.signing = { kid: active?.kid ?? null, ...(opened && { signer: opened.signer }) };
    if (before.kid === this.signing.kid && before.signer === this.signing.signer) return;
    // At a start a key that signs is what everybody expects.
    if (this.canSign && isFirst) return;
    const fields = { kid: this.signing.kid };
    if (this.canSign) this.logger.write('info', 'signing key in use', fields);
    else
      this.logger.write(
        'error',
        'nothing can be signed here: issuing is refused, validation continues',
        fields,
      );
  }
}

/** Every key on record, oldest first, without those for which anybody could sign, or that are there in another spelling. */
async function readKeys(manager: EntityManager): Promise<SigningKey[]> {
  const keys = await manager.find(SigningKey, { order: { created_at: 'ASC', kid: 'ASC' } });
  return keys.filter(({ public_key }) => isSoundOnRecord(public_key));
}

function keyObject({ public_key }: SigningKey): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: public_key }, format: 'jwk' });
}
