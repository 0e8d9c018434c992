import { createHash } from 'node:crypto';
import type { Load, Operation } from './load';
import type { RowPostgres } from './postgres';

/**
 * Compares what was acknowledged with what the database has, and the database with itself.
 * @returns what is wrong, a sentence each: acknowledged changes and audit records that are missing, rows without their
 * records, records without their rows
 */
export async function whatIsLost(load: Load, postgres: RowPostgres): Promise<string[]> {
  const acknowledged = load.operations.filter(
    ({ kind, reply }) => reply?.status === (kind === 'issue' ? 201 : 200),
  );
  return [
    ...(await missingRecords(acknowledged, postgres)),
    ...(await missingLicenses(load, postgres)),
    ...(await contradictions(postgres)),
  ];
}

const EVENT_TYPES = { issue: 'license.issued', revoke: 'license.revoked', validate: 'license.validated' };

async function missingRecords(operations: readonly Operation[], postgres: RowPostgres): Promise<string[]> {
  const missing = await postgres.query<{ id: string; type: string; count: number }>(
    `SELECT asked.id, asked.type, count(audit_logs.id)::int AS count
     FROM unnest($1::text[], $2::text[]) AS asked (id, type)
     LEFT JOIN audit_logs ON audit_logs.request_id = asked.id AND audit_logs.event_type = asked.type
     GROUP BY asked.id, asked.type HAVING count(audit_logs.id) <> 1`,
    [operations.map(({ id }) => id), operations.map(({ kind }) => EVENT_TYPES[kind])],
  );
  return missing.map(({ id, type, count }) => `${id} was acknowledged and has ${count} records ${type}`);
}

async function missingLicenses({ licenses }: Load, postgres: RowPostgres): Promise<string[]> {
  const rows = await postgres.query<{ id: string; isRevoked: boolean; hasToken: boolean }>(
    `SELECT licenses.id, status = 'revoked' AS "isRevoked",
            EXISTS (SELECT FROM license_tokens WHERE license_id = licenses.id AND sha256 = wanted.sha256)
              AS "hasToken"
     FROM unnest($1::uuid[], $2::bytea[]) AS wanted (id, sha256) JOIN licenses USING (id)`,
    [licenses.map(({ id }) => id), licenses.map(({ token }) => createHash('sha256').update(token).digest())],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return licenses.flatMap(({ id, revocation }) => {
    const row = found.get(id);
    if (row === undefined) return [`license ${id} was acknowledged and is not there`];
    return [
      ...(row.hasToken ? [] : [`the token of license ${id} was handed out and is not on record`]),
      ...(revocation === 'acknowledged' && !row.isRevoked ? [`license ${id} is not revoked`] : []),
      ...(revocation === 'none' && row.isRevoked ? [`license ${id} was revoked by nobody`] : []),
    ];
  });
}

/** Each license was issued by one record, has a token, and is revoked as its records say. */
async function contradictions(postgres: RowPostgres): Promise<string[]> {
  const rows = await postgres.query<{ id: string; why: string }>(
    `SELECT licenses.id, 'is there, with ' || count(audit_logs.id) || ' records of its issue' AS why
     FROM licenses LEFT JOIN audit_logs ON license_id = licenses.id AND event_type = 'license.issued'
     GROUP BY licenses.id HAVING count(audit_logs.id) <> 1
     UNION ALL
     SELECT license_id, 'was issued by a record, and is not there'
     FROM audit_logs WHERE event_type = 'license.issued' AND license_id NOT IN (SELECT id FROM licenses)
     UNION ALL
     SELECT id, 'has no token on record'
     FROM licenses WHERE NOT EXISTS (SELECT FROM license_tokens WHERE license_id = licenses.id)
     UNION ALL
     SELECT licenses.id, 'is ' || status || ', with ' || count(audit_logs.id) || ' records of its revocation'
     FROM licenses LEFT JOIN audit_logs ON license_id = licenses.id AND event_type = 'license.revoked'
     GROUP BY licenses.id, status HAVING count(audit_logs.id) <> (status = 'revoked')::int`,
  );
  return rows.map(({ id, why }) => `license ${id} ${why}`);
}
