import type { Client } from 'pg';

/** Key that rows made by SQL name as theirs. */
export const ROW_KEY = 'key-of-rows';

/** Registers the key that rows made by SQL name as theirs; it signs nothing. */
export async function insertRowKey(sql: Pick<Client, 'query'>): Promise<void> {
  await sql.query(
    `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ($1, 'EdDSA', rpad('', 42, 'x') || 'w', 'retired')`,
    [ROW_KEY],
  );
}

/**
 * Statement that inserts licenses past the services.
 * @param source SQL of rows (customer_id, license_type, status, expires_at)
 */
export function insertLicenseRows(source: string): string {
  return `
    INSERT INTO licenses (customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at,
                          status, revoked_at, suspended_at, key_id)
    SELECT customer_id, 'payroll', license_type, '{17}', clock_timestamp(), expires_at, status,
           CASE status WHEN 'revoked' THEN clock_timestamp() END,
           CASE status WHEN 'suspended' THEN clock_timestamp() END, '${ROW_KEY}'
    FROM (${source}) AS source`;
}
