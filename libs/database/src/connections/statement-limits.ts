import type { EntityManager } from 'typeorm';
import { clientOf, poolOf, setAnswerTimeout } from './driver-internals';

/**
 * How much later than the database itself the client gives up a statement: a peer that vanished ends nothing, and TCP
 * gives up only after a quarter of an hour.
 */
export const ANSWER_MARGIN_MS = 10_000;

/** Limits of the statements of one transaction, in milliseconds; 0 is no limit. */
export interface StatementLimits {
  statementMs?: number;
  lockMs?: number;
  idleInTransactionMs?: number;
}

/**
 * Gives the statements of a transaction, from the next one to its end, other limits than the pool's. The client's own
 * waiting time follows from the limit of statements: if the limit is set in another way, the client does not wait long
 * enough.
 */
export async function limitStatements(
  tx: EntityManager,
  { statementMs, lockMs, idleInTransactionMs }: StatementLimits,
): Promise<void> {
  const settings = Object.entries({
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
  }).filter(([, value]) => value !== undefined);
  if (statementMs !== undefined)
    setAnswerTimeout(
      poolOf(tx.dataSource),
      await clientOf(tx),
      statementMs === 0 ? 0 : statementMs + ANSWER_MARGIN_MS,
    );
  await tx.query(
    'SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS wanted (name, value)',
    [settings.map(([name]) => name), settings.map(([, value]) => String(value))],
  );
}
