import type { EntityManager, FindManyOptions, FindOptionsWhere, ObjectLiteral } from 'typeorm';

/**
 * What a lock of rows prevents until the transaction ends (PostgreSQL, "Row-Level Locks"):
 *
 * - `UPDATE`: every change, and every other lock.
 * - `NO KEY UPDATE`: every change, but rows that refer to them can still be written.
 * - `SHARE`: every change; others may share it.
 */
export type LockStrength = 'UPDATE' | 'NO KEY UPDATE' | 'SHARE';

/** A query that locks rows by their ids. */
export interface LockById {
  /** Columns to read, as in SELECT. */
  columns: string;
  table: string;
  /** The table's key; `id` unless given. */
  key?: string;
  strength: LockStrength;
  /** SQL condition besides the ids; no parameters. */
  where?: string;
  /** Leaves out rows that another transaction has locked, instead of waiting for them. */
  skipLocked?: true;
}

/**
 * SQL that locks rows in the order of their ids, so that two transactions that lock some of the same rows wait for
 * each other and never deadlock. `$1` is the list of ids.
 */
export function lockByIdSql({ columns, table, key = 'id', strength, where, skipLocked }: LockById): string {
  const condition = where === undefined ? '' : ` AND ${where}`;
  const waiting = skipLocked ? ' SKIP LOCKED' : '';
  return `SELECT ${columns} FROM ${table} WHERE ${key} = ANY($1)${condition} ORDER BY ${key} FOR ${strength}${waiting}`;
}

/**
 * Locks one row against every other change until the transaction ends.
 * @param entity whose key is `id`
 * @returns the row as it is once the lock is held; null when there is none
 */
export function lockRow<Entity extends ObjectLiteral>(
  tx: EntityManager,
  entity: new () => Entity,
  where: FindOptionsWhere<Entity>,
): Promise<Entity | null> {
  return tx.findOne(entity, { where, lock: { mode: 'pessimistic_write' } });
}

/**
 * Locks rows against every other change until the transaction ends, in the order of their ids, as `lockByIdSql` does.
 * @param entity whose key is `id`
 */
export function lockRows<Entity extends ObjectLiteral & { id: string }>(
  tx: EntityManager,
  entity: new () => Entity,
  options: Pick<FindManyOptions<Entity>, 'select' | 'where'>,
): Promise<Entity[]> {
  const order = { id: 'ASC' } as FindManyOptions<Entity>['order'];
  return tx.find(entity, { ...options, order, lock: { mode: 'pessimistic_write' } });
}
