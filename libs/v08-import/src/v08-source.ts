/** The tables of v0.8 that are taken over. */
export type V08Table = 'customers' | 'licenses' | 'audit_logs' | 'api_keys';

/** A row by its columns, each as PostgreSQL writes it as text (`t`, `2026-01-31 12:00:00.5`); null is NULL. */
export type V08Row = ReadonlyMap<string, string | null>;

/** A row, or why it can't be read. Numbers count from 1: lines of a file, or rows in the order of their ids. */
export type V08Line = { number: number; row: V08Row } | { number: number; unreadable: string };

/** Where the rows come from: v0.8's database, or files that were copied from it. */
export interface V08Source {
  /** @returns undefined where there is no such table */
  rows(table: V08Table): AsyncIterable<V08Line> | undefined;
}

/** Columns that every table of v0.8 has: this server's own tables have the same names. */
export const V08_COLUMNS: Readonly<Record<V08Table, readonly string[]>> = {
  customers: ['id', 'name', 'is_active'],
  licenses: ['id', 'customer_id', 'module_name', 'license_type', 'status', 'revoked_at', 'token', 'key_id'],
  audit_logs: ['id', 'license_id', 'event_type', 'event_data', 'created_at'],
  api_keys: ['id', 'name', 'can_issue_licenses', 'can_revoke_licenses', 'can_view_customers', 'is_active'],
};

/**
 * Says what keeps a table from being v0.8's; undefined when nothing does.
 * @param columns that it has
 */
export function v08TableProblem(table: V08Table, columns: readonly string[]): string | undefined {
  const missing = V08_COLUMNS[table].filter((column) => !columns.includes(column));
  if (missing.length > 0) return `${table} has no column ${missing.join(', ')}: it is not a table of v0.8`;
  return new Set(columns).size < columns.length ? `${table} has a column twice` : undefined;
}
