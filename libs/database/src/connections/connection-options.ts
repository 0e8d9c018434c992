import type { Environment } from '@aegis/config';
import type { ClientBase } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { VALUE_TYPES } from './moments';

/** What every session of the project works with, by the name of the setting. */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  synchronous_commit: 'on',
  // A temporary table is never found in the place of a table.
  search_path: 'public,pg_temp',
  // How values are written and read as text.
  extra_float_digits: '1',
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
};

/**
 * Limits that a role's own defaults could set, and that would end connections or statements; a connection may ask for
 * others.
 */
const SESSION_LIMITS: Readonly<Record<string, string>> = {
  // A library that does not exist refuses every connection.
  local_preload_libraries: '',
  // The pool keeps connections, and the listener waits on one for hours.
  idle_session_timeout: '0',
  client_connection_check_interval: '0',
  tcp_user_timeout: '0',
  // Who needs one sets its own.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/**
 * The startup parameter `options` of every connection that the project makes. A role may change its own defaults
 * (`ALTER ROLE`), and what is asked for at startup comes before those. `default_transaction_read_only` is left to the
 * database: it marks a server that must not be written to.
 */
export const SESSION_OPTIONS = Object.entries({ ...SESSION_SETTINGS, ...SESSION_LIMITS })
  .map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`)
  .join(' ');

/**
 * Of every connection: a peer that vanished while nothing is sent is noticed after some 20 seconds (Node asks ten times,
 * a second apart), not after the two hours that are the kernel's default.
 */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

/**
 * Of every pool. A connection that is lost while it is lent and no statement runs reports that to its listeners alone, and
 * an error without a listener ends the process. The pool takes its listener away when it lends, and the borrower adds
 * its own a moment later: where PostgreSQL ends a session right after an answer, both arrive in between. The borrower
 * loses nothing by this one: the next statement on the connection fails.
 */
export const SURVIVE_LOSS = {
  onConnect: (client: ClientBase): void => {
    client.on('error', () => undefined);
  },
} as const;

/** The part of the connection's options that every data source of the project shares. */
export function postgresOptions(
  url: string,
): { type: 'postgres' } & Pick<
  Extract<DataSourceOptions, { type: 'postgres' }>,
  'url' | 'uuidExtension' | 'installExtensions' | 'synchronize' | 'logging'
> {
  // pgcrypto makes TypeORM write gen_random_uuid(), which PostgreSQL has built in: no extension is installed.
  return {
    type: 'postgres',
    url,
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    synchronize: false,
    logging: false,
  };
}

/** How much later than the database itself the client gives up a statement, unless a setting says when. */
const DEADLINE_MARGIN_MS = 500;

/** Time-outs and size of the server's pool, from the settings. */
export function poolOptions(environment: Environment): Record<string, unknown> {
  return {
    max: environment.DB_POOL_SIZE,
    connectionTimeoutMillis: environment.DB_CONNECT_TIMEOUT_MS,
    statement_timeout: environment.DB_STATEMENT_TIMEOUT_MS,
    lock_timeout: environment.DB_LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: environment.DB_IDLE_TX_TIMEOUT_MS,
    // pg destroys a connection whose statement is not answered in time: nothing else waits behind it.
    query_timeout: environment.DB_DEADLINE_MS ?? environment.DB_STATEMENT_TIMEOUT_MS + DEADLINE_MARGIN_MS,
    ...KEEP_ALIVE,
    ...SURVIVE_LOSS,
    // Statements of one transaction that need nothing of each other may be sent together.
    pipeline: true,
    application_name: 'aegis',
    options: SESSION_OPTIONS,
    types: VALUE_TYPES,
  };
}
