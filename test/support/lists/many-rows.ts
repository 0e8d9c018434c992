/** Licenses, and audit records; customers are a third. */
export const ROWS = 60_000;
/** A license with many audit records. */
export const LICENSE_ID = '00000000-0000-4000-8000-000000000001';

const CUSTOMERS = ROWS / 3;

/** A number below `most` that has nothing to do with others of the same row. */
const chance = (what: string, most: number): string => `(abs(hashtext(n || '${what}')) % ${most})`;

/**
 * SQL that fills a database with rows whose properties have nothing to do with each other: of 60,000 licenses some are
 * rare by each filter, and others frequent.
 */
export const FILL = `
  INSERT INTO signing_keys (kid, alg, public_key, state)
  SELECT 'key-' || n, 'EdDSA', rpad('k' || n, 42, 'x') || 'A', 'retired' FROM generate_series(1, 50) n;
  INSERT INTO customers (id, name, email, company, is_active, created_at, beginnings)
  SELECT 'Customer-' || n, 'Person ' || n, 'mail' || n || '@acme.example', 'Company ' || n, n % 100 > 0,
         now() - ${chance('born', 500_000)} * interval '1 minute',
         ARRAY['customer-' || n, n::text, 'person ' || n, 'mail' || n || '@acme.example', 'acme.example', 'example',
               'company ' || n]
  FROM generate_series(1, ${CUSTOMERS}) n;
  INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, created_at,
                        expires_at, grace_days, key_id, status, revoked_at, suspended_at)
  SELECT CASE n WHEN 1 THEN '${LICENSE_ID}' ELSE gen_random_uuid() END,
         'Customer-' || 1 + ${chance('customer', CUSTOMERS)}, 'Module_' || ${chance('module', 20)}, kind, '{17}', born,
         born, CASE WHEN kind <> 'perpetual' THEN now() + (${chance('end', 1000)} - 100) * interval '1 day' END,
         CASE WHEN kind = 'perpetual' THEN 0 ELSE ${chance('grace', 20)} % 3 * 15 END,
         'key-' || 1 + ${chance('key', 50)}, state,
         CASE state WHEN 'revoked' THEN now() END, CASE state WHEN 'suspended' THEN now() END
  FROM generate_series(1, ${ROWS}) n,
       LATERAL (SELECT CASE ${chance('kind', 10)} WHEN 0 THEN 'demo' WHEN 1 THEN 'perpetual' WHEN 2 THEN 'perpetual'
                       ELSE 'subscription' END AS kind,
                       CASE ${chance('state', 20)} WHEN 0 THEN 'revoked' WHEN 1 THEN 'suspended' ELSE 'active' END AS state,
                       now() - ${chance('born', 500_000)} * interval '1 minute' AS born) AS made;
  INSERT INTO audit_logs (event_type, license_id, customer_id, api_key_id, request_id, actor, event_data, recorded_at)
  SELECT CASE ${chance('event', 50)} WHEN 0 THEN 'license.issued' WHEN 1 THEN 'customer.updated'
         ELSE 'license.validated' END,
         CASE WHEN n % 100 = 0 THEN '${LICENSE_ID}' ELSE gen_random_uuid() END,
         'Customer-' || ${chance('customer', 500)}, 'key' || ${chance('key', 500)}, 'request-' || n, 'system',
         jsonb_build_object('code', CASE ${chance('code', 50)} WHEN 0 THEN 'REVOKED' ELSE 'VALID' END),
         date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + n * interval '1 second'
  FROM generate_series(1, ${ROWS}) n;
  INSERT INTO webhook_endpoints (id, url, api_version, keys, public_key, created_by, is_active, disabled_reason, disabled_at)
  VALUES ('${LICENSE_ID}', 'http://127.0.0.1:9/', '1', '', 'whpk_' || repeat('A', 43) || '=', 'Ada', false, 'operator', now());
  INSERT INTO webhook_progress (endpoint_id, sequence) VALUES ('${LICENSE_ID}', ${ROWS});
  INSERT INTO events (position, id, type, record_id, occurred_at, data)
  VALUES (1000000, gen_random_uuid(), 'customer.created', 1, now(), '{}');
  INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, failed_reason, created_at, due_at,
                                  holds_until, ended_at)
  SELECT '${LICENSE_ID}', n, 1000000, gen_random_uuid(), state, CASE state WHEN 'failed' THEN 'gone' END, now(), now(),
         now(), CASE WHEN state <> 'pending' THEN now() END
  FROM generate_series(1, ${ROWS}) n,
       LATERAL (SELECT CASE ${chance('state', 50)} WHEN 0 THEN 'failed' WHEN 1 THEN 'pending' WHEN 2 THEN 'sent_before_restore'
                       ELSE 'delivered' END AS state) AS made;`;

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
/** Of the month in which the audit records are. */
const monthAnd = (seconds: number): string => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) + seconds * 1000).toISOString();
};

/** By list and filter of the OpenAPI document: values that are rare, frequent and not there. */
export const FILTER_VALUES: Readonly<Record<string, readonly string[]>> = {
  '/api/v1/licenses customer_id': ['Customer-7', 'nobody'],
  '/api/v1/licenses module_name': ['Module_7', 'none'],
  '/api/v1/licenses key_id': ['key-7', 'none'],
  '/api/v1/licenses expires_before': [inDays(-99), inDays(0), inDays(400)],
  '/api/v1/licenses expires_after': [inDays(899), inDays(400), inDays(0)],
  '/api/v1/licenses q': ['customer-77', 'mODULE_7', 'm', 'abc', 'c', 'zz', '%'],
  '/api/v1/customers q': ['person 777', 'ACME', '777', 'c', 'zz', '%'],
  '/api/v1/admin/audit-logs license_id': [LICENSE_ID, '00000000-0000-4000-8000-000000000002'],
  '/api/v1/admin/audit-logs customer_id': ['Customer-7', 'nobody'],
  '/api/v1/admin/audit-logs api_key_id': ['key7', 'nobody'],
  '/api/v1/admin/audit-logs request_id': ['request-7', 'none'],
  '/api/v1/admin/audit-logs subject': ['customer:Customer-7', 'api_key:nobody'],
  '/api/v1/admin/audit-logs since': [monthAnd(0), monthAnd(ROWS - 600), monthAnd(2 * ROWS)],
  '/api/v1/admin/audit-logs until': [monthAnd(600), monthAnd(ROWS)],
  '/api/v1/admin/api-keys made_by': ['000000000007'],
};
