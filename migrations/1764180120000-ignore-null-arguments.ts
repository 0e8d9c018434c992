import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every function with arguments that the application's role may call. */
const CALLED = [
  'audit_append_checkpoint(text, bigint[], bytea[])',
  'audit_checkpoint_claims(text)',
  'audit_checkpoint_size(text)',
  'audit_logs_make_partitions(integer)',
  'audit_logs_forget_addresses(integer)',
  'statistics_fold(integer)',
  'status_lists_fold(integer)',
  'signing_keys_require_active(text[])',
  'callers_in_force(jsonb, jsonb)',
  'license_token_issuer(text)',
];

/**
 * With NULL for an argument the functions do nothing and return NULL: a check of an argument is neither true nor false
 * for NULL, so that it refuses nothing.
 */
export class IgnoreNullArguments1764180120000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const signature of CALLED) await runner.query(`ALTER FUNCTION public.${signature} STRICT`);
    // Addresses recorded before a time that is still to come would not be forgotten.
    await runner.query(`
      UPDATE public.audit_address_horizon
      SET forgotten_until = (SELECT coalesce(min(recorded_at), clock_timestamp()) FROM public.audit_logs)
      WHERE forgotten_until > clock_timestamp()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const signature of CALLED)
      await runner.query(`ALTER FUNCTION public.${signature} CALLED ON NULL INPUT`);
  }
}
