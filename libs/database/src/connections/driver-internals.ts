/**
 * Everything of TypeORM and pg that we use although it is not documented, in one place: `driver-internals.spec.ts` says
 * which of it an upgrade broke.
 */
import type { EventEmitter } from 'node:events';
import type { ClientBase, Pool } from 'pg';
import type { DataSource } from 'typeorm';
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
