import type { AuthenticatedKey } from '@aegis/access';
import { Peppers } from '@aegis/api-keys';
import { type Actor, AuditLog } from '@aegis/audit';
import { type CallerId, lockByIdSql, transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { BrowserSession } from './browser-session.entity';
import { isLive, LONGEST } from './session-times';
import { hashedTextOf, newSessionValue } from './session-value';
import { keyOfVisibleSessions, type SessionCaller } from './session-visibility';
import { FormerSecret, SessionNotFound } from './sessions.errors';

/** Sessions that a key can have at once; another one ends those that were unused for longest. */
const MOST_PER_KEY = 100;

/** Why a session ended before its time. */
type EndReason =
  /** Its own browser signed out. */
  | 'signed_out'
  /** Its own browser signed in again. */
  | 'replaced'
  /** Its key has opened too many others since. */
  | 'too_many'
  /** Somebody else ended it. */
  | 'ended';

/** A session, and the value of its cookie, which nobody can learn a second time. */
export interface OpenedSession {
  readonly session: BrowserSession;
  readonly value: string;
}

interface EndedSession {
  id: string;
  api_key_id: string;
}

function sessionAsCaller(id: string): CallerId {
  return { kind: 'session', id };
}

/** Opens, finds and ends sessions. */
@Injectable()
export class Sessions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly peppers: Peppers,
  ) {}

  /**
   * Opens a session of an API key, always with a new value.
   * @param key whose secret the caller has sent
   * @param former value of the cookie that the same browser has: that session ends
   * @throws FormerSecret for a secret in its grace
   */
  async open(actor: Actor, key: AuthenticatedKey, former: string | undefined): Promise<OpenedSession> {
    if (!key.hasCurrentSecret) throw new FormerSecret();
    const value = newSessionValue();
    const [hash] = this.peppers.hashesOf(hashedTextOf(value));
    const id = randomUUID();
    const replaced = former === undefined ? [] : await this.idsByValue(former);
    const surplus = (await this.surplusOf(key.id)).filter((one) => !replaced.includes(one));
    const open = async (
      tx: EntityManager,
      caller?: { hasCurrentSecret: boolean },
    ): Promise<BrowserSession> => {
      if (caller?.hasCurrentSecret === false) throw new FormerSecret();
      await this.remove(tx, actor, replaced, 'replaced');
      await this.remove(tx, actor, surplus, 'too_many');
      await tx.query(
        `INSERT INTO sessions (id, token_hash, api_key_id, expires_at, last_used_at)
         SELECT $1, $2, api_key.id, least(api_key.expires_at, moment.now + ${LONGEST}), moment.now
           FROM api_keys AS api_key, (SELECT clock_timestamp() AS now) AS moment WHERE api_key.id = $3`,
        [id, hash, key.id],
      );
      const session = await tx.findOneByOrFail(BrowserSession, { id });
      await this.audit.append(tx, {
        type: 'session.created',
        actor,
        data: { id, api_key_id: key.id, expires_at: session.expires_at },
      });
      return session;
    };
    const ending = [...replaced, ...surplus].map(sessionAsCaller);
    return { session: await transaction(this.dataSource, open, { ending }), value };
  }

  /**
   * @param caller who asks: it sees its own sessions, all with `api-keys:manage`
   * @throws SessionNotFound
   */
  async find(caller: SessionCaller, id: string): Promise<BrowserSession> {
    const rows = this.dataSource
      .createQueryBuilder(BrowserSession, 'session')
      .where(isLive('session'))
      .andWhere('session.id = :id', { id });
    const key = keyOfVisibleSessions(caller);
    if (key !== null) rows.andWhere('session.api_key_id = :key', { key });
    const session = await rows.getOne();
    if (session === null) throw new SessionNotFound(id);
    return session;
  }

  /**
   * Ends a session: once this returns it is refused everywhere, and changes nothing any longer.
   * @param caller who ends it: one of its own, or with `api-keys:manage` any
   * @throws SessionNotFound
   */
  async end(actor: Actor, caller: AuthenticatedKey, id: string): Promise<void> {
    await this.find(caller, id);
    const reason = caller.sessionId === id ? 'signed_out' : 'ended';
    const end = async (tx: EntityManager): Promise<void> => {
      const ended = await this.remove(tx, actor, [id], reason);
      if (ended === 0) throw new SessionNotFound(id);
    };
    await transaction(this.dataSource, end, { ending: [sessionAsCaller(id)] });
  }

  private async idsByValue(value: string): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      'SELECT id FROM sessions WHERE token_hash = ANY ($1::bytea[]) ORDER BY id',
      [this.peppers.hashesOf(hashedTextOf(value))],
    );
    return rows.map(({ id }) => id);
  }

  /** Sessions of a key that leave no place for another one. */
  private async surplusOf(keyId: string): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `SELECT id FROM sessions WHERE api_key_id = $1 ORDER BY last_used_at DESC, id OFFSET $2`,
      [keyId, MOST_PER_KEY - 1],
    );
    return rows.map(({ id }) => id);
  }

  /** @returns how many there were */
  private async remove(
    tx: EntityManager,
    actor: Actor,
    ids: readonly string[],
    reason: EndReason,
  ): Promise<number> {
    if (ids.length === 0) return 0;
    const [ended] = await tx.query<[EndedSession[], number]>(
      `WITH locked AS (
         ${lockByIdSql({ columns: 'id', table: 'sessions', strength: 'UPDATE' })}
       )
       DELETE FROM sessions WHERE id IN (SELECT id FROM locked) RETURNING id, api_key_id`,
      [ids],
    );
    if (ended.length > 0)
      await this.audit.append(
        tx,
        ...ended.map(({ id, api_key_id }) => ({
          type: 'session.ended' as const,
          actor,
          data: { id, api_key_id, reason },
        })),
      );
    return ended.length;
  }
}
