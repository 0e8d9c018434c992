import type { MigrationInterface, QueryRunner } from 'typeorm';
import { repairRows } from './repair-rows';

const FIRST = '0001-01-01T00:00:00Z';
const LAST = '9999-12-31T23:59:59.999Z';

const nearest = (column: string): string =>
  `${column} = CASE WHEN ${column} IS NOT NULL THEN greatest('${FIRST}', least(${column}, '${LAST}')) END`;
/** Four bytes a character at most. */
const cut = (column: string, characters: number): string => `${column} = left(${column}, ${characters})`;

/** An answer that differs has another ETag. */
const CHANGED = 'version = version % 2147483647 + 1';

/**
 * A row that breaks a bound which came after it can't be changed at all: a key could not be deleted, nor a license
 * revoked. What the server wrote is within all bounds; these rows somebody else made up.
 */
export class RepairWhatWasWritten1764230030000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await repairRows(
      runner,
      'api_keys',
      [
        cut('prefix', 32),
        ...['pepper_version', 'previous_pepper_version', 'created_by'].map((column) => cut(column, 256)),
        `scopes = CASE WHEN octet_length(scopes::text) > 4096 THEN ARRAY[left(scopes[1], 64)] ELSE scopes END`,
        ...[
          'previous_expires_at',
          'expires_at',
          'last_used_at',
          'created_at',
          'updated_at',
          'deleted_at',
        ].map(nearest),
        CHANGED,
      ].join(', '),
      `NOT (octet_length(scopes::text) <= 4096 AND octet_length(prefix) <= 128
         AND octet_length(pepper_version) <= 1024 AND coalesce(octet_length(previous_pepper_version) <= 1024, true)
         AND octet_length(created_by) <= 1024)`,
    );
    await repairRows(
      runner,
      'licenses',
      [
        `allowed_major_versions = ARRAY(SELECT left(version, 100) FROM unnest(allowed_major_versions) AS version)`,
        ...['issued_at', 'expires_at', 'revoked_at', 'suspended_at', 'created_at', 'updated_at'].map(nearest),
        CHANGED,
      ].join(', '),
      `octet_length(allowed_major_versions::text) > 65536`,
    );
    await runner.query(
      `DELETE FROM public.signing_replicas WHERE octet_length(name) > 1024 OR octet_length(kids::text) > 65536`,
    );
    await runner.query(
      `DELETE FROM public.audit_shipments WHERE octet_length(sink) > 16384 OR octet_length(acknowledged_hash) > 128`,
    );
    await runner.query(`DELETE FROM public.validation_counts WHERE octet_length(code) > 128`);
  }

  async down(): Promise<void> {
    // What was cut is gone.
  }
}
