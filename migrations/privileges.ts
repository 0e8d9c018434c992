import type { Privileges } from '@aegis/database';

/** All that the application's role may do. What is not named here it can't touch; a test compares it with the schema. */
export const applicationPrivileges: Privileges = {
  tables: {
    schema_migrations: 'SELECT',
    customers: 'SELECT, INSERT, UPDATE',
    signing_keys: 'SELECT, INSERT, UPDATE',
    signing_replicas: 'SELECT, INSERT, UPDATE, DELETE',
    licenses: 'SELECT, INSERT, UPDATE',
    license_tokens: 'SELECT, INSERT, UPDATE',
    status_index_key: 'SELECT',
    audit_logs: 'SELECT, INSERT',
    audit_address_horizon: 'SELECT',
    audit_checkpoints: 'SELECT, INSERT',
    audit_seals: 'SELECT, INSERT',
    audit_shipments: 'SELECT, INSERT, UPDATE',
    taken_over_records: 'SELECT, INSERT',
    api_keys: 'SELECT, INSERT, UPDATE',
    validation_counts: 'SELECT, INSERT, UPDATE, DELETE',
    idempotency_keys: 'SELECT, INSERT, DELETE',
    statistics_counts: 'SELECT',
    statistics_deltas: 'SELECT',
    status_list_versions: 'SELECT',
    status_list_changes: 'SELECT',
  },
  sequences: ['audit_logs_id_seq', 'license_tokens_status_number_seq'],
  functions: [
    'audit_logs_make_partitions(integer)',
    'audit_logs_forget_addresses(integer)',
    'statistics_fold(integer)',
    'status_lists_fold(integer)',
    'signing_keys_hold_alone()',
    'signing_keys_require_active(text[])',
  ],
};
