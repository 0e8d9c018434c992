import type { MigrationInterface, QueryRunner } from 'typeorm';
import { withShortLock } from './short-lock';

/** By table: a text that a process reads must not be long enough to end it. At or above what the server writes. */
const BOUNDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  audit_logs: {
    // The texts as they are stored may be compressed: their lengths are those of the values.
    audit_logs_bounded: `octet_length(event_type) <= 128 AND octet_length(actor) <= 1024
      AND octet_length(customer_id) <= 1024 AND octet_length(module_name) <= 1024
      AND octet_length(api_key_id) <= 1024 AND octet_length(request_id) <= 1024
      AND octet_length(user_agent) <= 2000 AND octet_length(event_data::text) <= 65536`,
    audit_logs_occurred_at_finite: `occurred_at >= '0001-01-01T00:00:00Z' AND occurred_at < '10000-01-01T00:00:00Z'`,
  },
  signing_replicas: {
    signing_replicas_bounded: `octet_length(name) <= 1024 AND octet_length(kids::text) <= 65536`,
  },
  audit_shipments: {
    audit_shipments_bounded: `octet_length(sink) <= 16384 AND octet_length(acknowledged_hash) <= 128`,
  },
  api_keys: {
    api_keys_bounded: `octet_length(scopes::text) <= 4096 AND octet_length(prefix) <= 128
      AND octet_length(pepper_version) <= 1024 AND octet_length(previous_pepper_version) <= 1024
      AND octet_length(created_by) <= 1024`,
  },
};

/**
 * Bounds the texts that the application's role writes and every process reads. Rows that are there already are not
 * checked: nobody can keep an upgrade from running by what he wrote before.
 */
export class BoundWhatIsWritten1764180060000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, constraints] of Object.entries(BOUNDS))
      for (const [name, rule] of Object.entries(constraints))
        await withShortLock(
          runner,
          `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${name}, ADD CONSTRAINT ${name} CHECK (${rule}) NOT VALID`,
        );
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, constraints] of Object.entries(BOUNDS))
      for (const name of Object.keys(constraints))
        await withShortLock(runner, `ALTER TABLE public.${table} DROP CONSTRAINT IF EXISTS ${name}`);
  }
}
