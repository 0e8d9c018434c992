import type { Privileges } from '@aegis/database';

/** All that the application's role may do. What is not named here it can't touch; a test compares it with the schema. */
export const applicationPrivileges: Privileges = {
  tables: {
    schema_migrations: 'SELECT',
    customers: 'SELECT, INSERT, UPDATE',
    // Written by triggers of customers alone.
    customer_beginnings: 'SELECT',
    signing_keys: 'SELECT, INSERT, UPDATE',
    signing_replicas: 'SELECT, INSERT, UPDATE, DELETE',
    licenses: 'SELECT, INSERT, UPDATE',
    // A token stays what was recorded of it, except that it is superseded.
    license_tokens: 'SELECT, INSERT, UPDATE (superseded_at)',
    license_seats: 'SELECT, INSERT, UPDATE',
    // Whose it is, and when it came, stays; those that ended long ago are removed by activations_forget alone.
    activations: `SELECT, INSERT, UPDATE (name, last_seen_at, lease_ends_at, token_expires_at, offline_until, ended_at,
                                          ended_by, ended_reason, status_list, status_index)`,
    seat_days: 'SELECT, INSERT, UPDATE, DELETE',
    // Noted by a trigger of audit_logs, made of it by events_append, removed by events_forget.
    event_outbox: 'SELECT',
    events: 'SELECT',
    event_positions: 'SELECT',
    // One that was deleted is hidden, and removed by webhooks_forget with its deliveries.
    webhook_endpoints: 'SELECT, INSERT, UPDATE',
    // The sequence is raised by events_append alone, which also makes the deliveries. It goes with the endpoint.
    webhook_progress: 'SELECT, INSERT (endpoint_id), UPDATE (last_success_at, failing_since)',
    webhook_deliveries: `SELECT, UPDATE (state, failed_reason, due_at, holds_until, attempts, attempted_at, ended_at, status,
                                         error, latency_ms, answer)`,
    // Up to when it is silent is written by a trigger of licenses alone.
    expiry_notices: 'SELECT, INSERT (license_id, expires_at, given), UPDATE (expires_at, given)',
    expiry_notice_progress: 'SELECT, UPDATE (done_until)',
    status_index_key: 'SELECT',
    // No id, recorded_at or xact: those are the database's to say.
    audit_logs: `SELECT, INSERT (event_type, license_id, customer_id, module_name, api_key_id, actor, ip_address,
                                 user_agent, request_id, event_data, occurred_at)`,
    audit_address_horizon: 'SELECT',
    // Written by audit_append_checkpoint alone.
    audit_checkpoints: 'SELECT',
    audit_seals: 'SELECT',
    audit_unsealable: 'SELECT',
    audit_breaks: 'SELECT',
    audit_checkpoints_set_aside: 'SELECT',
    audit_seals_set_aside: 'SELECT',
    audit_drops: 'SELECT',
    audit_shipments: 'SELECT, INSERT, UPDATE',
    // That the database was restored it may say; that it is reconciled, only the owner.
    restores: 'SELECT, INSERT (begun_by, reason)',
    taken_over_records: 'SELECT, INSERT',
    import_counts: 'SELECT, INSERT, UPDATE, DELETE',
    api_keys: 'SELECT, INSERT, UPDATE',
    // When one was begun is the database's to say; a key's end ends its sessions by triggers of api_keys.
    sessions: `SELECT, INSERT (id, token_hash, api_key_id, expires_at, last_used_at), UPDATE (last_used_at), DELETE`,
    pepper_checks: 'SELECT, INSERT',
    secrets_key_checks: 'SELECT, INSERT',
    license_issuers: 'SELECT, INSERT',
    activity_counts: 'SELECT, INSERT, UPDATE, DELETE',
    validation_counts: 'SELECT, INSERT, UPDATE, DELETE',
    idempotency_keys: 'SELECT, INSERT, DELETE',
    statistics_counts: 'SELECT',
    statistics_deltas: 'SELECT',
    status_list_versions: 'SELECT',
    status_list_changes: 'SELECT',
  },
  sequences: ['audit_logs_id_seq', 'license_tokens_status_number_seq', 'activations_status_number_seq'],
  functions: [
    'audit_logs_make_partitions(integer)',
    'audit_logs_forget_addresses(integer)',
    'audit_checkpoint_claims(text)',
    'audit_checkpoint_size(text)',
    'audit_append_checkpoint(text,bigint[],bytea[])',
    'statistics_fold(integer)',
    'status_lists_fold(integer)',
    'activations_forget(integer)',
    'events_hold()',
    'events_append(bigint[],timestamp with time zone[],uuid[],text[],timestamp with time zone[],jsonb[])',
    'events_forget(integer,integer)',
    'webhooks_forget(integer)',
    'signing_keys_hold_alone()',
    'signing_keys_require_active(text[])',
    'callers_in_force(jsonb,jsonb)',
    'license_token_issuer(text)',
  ],
};
