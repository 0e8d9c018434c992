/** SQL: which PostgreSQL cluster and database this is, as a text. Numbers of transactions mean nothing in any other. */
export const THIS_CLUSTER = `(
  SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
  FROM pg_control_system())`;
