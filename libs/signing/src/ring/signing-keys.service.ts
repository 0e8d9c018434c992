import type { KeyObject } from 'node:crypto';
import { type Actor, AuditLog } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SigningKeyRegister } from './signing-key-register';
import { SigningKey } from './signing-key.entity';
import { SigningKeyConflict } from '../signing.errors';
import { MOST_REPLICAS, SigningReplicas } from './signing-replicas';

/** Options for what is not safe. */
export interface Force {
  /** For a leak at night: replicas that lack the key refuse to issue until they have it. */
  force: boolean;
}

export interface Compromise extends Force {
  /** What was recorded up to then still counts; null: nothing does. */
  after: Date | null;
  /** The key that signs from then on, where the compromised one does. */
  successor: string | null;
}

/** A change, and what it had to pass over. */
export interface Changed {
  key: SigningKey;
  /** False: nothing had to be changed. */
  changed: boolean;
  /** Live replicas that can't sign with the key that is active now, by name. */
  skipped: string[];
}

/** What operators do with signing keys; each change is recorded, and every replica follows it at once. */
@Injectable()
export class SigningKeys {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly replicas: SigningReplicas,
  ) {}

  /** Every key on record, oldest first. */
  list(): Promise<SigningKey[]> {
    return this.dataSource.manager.find(SigningKey, { order: { created_at: 'ASC', kid: 'ASC' } });
  }

  /**
   * Puts a new key on record as pending: it is published, and does not sign yet.
   * @throws ConfigurationError when its id or its public half is on record otherwise; SigningKeyConflict when compromised
   */
  publish(actor: Actor, kid: string, publicKey: KeyObject): Promise<Changed> {
    return this.change(actor, async (register) => {
      const before = register.find(kid, publicKey);
      if (before?.state === 'compromised')
        throw new SigningKeyConflict(`The signing key ${kid} is compromised.`);
      return { key: await register.publish(kid, publicKey), changed: !before, skipped: [] };
    });
  }

  /**
   * Puts the key of another server on record as retired: what it signed verifies, and it does not sign here.
   * @throws ConfigurationError when its id or its public half is on record otherwise; SigningKeyConflict when compromised
   */
  adopt(actor: Actor, kid: string, publicKey: KeyObject): Promise<Changed> {
    return this.change(actor, async (register) => {
      const before = register.find(kid, publicKey);
      if (before) return { key: usable(register, kid), changed: false, skipped: [] };
      await register.adopt(new Map([[kid, publicKey]]));
      return { key: onRecord(register, kid), changed: true, skipped: [] };
    });
  }

  /**
   * Makes a key the one that signs; the one that did is retired.
   * @throws SigningKeyConflict when it is unknown or compromised or, unless forced, a live replica can't sign with it
   */
  activate(actor: Actor, kid: string, { force }: Force): Promise<Changed> {
    return this.change(actor, async (register, tx) => {
      const before = usable(register, kid);
      if (before.state === 'active') return { key: before, changed: false, skipped: [] };
      const skipped = await this.lacking(tx, kid, force);
      await register.activate(kid, skipped.length > 0 ? { skipped_replicas: skipped } : {});
      return { key: onRecord(register, kid), changed: true, skipped };
    });
  }

  /**
   * Takes a pending key out of use.
   * @throws SigningKeyConflict when it is unknown, compromised, or signs
   */
  retire(actor: Actor, kid: string): Promise<Changed> {
    return this.change(actor, async (register) => {
      const { state } = usable(register, kid);
      if (state === 'active')
        throw new SigningKeyConflict(
          `The signing key ${kid} is active: activate its successor, which retires it. Without one nothing could be issued.`,
        );
      if (state === 'pending') await register.retire(kid);
      return { key: onRecord(register, kid), changed: state === 'pending', skipped: [] };
    });
  }

  /**
   * Withdraws trust in a key, permanently. If it is already compromised, more trust may be withdrawn, but none
   * restored.
   * @throws SigningKeyConflict when it is unknown, would be trusted more, is in the future, or signs and has neither
   *   a successor nor is forced; as `activate` for the successor
   */
  compromise(actor: Actor, kid: string, { after, successor, force }: Compromise): Promise<Changed> {
    return this.change(actor, async (register, tx) => {
      const before = onRecord(register, kid);
      const changed = await assertWithdraws(tx, before, after);
      if (before.state === 'active' && successor === null && !force)
        throw new SigningKeyConflict(
          `The signing key ${kid} is active: name its successor (--activate <kid>), or --force it; nothing can be issued then until another key is activated.`,
        );
      if (successor !== null && usable(register, successor).kid === kid)
        throw new SigningKeyConflict('A compromised key cannot succeed itself.');
      const activates = successor !== null && register.active?.kid !== successor;
      const skipped = activates ? await this.lacking(tx, successor, force) : [];
      if (changed)
        await register.compromise(kid, after, successor === null ? {} : { replaced_by: successor });
      if (activates)
        await register.activate(successor, skipped.length > 0 ? { skipped_replicas: skipped } : {});
      return { key: onRecord(register, kid), changed: changed || activates, skipped };
    });
  }

  private change(
    actor: Actor,
    work: (register: SigningKeyRegister, tx: EntityManager) => Promise<Changed>,
  ): Promise<Changed> {
    return transaction(this.dataSource, async (tx) =>
      work(await SigningKeyRegister.hold(tx, this.audit, actor), tx),
    );
  }

  /** Names of the live replicas that can't sign with a key. */
  private async lacking(tx: EntityManager, kid: string, force: boolean): Promise<string[]> {
    const live = await this.replicas.live(tx);
    const names = live.filter(({ kids }) => !kids.includes(kid)).map(({ name }) => name);
    // Rows that somebody made up must not take the place of a server that lacks the key.
    if (live.length >= MOST_REPLICAS) names.push(`others: more than ${MOST_REPLICAS} report themselves`);
    if (names.length > 0 && !force)
      throw new SigningKeyConflict(
        `These servers can't sign with ${kid} yet: ${names.join(', ')}. Give them its private key, and try again in some seconds; with --force they refuse to issue until they have it.`,
      );
    return names;
  }
}

/** The keys that a name can mean, for anyone who mistyped one. */
export function keysOnRecord(keys: readonly Pick<SigningKey, 'kid' | 'state'>[]): string {
  if (keys.length === 0) return 'there are none';
  return `there are ${keys.map(({ kid, state }) => `${kid} (${state})`).join(', ')}`;
}

function onRecord(register: SigningKeyRegister, kid: string): SigningKey {
  const key = register.known.find((one) => one.kid === kid);
  if (!key)
    throw new SigningKeyConflict(
      `No signing key ${kid} is on record; ${keysOnRecord(register.known)}. Record a new key with \`aegis keys publish ${kid}\`.`,
    );
  return key;
}

function usable(register: SigningKeyRegister, kid: string): SigningKey {
  const key = onRecord(register, kid);
  if (key.state === 'compromised')
    throw new SigningKeyConflict(`The signing key ${kid} is permanently compromised: it never signs again.`);
  return key;
}

/** @returns whether anything changes */
async function assertWithdraws(
  tx: EntityManager,
  { kid, state, compromised_after: before }: SigningKey,
  after: Date | null,
): Promise<boolean> {
  const [row] = await tx.query<{ future: boolean }[]>(
    'SELECT coalesce($1::timestamptz > clock_timestamp(), false) AS future',
    [after],
  );
  if (row?.future === true)
    throw new SigningKeyConflict('The time up to which its tokens stay valid is in the future.');
  if (state !== 'compromised' || after?.getTime() === before?.getTime()) return state !== 'compromised';
  if (after !== null && (before === null || after > before))
    throw new SigningKeyConflict(
      `The signing key ${kid} is compromised ${before ? `after ${before.toISOString()}` : 'entirely'}: withdrawn trust is never restored.`,
    );
  return true;
}
