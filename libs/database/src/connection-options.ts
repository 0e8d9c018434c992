import type { Environment } from '@aegis/config';
import type { DataSourceOptions } from 'typeorm';

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

/** Time-outs and size of the server's pool, from the settings. */
export function poolOptions(environment: Environment): Record<string, unknown> {
  return {
    max: environment.DB_POOL_SIZE,
    connectionTimeoutMillis: environment.DB_CONNECT_TIMEOUT_MS,
    statement_timeout: environment.DB_STATEMENT_TIMEOUT_MS,
    lock_timeout: environment.DB_LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: environment.DB_IDLE_TX_TIMEOUT_MS,
    keepAlive: true,
    // Statements of one transaction that need nothing of each other may be sent together.
    pipeline: true,
    application_name: 'aegis',
  };
}
