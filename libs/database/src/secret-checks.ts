import { timingSafeEqual } from 'node:crypto';
import type { DataSource } from 'typeorm';

/** What a secret makes of a constant: it distinguishes secrets without revealing them. */
export interface SecretCheck {
  version: string;
  /** 32 bytes. */
  value: Buffer;
}

/** Tables that have check values. */
type CheckTable = 'pepper_checks' | 'secrets_key_checks';

/**
 * Holds a process to the secrets that others of its database have: the first process that has a version puts its check
 * value on record; of several that start at once with different secrets, one continues.
 * @returns versions whose secret is another one than on record
 */
export async function differingSecrets(
  dataSource: DataSource,
  table: CheckTable,
  given: readonly SecretCheck[],
): Promise<string[]> {
  await dataSource.query(
    `INSERT INTO ${table} (version, check_value)
     SELECT version, check_value FROM unnest($1::text[], $2::bytea[]) AS given (version, check_value)
     ORDER BY version ON CONFLICT (version) DO NOTHING`,
    [given.map(({ version }) => version), given.map(({ value }) => value)],
  );
  // A statement of its own: one that was recorded meanwhile is seen only by the next snapshot.
  const recorded = await dataSource.query<{ version: string; check_value: Buffer }[]>(
    `SELECT version, check_value FROM ${table} WHERE version = ANY($1)`,
    [given.map(({ version }) => version)],
  );
  const values = new Map(recorded.map(({ version, check_value }) => [version, check_value]));
  return given
    .filter(({ version, value }) => {
      const known = values.get(version);
      return known?.length !== value.length || !timingSafeEqual(known, value);
    })
    .map(({ version }) => version);
}

/** Versions that were used, some thousand at most: none of them is given to another secret. */
export async function usedVersions(dataSource: DataSource, table: CheckTable): Promise<string[]> {
  const rows = await dataSource.query<{ version: string }[]>(
    `SELECT version FROM ${table} ORDER BY recorded_at, version LIMIT 1000`,
  );
  return rows.map(({ version }) => version);
}
