import type { KeyObject } from 'node:crypto';
import type { Actor, AuditEntry, AuditLog } from '@aegis/audit';
import { limitStatements } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { lockActiveKey } from './active-key';
import { publicJwk } from '../jws/jwks';
import { SigningKey } from './signing-key.entity';
import { isWeakPublicKey } from '../keys/weak-public-key';

/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const REGISTER_LOCK = '4702394921427289930';
/** The holder of the lock may be stretching a passphrase, idle in its transaction, and others may wait in front. */
const LOCK_PATIENCE_MS = 30_000;

const now = (): string => 'clock_timestamp()';

/**
 * The table of signing keys, held by one transaction so that processes that start at once agree. Writes each change
 * with its audit record; its callers decide whether a change is allowed.
 */
export class SigningKeyRegister {
  private constructor(
    private readonly tx: EntityManager,
    private readonly audit: AuditLog,
    private readonly actor: Actor,
    private keys: readonly SigningKey[],
  ) {}

  /**
   * Waits until no other transaction holds the register, and reads it. Held until the transaction ends.
   * @param tx - READ COMMITTED; every change and its audit record are written in it.
   * @param actor - who changes keys.
   */
  static async hold(tx: EntityManager, audit: AuditLog, actor: Actor): Promise<SigningKeyRegister> {
    await limitStatements(tx, {
      lockMs: LOCK_PATIENCE_MS,
      statementMs: LOCK_PATIENCE_MS,
      idleInTransactionMs: LOCK_PATIENCE_MS,
    });
    await tx.query('SELECT pg_advisory_xact_lock($1)', [REGISTER_LOCK]);
    return new SigningKeyRegister(tx, audit, actor, await tx.find(SigningKey));
  }

  /** Every key on record. */
  get known(): readonly SigningKey[] {
    return this.keys;
  }

  /** The key that signs. */
  get active(): SigningKey | undefined {
    return this.keys.find(({ state }) => state === 'active');
  }

  /**
   * Takes in, as retired, the keys that are not on record: what they signed verifies from now on.
   * @param publicKeys - by kid.
   * @throws {ConfigurationError} when a kid is on record with another key, or a key under another kid.
   */
  async adopt(publicKeys: ReadonlyMap<string, KeyObject>): Promise<void> {
    for (const [kid, publicKey] of publicKeys) {
      if (this.find(kid, publicKey)) continue;
      const public_key = publicJwk(kid, publicKey).x;
      await this.insert({ kid, public_key, state: 'retired', retired_at: now });
      await this.record('signing_key.adopted', { kid, public_key });
    }
  }

  /**
   * Takes in, as pending, a key that is not on record: verifiers learn of it before it signs.
   * @returns the key on record, whatever its state.
   * @throws {ConfigurationError} as `adopt`.
   */
  async publish(kid: string, publicKey: KeyObject): Promise<SigningKey> {
    if (!this.find(kid, publicKey)) {
      const public_key = publicJwk(kid, publicKey).x;
      await this.insert({ kid, public_key, state: 'pending' });
      await this.record('signing_key.published', { kid, public_key });
    }
    return this.get(kid);
  }

  /**
   * Makes a key that may be new the one that signs, as `activate`.
   * @throws {ConfigurationError} as `adopt`.
   */
  async enter(kid: string, publicKey: KeyObject): Promise<void> {
    if (!this.find(kid, publicKey))
      await this.insert({ kid, public_key: publicJwk(kid, publicKey).x, state: 'pending' });
    await this.activate(kid);
  }

  /**
   * Makes a key the one that signs, and retires the one that did. Nothing happens when it signs already. Tokens that
   * are being put on record are waited for, so that none that the former key signed comes on record afterwards.
   * @param kid - on record, not compromised.
   * @param details - for the audit record.
   */
  async activate(kid: string, details: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { state, public_key } = this.get(kid);
    if (state === 'active') return;
    await lockActiveKey(this.tx);
    const previous = this.active;
    if (previous) {
      await this.update(previous.kid, { state: 'retired', retired_at: now });
      await this.record('signing_key.retired', { kid: previous.kid, replaced_by: kid });
    }
    await this.update(kid, { state: 'active', activated_at: now, retired_at: null });
    await this.record('signing_key.activated', { kid, public_key, ...details });
  }

  /**
   * Takes a key out of use before it ever signed.
   * @param kid - on record and pending.
   */
  async retire(kid: string): Promise<void> {
    await this.update(kid, { state: 'retired', retired_at: now });
    await this.record('signing_key.retired', { kid });
  }

  /**
   * Withdraws all trust in a key, permanently.
   * @param kid - on record.
   * @param after - what was recorded up to then still counts; null: nothing does.
   * @param details - for the audit record.
   */
  async compromise(
    kid: string,
    after: Date | null,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { state } = this.get(kid);
    if (state === 'active') await lockActiveKey(this.tx);
    await this.update(kid, {
      state: 'compromised',
      ...(state !== 'compromised' && { compromised_at: now }),
      compromised_after: after,
    });
    await this.record('signing_key.compromised', { kid, after: after?.toISOString() ?? null, ...details });
  }

  /**
   * Finds a key by its kid and its public half.
   * @throws {ConfigurationError} when only one of the two is on record, or anybody could sign for it.
   */
  find(kid: string, publicKey: KeyObject): SigningKey | undefined {
    // Every key passes this check before it is on record, whether it is from a file, a service or a device.
    if (isWeakPublicKey(publicKey))
      throw new ConfigurationError(
        `The key ${kid} is of small order: anybody can sign for it. Make another one.`,
      );
    const { x } = publicJwk(kid, publicKey);
    const found = this.keys.find((key) => key.kid === kid || key.public_key === x);
    if (found && found.kid !== kid) {
      throw new ConfigurationError(
        `The key ${kid} in KEYS_DIR is the same as ${found.kid}: a key has one id. Remove the files of ${kid}.`,
      );
    }
    if (found && found.public_key !== x) {
      throw new ConfigurationError(
        `The key ${kid} in KEYS_DIR is not the one that the database knows as ${kid}: a key id is never reused for another key. Restore the right files, or choose another id for the new key.`,
      );
    }
    return found;
  }

  private get(kid: string): SigningKey {
    const key = this.keys.find((one) => one.kid === kid);
    if (!key) throw new Error(`The signing key ${kid} is not on record.`);
    return key;
  }

  private async insert(key: QueryDeepPartialEntity<SigningKey>): Promise<void> {
    await this.tx.insert(SigningKey, { ...key, alg: 'EdDSA' });
    this.keys = await this.tx.find(SigningKey);
  }

  private async update(kid: string, change: QueryDeepPartialEntity<SigningKey>): Promise<void> {
    await this.tx.update(SigningKey, kid, change);
    this.keys = await this.tx.find(SigningKey);
  }

  private record(type: AuditEntry['type'], data: Readonly<Record<string, unknown>>): Promise<void> {
    return this.audit.append(this.tx, { type, actor: this.actor, data });
  }
}
