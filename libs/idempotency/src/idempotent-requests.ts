import {
  type CallerInForce,
  requireCallerInForce,
  type TransactionHooks,
  withTransactionHooks,
} from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { KeyedRequest } from './keyed-request';
import { RememberedAnswers } from './remembered-answers';
import type { Reply } from './reply';

/** How the answers of a route are remembered. */
export interface Idempotence<Result = unknown> {
  /**
   * Id of the customer whose personal data is in the answer: removing the customer removes the answer. Absent if
   * answers have none.
   */
  readonly customerOf?: (result: Result) => string;
  /**
   * Throws if a caller must not get the answer of an earlier request, for another reason than a lost scope. Absent if
   * every caller of the route may get it.
   */
  readonly assertMayReplay?: (caller: CallerInForce) => void;
}

/** How a route carries out a request and what it answers. */
export interface Performance extends Idempotence {
  /** Runs the handler. */
  perform(): unknown;
  /** The answer to what the handler, and its transaction, returned. */
  replyTo(result: unknown): Reply;
}

/** Ends a transaction in which the answer of an earlier one was found. */
class AnsweredBefore extends Error {
  constructor(readonly reply: Reply) {
    super('answered before');
  }
}

/** Carries out each request that has an Idempotency-Key once, however often it is sent. */
@Injectable()
export class IdempotentRequests {
  constructor(
    private readonly dataSource: DataSource,
    private readonly answers: RememberedAnswers,
  ) {}

  /**
   * Answers what the first request with this key was answered, or carries the request out and remembers the answer
   * in the transaction of its work.
   * @throws RequestInProgress, IdempotencyKeyReused, AnswerUnreadable, ScopeLostSince, CallerRefused,
   * CallerNarrowed, and what `assertMayReplay` throws
   */
  async answer(keyed: KeyedRequest, performance: Performance): Promise<Reply> {
    // A first look, before the work, which may sign or call others; the look under the lock decides.
    const earlier = await this.answers.find(this.dataSource.manager, keyed);
    return earlier === undefined
      ? this.carryOut(keyed, performance)
      : this.replay(earlier, keyed, performance);
  }

  /** Judges the caller again, because no transaction of a change does it. */
  private async replay(earlier: Reply, { caller }: KeyedRequest, performance: Performance): Promise<Reply> {
    const inForce = await requireCallerInForce(this.dataSource, caller);
    if (inForce !== undefined) performance.assertMayReplay?.(inForce);
    return { body: earlier.body, headers: { ...earlier.headers, 'Idempotent-Replayed': 'true' } };
  }

  private async carryOut(keyed: KeyedRequest, performance: Performance): Promise<Reply> {
    let given: Reply | undefined;
    const hooks: TransactionHooks = {
      begin: async (tx) => {
        const earlier = await this.answers.claim(tx, keyed);
        if (earlier === undefined) return;
        if (given !== undefined) throw new Error('a request of an @Idempotent() route has one transaction');
        throw new AnsweredBefore(earlier);
      },
      beforeCommit: async (tx, result) => {
        const { body, headers } = performance.replyTo(result);
        given = { body, headers };
        await this.answers.remember(tx, keyed, given, performance.customerOf?.(result) ?? null);
      },
    };
    try {
      await withTransactionHooks(hooks, () => Promise.resolve(performance.perform()));
    } catch (error) {
      if (error instanceof AnsweredBefore) return this.replay(error.reply, keyed, performance);
      throw error;
    }
    if (given === undefined) throw new Error('an @Idempotent() route did its work outside of transaction()');
    return given;
  }
}
