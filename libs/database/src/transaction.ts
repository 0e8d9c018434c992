import { currentRequest } from '@aegis/logging';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type DataSource,
  type EntityManager,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import { type CallerId, type CallerInForce, requireCallerInForce } from './callers';
import { OutcomeUnknown } from './outcome-unknown';
import { mayHaveCommitted, sqlState, SqlState } from './postgres-errors';

const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 25;

function isWorthRetrying(error: unknown): boolean {
  const state = sqlState(error);
  return state === SqlState.serializationFailure || state === SqlState.deadlockDetected;
}

/** What happens in transactions in addition to their work. */
export interface TransactionHooks {
  /** Before the work; what it throws ends the transaction with nothing done. */
  begin(tx: EntityManager): Promise<void>;
  /**
   * After the work, before the commit: what it writes is durable if and only if the work is.
   * @param result what the work returned
   */
  beforeCommit(tx: EntityManager, result: unknown): Promise<void>;
}

const hooksHere = new AsyncLocalStorage<TransactionHooks>();

/**
 * Runs something whose transactions, however deep they are opened, run these hooks. Retries run them again.
 * @param run its transactions need not know of the hooks
 */
export function withTransactionHooks<T>(hooks: TransactionHooks, run: () => Promise<T>): Promise<T> {
  return hooksHere.run(hooks, run);
}

/**
 * Whether transactions that are opened here run hooks. Then they belong to one request, and can't be shared with the
 * work of others.
 */
export function hasTransactionHooks(): boolean {
  return hooksHere.getStore() !== undefined;
}

/** What a transaction does besides its work. */
export interface TransactionOptions {
  /** Callers whose credentials it changes or ends: their current changes finish before it, later ones see it. */
  readonly ending?: readonly CallerId[];
}

/**
 * Runs `work` in one transaction and commits; on an error all of it is undone. After a deadlock or a serialization
 * failure the whole transaction runs again, so `work` must have no effects outside of the database: those come after
 * this returns. First, the caller of the request is judged again; it can't be changed until the transaction ends.
 * @param work gets the transaction, which it passes on as first argument, and the caller as it is now
 * @returns what `work` returned, once it is durable
 * @throws CallerRefused, CallerNarrowed; OutcomeUnknown if the commit was sent and not answered
 */
export async function transaction<T>(
  dataSource: DataSource,
  work: (tx: EntityManager, caller: CallerInForce | undefined) => Promise<T>,
  { ending = [] }: TransactionOptions = {},
): Promise<T> {
  const hooks = hooksHere.getStore();
  const caller = currentRequest()?.caller;
  return repeated(dataSource, async (tx) => {
    const inForce = await requireCallerInForce(tx, caller, ending);
    await hooks?.begin(tx);
    const result = await work(tx, inForce);
    await hooks?.beforeCommit(tx, result);
    return result;
  });
}

/**
 * As `transaction`, for work of several requests at once: it runs for none of them, so that no caller is judged. Where
 * it changes something, `work` judges the callers of all of them (`judgeCallers`).
 */
export function sharedTransaction<T>(
  dataSource: DataSource,
  work: (tx: EntityManager) => Promise<T>,
): Promise<T> {
  return repeated(dataSource, work);
}

async function repeated<T>(dataSource: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(dataSource, work);
    } catch (error) {
      if (attempt === ATTEMPTS || !isWorthRetrying(error)) throw error;
      await pause(randomInt(1, LONGEST_PAUSE_MS * attempt));
    }
  }
}

/**
 * Of a connection that was lost between two statements TypeORM says only that it was released. Why it was lost, for
 * example by DB_IDLE_TX_TIMEOUT_MS, is what the driver reported: that is thrown instead.
 */
async function runOnce<T>(dataSource: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  let connection: EventEmitter | undefined;
  let loss: Error | undefined;
  const commit = { isSent: false };
  const note = (error: Error): void => {
    loss ??= error;
  };
  try {
    return await dataSource.transaction(async (tx) => {
      connection = (await tx.queryRunner?.connect()) as EventEmitter | undefined;
      connection?.on('error', note);
      const result = await work(tx);
      commit.isSent = true;
      return result;
    });
  } catch (error) {
    const reason = loss !== undefined && saysReleased(error) ? loss : error;
    throw commit.isSent && mayHaveCommitted(reason) ? new OutcomeUnknown(reason) : reason;
  } finally {
    connection?.off('error', note);
  }
}

function saysReleased(error: unknown): boolean {
  return (
    error instanceof QueryRunnerAlreadyReleasedError ||
    error instanceof QueryRunnerProviderAlreadyReleasedError
  );
}
