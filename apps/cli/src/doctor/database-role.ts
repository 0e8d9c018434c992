import { assertApplicationRoleIsApart } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import type { DataSource } from 'typeorm';
import type { Diagnosis } from './diagnosis';

/** Greatest difference between the clocks of this machine and of the database, in milliseconds. */
const MOST_SKEW_MS = 2000;
const OLDEST_POSTGRES = 150_000;

/** Whether the server's role could undo what the database protects. Production refuses to start with such a role. */
export async function examineRole(dataSource: DataSource, isProduction: boolean): Promise<Diagnosis[]> {
  try {
    await assertApplicationRoleIsApart(dataSource);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const severity = isProduction ? 'problem' : 'warning';
    return [{ severity, message: error.message, remedy: 'Make the roles with `aegis database create`.' }];
  }
}

/** Version of PostgreSQL, whether it takes writes, and its clock, which judges everything. */
export async function examineServer(dataSource: DataSource, isProduction: boolean): Promise<Diagnosis[]> {
  const before = Date.now();
  const [row] = await dataSource.query<
    { now: number; version: number; standby: boolean; read_only: boolean; fsync: boolean }[]
  >(
    `SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now,
            current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
            current_setting('default_transaction_read_only')::bool AS read_only,
            current_setting('fsync')::bool AND current_setting('full_page_writes')::bool AS fsync`,
  );
  if (!row) throw new Error('The database did not describe itself.');
  const after = Date.now();
  const found: Diagnosis[] = [];
  const skew = row.now < before ? row.now - before : Math.max(0, row.now - after);
  if (Math.abs(skew) > MOST_SKEW_MS)
    found.push({
      severity: 'warning',
      message: `the clock of the database is ${(Math.abs(skew) / 1000).toFixed(1)} s ${skew < 0 ? 'behind' : 'ahead of'} this machine's`,
      remedy: 'Synchronise both (NTP): licenses expire by the clock of the database.',
    });
  if (row.version < OLDEST_POSTGRES)
    found.push({ severity: 'problem', message: 'PostgreSQL is older than 15', remedy: 'Upgrade it.' });
  if (row.standby || row.read_only)
    found.push({
      severity: 'problem',
      message: 'the database takes no writes: it is a standby, or read-only',
      remedy: 'Name the primary in DATABASE_URL, or promote this one.',
    });
  if (!row.fsync)
    found.push({
      severity: isProduction ? 'problem' : 'warning',
      message: 'fsync or full_page_writes is off: a crash of the machine loses acknowledged changes',
      remedy: 'Turn both on in postgresql.conf.',
    });
  return found;
}
