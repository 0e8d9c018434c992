/**
 * Everything of TypeORM and pg that we use although it is not documented, in one place: `driver-internals.spec.ts` says
 * which of it an upgrade broke.
 */
import type { EventEmitter } from 'node:events';
import type { ClientBase, Pool, PoolClient } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';

/** The pool of pg that a data source of TypeORM uses. */
export function poolOf({ driver }: DataSource): Pool {
  return (driver as PostgresDriver).master as Pool;
}

/**
 * Calls back for each error that PostgreSQL reports on a connection, no matter which caller asked.
 * @param listener gets the SQLSTATE, where there is one
 */
export function onReportedError(client: ClientBase, listener: (sqlState: string | undefined) => void): void {
  const { connection } = client as ClientBase & { connection: EventEmitter };
  connection.on('errorMessage', ({ code }: { code?: string }) => {
    listener(code);
  });
}

/** The connection that a transaction of TypeORM runs on. */
export async function clientOf({ queryRunner }: EntityManager): Promise<PoolClient> {
  if (queryRunner === undefined) throw new Error('There is no transaction.');
  return (await queryRunner.connect()) as PoolClient;
}

interface WithAnswerTimeout {
  /** What pg reads for each statement, in milliseconds; 0, false or undefined is no limit. */
  connectionParameters: { query_timeout?: number | false };
}
/** By connection: what it had before. */
const usualTimeouts = new WeakMap<ClientBase, number | false | undefined>();
const watched = new WeakSet<Pool>();

/**
 * Changes how long statements on a connection wait for their answers, until it is given back to its pool.
 * @param milliseconds 0 is no limit
 */
export function setAnswerTimeout(pool: Pool, client: PoolClient, milliseconds: number): void {
  const { connectionParameters } = client as PoolClient & WithAnswerTimeout;
  if (!usualTimeouts.has(client)) usualTimeouts.set(client, connectionParameters.query_timeout);
  connectionParameters.query_timeout = milliseconds;
  if (watched.has(pool)) return;
  watched.add(pool);
  pool.on('release', (_error, released) => {
    if (!usualTimeouts.has(released)) return;
    (released as PoolClient & WithAnswerTimeout).connectionParameters.query_timeout =
      usualTimeouts.get(released);
    usualTimeouts.delete(released);
  });
}

type OnClient = Parameters<Pool['connect']>[0];

/**
 * Limits how long anyone waits for a connection of a pool while all are in use. The pool's own limit is for new
 * connections, which may take longer.
 * @param milliseconds after which the wait is rejected as the pool itself does
 */
export function limitWaiting(pool: Pool, milliseconds: number): void {
  const connect = pool.connect.bind(pool) as (callback: OnClient) => void;
  const waiting = (callback: OnClient): void => {
    if (pool.totalCount < pool.options.max || pool.idleCount > pool.waitingCount) {
      connect(callback);
      return;
    }
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      callback(new Error('timeout exceeded when trying to connect'), undefined, () => undefined);
    }, milliseconds);
    connect((error, client, release) => {
      clearTimeout(timer);
      if (!isOver) callback(error, client, release);
      else if (client !== undefined) release();
    });
  };
  // TypeORM and `pool.query` give a callback; without one the pool answers by a promise.
  pool.connect = ((callback?: OnClient) => {
    if (callback !== undefined) {
      waiting(callback);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      waiting((error, client) => {
        if (client === undefined) reject(error ?? new Error('The pool gave no connection.'));
        else resolve(client);
      });
    });
  }) as Pool['connect'];
}
