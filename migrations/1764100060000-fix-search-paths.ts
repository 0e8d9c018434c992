import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Functions whose bodies name everything with its schema already, and their search path until now. */
const QUALIFIED: Readonly<Record<string, string | null>> = {
  'audit_logs_make_partitions(integer)': 'pg_catalog, public, pg_temp',
  'audit_logs_forget_addresses(integer)': 'pg_catalog, public, pg_temp',
  'audit_logs_refuse_change()': null,
  'audit_checkpoints_refuse_change()': null,
  'signing_keys_tell()': null,
  'signing_keys_refuse_pardon()': null,
  'signing_keys_hold_alone()': null,
};
/** Functions that only triggers and other functions of the owner call. */
const INTERNAL = [
  'audit_logs_refuse_change()',
  'audit_checkpoints_refuse_change()',
  'signing_keys_tell()',
  'signing_keys_refuse_pardon()',
  'signing_keys_hold_alone()',
  'signing_keys_require_active(text[])',
  'statistics_of_customer(boolean, timestamptz)',
  'statistics_of_license(text, text, timestamptz)',
  'statistics_note_customers()',
  'statistics_note_licenses()',
  'statistics_note_audit_logs()',
  'status_lists_note_licenses_update()',
  'status_lists_note_license_tokens_insert()',
  'status_lists_note_license_tokens_update()',
];
/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const ACTIVE_KEY_LOCK = '4702394921427289941';

/**
 * What the functions of the schema call does not depend on who calls them or on what else the schema holds: with
 * `public` in the path, a function there with exactly the argument types of a call wins over the one of pg_catalog,
 * and runs with the owner's rights. Nobody but the owner and the roles named in privileges.ts may execute a function:
 * a role that can make a temporary table could attach a trigger function of the owner to it.
 */
export class FixSearchPaths1764100060000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const signature of Object.keys(QUALIFIED))
      await runner.query(`ALTER FUNCTION public.${signature} SET search_path = pg_catalog, pg_temp`);
    await this.replaceRequireActive(runner, 'SET search_path = pg_catalog, pg_temp', 'public.signing_keys');
    await this.replaceCounters(runner, (query) => `BEGIN ATOMIC ${query}; END`);
    for (const signature of INTERNAL)
      await runner.query(`REVOKE ALL ON FUNCTION public.${signature} FROM PUBLIC`);
    // For the functions of migrations to come.
    await runner.query(`ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC`);
    for (const signature of INTERNAL)
      await runner.query(`GRANT EXECUTE ON FUNCTION public.${signature} TO PUBLIC`);
    await this.replaceCounters(runner, (query) => `AS $$ ${query} $$`);
    await this.replaceRequireActive(runner, '', 'signing_keys');
    for (const [signature, path] of Object.entries(QUALIFIED))
      await runner.query(
        path === null
          ? `ALTER FUNCTION public.${signature} RESET search_path`
          : `ALTER FUNCTION public.${signature} SET search_path = ${path}`,
      );
  }

  private async replaceRequireActive(runner: QueryRunner, settings: string, table: string): Promise<void> {
    // PL/pgSQL, and volatile: the second statement has a snapshot of its own, and sees what the lock waited for.
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.signing_keys_require_active(kids text[]) RETURNS boolean
      LANGUAGE plpgsql ${settings} AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(${ACTIVE_KEY_LOCK});
        IF EXISTS (SELECT FROM unnest(kids) AS used (kid)
                   WHERE NOT EXISTS (SELECT FROM ${table} k WHERE k.kid = used.kid AND k.state = 'active')) THEN
          RAISE EXCEPTION 'signed by a key that is not the active one' USING ERRCODE = 'AE001';
        END IF;
        RETURN true;
      END $$`);
  }

  /**
   * In which counters a row stands. A body that the server parses when it is created (BEGIN ATOMIC) keeps the names'
   * meaning and, unlike a function with a search path of its own, is inlined into the queries of the counting triggers.
   */
  private async replaceCounters(runner: QueryRunner, body: (query: string) => string): Promise<void> {
    const ofCustomer = `
        SELECT '-infinity'::date, CASE WHEN is_active THEN 'customers.active' ELSE 'customers.inactive' END
        WHERE deleted_at IS NULL`;
    const ofLicense = `
        SELECT '-infinity'::date, 'licenses.' || license_type || '.' || status
        UNION ALL
        SELECT (expires_at AT TIME ZONE 'UTC')::date, 'licenses.ending'
        WHERE status = 'active' AND expires_at IS NOT NULL`;
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.statistics_of_customer(is_active boolean, deleted_at timestamptz)
      RETURNS TABLE (day date, counter text) LANGUAGE sql IMMUTABLE ${body(ofCustomer)}`);
    await runner.query(`
      CREATE OR REPLACE FUNCTION public.statistics_of_license(license_type text, status text, expires_at timestamptz)
      RETURNS TABLE (day date, counter text) LANGUAGE sql IMMUTABLE ${body(ofLicense)}`);
  }
}
