/** Time-outs of the database that a machine which others share does not reach: being slow is not an outage. */
export const PATIENCE = {
  DB_ACQUIRE_TIMEOUT_MS: '30000',
  DB_CONNECT_TIMEOUT_MS: '30000',
  DB_STATEMENT_TIMEOUT_MS: '30000',
  DB_LOCK_TIMEOUT_MS: '30000',
  DB_IDLE_TX_TIMEOUT_MS: '30000',
} as const;
