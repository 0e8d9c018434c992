import type { KeyObject } from 'node:crypto';
import type { Actor, AuditLog } from '@aegis/audit';
import { ConfigurationError } from '@aegis/errors';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { publicJwk } from './jwks';
import { SigningKey } from './signing-key.entity';

/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const REGISTER_LOCK = '4702394921427289930';
/** Whoever holds the lock may be stretching a passphrase, idle in its transaction, and others may wait in front. */
const LOCK_PATIENCE = '30s';

const now = (): string => 'clock_timestamp()';

/** The table of signing keys, held by one transaction so that processes that start at once agree. */
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
    await tx.query(
      `SELECT set_config(name, $1, true)
         FROM unnest(ARRAY['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout']) AS name`,
      [LOCK_PATIENCE],
    );
    await tx.query('SELECT pg_advisory_xact_lock($1)', [REGISTER_LOCK]);
    return new SigningKeyRegister(tx, audit, actor, await tx.find(SigningKey));
  }

  /** Every key on record. */
  get known(): readonly SigningKey[] {
    return this.keys;
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
      await this.audit.append(this.tx, {
        type: 'signing_key.adopted',
        actor: this.actor,
        data: { kid, public_key },
      });
    }
  }

  /**
   * Makes a key the one that signs, and retires the one that did. Nothing happens when it signs already.
   * @param kid - on record or new; never a compromised one.
   * @throws {ConfigurationError} as `adopt`.
   */
  async activate(kid: string, publicKey: KeyObject): Promise<void> {
    const known = this.find(kid, publicKey);
    if (known?.state === 'active') return;
    if (known?.state === 'compromised') {
      throw new ConfigurationError(`The signing key ${kid} is compromised and must never sign again.`);
    }
    const public_key = publicJwk(kid, publicKey).x;
    const previous = this.keys.find(({ state }) => state === 'active');
    if (previous) {
      await this.tx.update(SigningKey, previous.kid, { state: 'retired', retired_at: now });
      await this.audit.append(this.tx, {
        type: 'signing_key.retired',
        actor: this.actor,
        data: { kid: previous.kid, replaced_by: kid },
      });
    }
    if (known) {
      await this.tx.update(SigningKey, kid, { state: 'active', activated_at: now, retired_at: null });
    } else {
      await this.insert({ kid, public_key, state: 'active', activated_at: now });
    }
    await this.audit.append(this.tx, {
      type: 'signing_key.activated',
      actor: this.actor,
      data: { kid, public_key },
    });
    this.keys = await this.tx.find(SigningKey);
  }

  private find(kid: string, publicKey: KeyObject): SigningKey | undefined {
    const { x } = publicJwk(kid, publicKey);
    const found = this.keys.find((key) => key.kid === kid || key.public_key === x);
    if (found && found.kid !== kid) {
      throw new ConfigurationError(
        `The key ${kid} in KEYS_DIR is the same as ${found.kid}: a key has one id. Remove the files of ${kid}.`,
      );
    }
    if (found && found.public_key !== x) {
      throw new ConfigurationError(
        `The key ${kid} in KEYS_DIR is not the one that the database knows as ${kid}: an id is never given to another key. Restore the right files, or choose another id for the new key.`,
      );
    }
    return found;
  }

  private async insert(key: QueryDeepPartialEntity<SigningKey>): Promise<void> {
    await this.tx.insert(SigningKey, { ...key, alg: 'EdDSA' });
    this.keys = await this.tx.find(SigningKey);
  }
}
