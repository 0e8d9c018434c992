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
import { sqlState, SqlState } from './postgres-errors';

const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 25;

function isWorthRetrying(error: unknown): boolean {
  const state = sqlState(error);
  return state === SqlState.serializationFailure || state === SqlState.deadlockDetected;
}

/** What happens in the transactions of some work besides the work itself. */
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
 * Whether transactions that are opened here run hooks. What they do is one request's own then, and can't be done
 * in one transaction with the work of others.
 */
export function hasTransactionHooks(): boolean {
  return hooksHere.getStore() !== undefined;
}

/**
 * Runs `work` in one transaction and commits; on an error all of it is undone. A deadlock or a serialization
 * failure runs the whole again, so `work` has no effects outside the database: those come after this returns.
 * @param work gets the transaction, which it hands on as first argument
 * @returns what `work` returned, once it is durable
 */
export async function transaction<T>(
  dataSource: DataSource,
  work: (tx: EntityManager) => Promise<T>,
): Promise<T> {
  const hooks = hooksHere.getStore();
  const whole = hooks === undefined ? work : within(hooks, work);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runOnce(dataSource, whole);
    } catch (error) {
      if (attempt === ATTEMPTS || !isWorthRetrying(error)) throw error;
      await pause(randomInt(1, LONGEST_PAUSE_MS * attempt));
    }
  }
}

/**
 * Of a connection that was lost between two statements TypeORM says only that it was released. Why it was lost, for
 * example by DB_IDLE_TX_TIMEOUT_MS, is what the driver was told: that is thrown instead.
 */
async function runOnce<T>(dataSource: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  let connection: EventEmitter | undefined;
  let loss: Error | undefined;
  const note = (error: Error): void => {
    loss ??= error;
  };
  try {
    return await dataSource.transaction(async (tx) => {
      connection = (await tx.queryRunner?.connect()) as EventEmitter | undefined;
      connection?.on('error', note);
      return work(tx);
    });
  } catch (error) {
    throw loss !== undefined && saysReleased(error) ? loss : error;
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

function within<T>(
  hooks: TransactionHooks,
  work: (tx: EntityManager) => Promise<T>,
): (tx: EntityManager) => Promise<T> {
  return async (tx) => {
    await hooks.begin(tx);
    const result = await work(tx);
    await hooks.beforeCommit(tx, result);
    return result;
  };
}
