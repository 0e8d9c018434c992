import { sqlState, SqlState } from '@aegis/database';
import { setTimeout as pause } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';

/** Shorter than the application waits for a lock: writers queue behind one that a migration waits for. */
const LOCK_TIMEOUT_MS = 300;
const ATTEMPTS = 50;

/**
 * Runs a statement that locks a table for a moment, in a transaction of its own: tries again rather than let writers
 * queue behind a lock that is long in coming. In a transaction that is open, it fails, and the transaction can be tried again.
 */
export async function withShortLock(runner: QueryRunner, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // One query of several statements is one transaction.
      await runner.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; ${statement}`);
      return;
    } catch (error) {
      const isLast = attempt === ATTEMPTS || runner.isTransactionActive;
      if (isLast || sqlState(error) !== SqlState.lockNotAvailable) throw error;
      await pause(LOCK_TIMEOUT_MS);
    }
  }
}
