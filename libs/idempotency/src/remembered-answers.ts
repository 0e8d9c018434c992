import { Environment, type VersionedSecret, readVersionedSecrets } from '@aegis/config';
import { nearestMoment } from '@aegis/field-rules';
import { Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { grants, type Scope } from '@aegis/access';
import { AnswerSeal } from './answer-seal';
import {
  AnswerUnreadable,
  IdempotencyKeyReused,
  RequestInProgress,
  ScopeLostSince,
} from './idempotency.errors';
import type { KeyedRequest } from './keyed-request';
import type { Reply } from './reply';

interface Row {
  request_hash: Buffer;
  pepper_version: string;
  answer: Buffer;
  is_fresh: boolean;
}

/** What is encrypted: the answer, and what its caller was allowed to do. */
interface Remembered {
  reply: Reply;
  scopes: Scope[];
}

/** Answers by Idempotency-Key, for 24 hours; the database sees neither keys nor answers in the clear. */
@Injectable()
export class RememberedAnswers {
  private readonly peppers: readonly VersionedSecret[];

  constructor({ API_KEY_PEPPERS }: Environment) {
    this.peppers = readVersionedSecrets(API_KEY_PEPPERS);
  }

  /**
   * What the first request with this key was answered, as far as that is known without a lock.
   * @returns undefined when there was none within 24 hours
   * @throws IdempotencyKeyReused, AnswerUnreadable, ScopeLostSince
   */
  async find(manager: EntityManager, request: KeyedRequest): Promise<Reply | undefined> {
    const row = await this.row(manager, request);
    return row?.is_fresh ? this.read(row, request) : undefined;
  }

  /**
   * The same, and from now on no other request with this key gets here until the transaction ends.
   * @throws RequestInProgress at once, where another one is here already; else as `find`
   */
  async claim(tx: EntityManager, request: KeyedRequest): Promise<Reply | undefined> {
    const { keyHash } = request;
    const [lock] = await tx.query<{ taken: boolean }[]>('SELECT pg_try_advisory_xact_lock($1, $2) AS taken', [
      keyHash.readInt32BE(0),
      keyHash.readInt32BE(4),
    ]);
    if (!lock?.taken) throw new RequestInProgress();
    // A separate statement: it sees what was committed before the lock was free.
    const row = await this.row(tx, request);
    if (row?.is_fresh) return this.read(row, request);
    if (row) await tx.query('DELETE FROM idempotency_keys WHERE key_hash = $1', [keyHash]);
    return undefined;
  }

  /**
   * Remembers an answer in the transaction of the work that it speaks of.
   * @param tx has claimed the key, and found no answer
   * @param customerId whose personal data is in the answer
   */
  async remember(
    tx: EntityManager,
    request: KeyedRequest,
    reply: Reply,
    customerId: string | null,
  ): Promise<void> {
    const [pepper] = this.peppers;
    if (pepper === undefined) throw new Error('there must be a pepper');
    const seal = new AnswerSeal(pepper.secret, request.caller.id, request.idempotencyKey);
    const requestHash = seal.recognise(request.text);
    const remembered: Remembered = { reply, scopes: [...request.caller.scopes] };
    const answer = seal.close(JSON.stringify(remembered), rowOf(request.keyHash, requestHash));
    await tx.query(
      `INSERT INTO idempotency_keys (key_hash, request_hash, pepper_version, answer, customer_id)
       VALUES ($1, $2, $3, $4, $5)`,
      [request.keyHash, requestHash, pepper.version, answer, customerId],
    );
  }

  private async row(manager: EntityManager, { keyHash }: KeyedRequest): Promise<Row | undefined> {
    const [row] = await manager.query<Row[]>(
      `SELECT request_hash, pepper_version, answer, created_at > clock_timestamp() - interval '24 hours' AS is_fresh
       FROM idempotency_keys WHERE key_hash = $1`,
      [keyHash],
    );
    return row;
  }

  private read(row: Row, { caller, idempotencyKey, keyHash, text }: KeyedRequest): Reply {
    const pepper = this.peppers.find(({ version }) => version === row.pepper_version);
    if (pepper === undefined) throw new AnswerUnreadable();
    const seal = new AnswerSeal(pepper.secret, caller.id, idempotencyKey);
    if (!timingSafeEqual(seal.recognise(text), row.request_hash)) throw new IdempotencyKeyReused();
    const { reply, scopes } = JSON.parse(
      seal.open(row.answer, rowOf(keyHash, row.request_hash)),
    ) as Remembered;
    // What the request itself asked for may have taken more scopes than its route: none may be gone.
    const lost = scopes.filter((scope) => !grants(caller.scopes, scope));
    if (lost.length > 0) throw new ScopeLostSince(lost);
    return { ...reply, body: withWritableMoments('', reply.body) };
  }
}

/** Fields whose members have names of anybody's choice, and were in no answer of those versions. */
const FREE_NAMES: ReadonlySet<string> = new Set(['entitlements']);

/** Earlier versions remembered times after the year 9999, as ECMAScript writes them; RFC 3339 has no such form. */
function withWritableMoments(name: string, value: unknown): unknown {
  if (FREE_NAMES.has(name)) return value;
  if (Array.isArray(value)) return value.map((item) => withWritableMoments('', item));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => [field, withWritableMoments(field, inner)]),
    );
  if (typeof value !== 'string' || !/_(?:at|until|after)$/.test(name) || !/^[+-]\d{6}-/.test(value))
    return value;
  const time = Date.parse(value);
  return Number.isNaN(time) ? value : nearestMoment(time).toISOString();
}

function rowOf(keyHash: Buffer, requestHash: Buffer): Buffer {
  return Buffer.concat([keyHash, requestHash]);
}

/** Removes the remembered answers that hold personal data of a customer, as part of the customer's removal. */
export async function forgetAnswersAbout(tx: EntityManager, customerId: string): Promise<void> {
  await tx.query('DELETE FROM idempotency_keys WHERE customer_id = $1', [customerId]);
}

/**
 * How many answers that can still be asked for depend on which pepper.
 * @returns for each version the number of answers, and when the last of them is forgotten
 */
export function rememberedAnswersByPepper(
  manager: EntityManager,
): Promise<{ version: string; count: number; until: Date }[]> {
  return manager.query(
    `SELECT pepper_version AS version, count(*)::integer AS count, max(created_at) + interval '24 hours' AS until
     FROM idempotency_keys WHERE created_at > clock_timestamp() - interval '24 hours' GROUP BY pepper_version`,
  );
}
