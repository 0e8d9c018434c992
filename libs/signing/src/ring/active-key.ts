import { limitStatements, sqlState, SqlState } from '@aegis/database';
import { setTimeout as pause } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';

/** Raised by the database's function `signing_keys_require_active`. */
const NOT_ACTIVE = 'AE001';
/**
 * A process that waits for the lock blocks every writer of tokens behind it: it is better to ask often than to wait
 * long.
 */
const WAIT_MS = 200;
const PAUSE_MS = 100;
const PATIENCE_MS = 30_000;

/** A token was signed with a key that is no longer the active one: it is not on record, and must be signed again. */
export class SigningKeyChanged extends Error {
  override readonly name = 'SigningKeyChanged';
}

/**
 * SQL that binds the statement it is in, and its transaction, to the active key: until the commit no other key
 * becomes active.
 * @param kids SQL of type `text[]`: which keys signed
 * @returns an expression that is true, or fails the statement; `signingKeyChanged` recognises that error
 */
export function requiresActiveKey(kids: string): string {
  // In a scalar subquery it is evaluated once, not for each row.
  return `(SELECT signing_keys_require_active(${kids}))`;
}

/** Makes SigningKeyChanged of the database's refusal; any other error is left as it is. */
export function signingKeyChanged(error: unknown): unknown {
  return sqlState(error) === NOT_ACTIVE
    ? new SigningKeyChanged('The active signing key was changed.', { cause: error })
    : error;
}

/**
 * Keeps every token from being put on record until the transaction ends, and waits for those that are about to be.
 * @throws when they take more than half a minute
 */
export async function lockActiveKey(tx: EntityManager): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      // Within a transaction this is a savepoint: a wait without success undoes only itself.
      await tx.transaction(async (savepoint) => {
        await limitStatements(savepoint, { lockMs: WAIT_MS });
        await savepoint.query('SELECT signing_keys_hold_alone()');
      });
      return;
    } catch (error) {
      if (sqlState(error) !== SqlState.lockNotAvailable || performance.now() > deadline) throw error;
      await pause(PAUSE_MS);
    }
  }
}
