import pg from 'pg';

/** Rows of a statement: its transition tables are kept in memory. */
const CHUNK = 100_000;
/** Places of a status list. */
const LIST_PLACES = 131_072;
/** Every so many licenses one has seats, and holds the installations of them all. */
const SEATED_ONE_IN = 100;

/**
 * Fills a migrated database with customers, licenses, their tokens, as many installations that hold seats, and audit records,
 * as years of business would leave them. No bulk token can be validated: nobody signed it.
 * @param {string} ownerUrl
 * @param {{ licenses: number, auditRecords: number }} amounts
 */
export async function fill(ownerUrl, { licenses, auditRecords }) {
  const database = new pg.Client({ connectionString: ownerUrl });
  await database.connect();
  try {
    const customers = Math.max(1, Math.round(licenses / 5));
    await inChunks(customers, (from, to) => database.query(CUSTOMERS, [from, to]));
    await inChunks(licenses, (from, to) => database.query(LICENSES, [from, to, customers]));
    await database.query(TOKENS);
    // Behind the last list that has places of theirs, which are not scattered.
    const next = Math.ceil(licenses / LIST_PLACES) * LIST_PLACES;
    await database.query(`SELECT setval('license_tokens_status_number_seq', $1, false)`, [next]);
    await database.query(SEATS, [SEATED_ONE_IN]);
    await inChunks(licenses, (from, to) => database.query(ACTIVATIONS, [from, to]));
    await inChunks(auditRecords, (from, to) => database.query(AUDIT_RECORDS, [from, to]));
  } finally {
    await database.end();
  }
}

/** Leaves the database as an autovacuum that keeps up would. @param {string} superuserUrl of the server's database */
export async function settle(superuserUrl) {
  const database = new pg.Client({ connectionString: superuserUrl });
  await database.connect();
  try {
    await database.query('VACUUM (ANALYZE)');
    await database.query('CHECKPOINT');
  } finally {
    await database.end();
  }
}

/** @param {number} count  @param {(from: number, to: number) => Promise<unknown>} insert numbers from 1, both included */
async function inChunks(count, insert) {
  for (let from = 1; from <= count; from += CHUNK) await insert(from, Math.min(count, from + CHUNK - 1));
}

// With what they are searched by, as the server folds it (libs/lists/src/folded-words.ts).
const CUSTOMERS = `
  INSERT INTO customers (id, name, email, company, is_active, created_at, beginnings)
  SELECT id, name || ' ' || n, 'mail' || n || '@customer.example', company || ' ' || n || ' Ltd', n % 50 <> 0,
         clock_timestamp() - make_interval(mins => n),
         ARRAY[lower(id), substr(id, 3), lower(name) || ' ' || n, n::text, 'mail' || n || '@customer.example',
               'customer.example', 'example', lower(company) || ' ' || n || ' ltd', n || ' ltd', 'ltd']
  FROM (SELECT n, 'C-' || lpad(n::text, 7, '0') AS id,
               (ARRAY['Ada', 'Bela', 'Carla', 'Dmitri', 'Elena', 'Farid', 'Grace', 'Hiro', 'Ines', 'Jan'])[1 + n % 10] AS name,
               (ARRAY['Acme', 'Bolt', 'Corner', 'Delta', 'Ember', 'Fjord', 'Gamma', 'Harbor'])[1 + n % 8] AS company
        FROM generate_series($1::int, $2::int) AS n) AS given`;

// One in twenty is revoked, one in fifty suspended; three in ten are perpetual, and of the others half has ended.
const LICENSES = `
  INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at, status,
                        revoked_at, revoked_reason, suspended_at, suspended_reason, key_id, created_at)
  SELECT gen_random_uuid(),
         'C-' || lpad((1 + (n::bigint * 7919) % $3::int)::text, 7, '0'),
         (ARRAY['payroll', 'invoicing', 'stock', 'fleet', 'helpdesk', 'quality', 'planning', 'rental', 'survey', 'events'])[1 + n % 10],
         CASE WHEN n % 10 < 3 THEN 'perpetual' WHEN n % 10 < 9 THEN 'subscription' ELSE 'demo' END,
         ARRAY['17', '18'],
         clock_timestamp() - make_interval(mins => n),
         CASE WHEN n % 10 >= 3 THEN date_trunc('second', now()) + make_interval(mins => ((n::bigint * 104729) % 2102400)::int - 1051200) END,
         CASE WHEN n % 20 = 0 THEN 'revoked' WHEN n % 50 = 1 THEN 'suspended' ELSE 'active' END,
         CASE WHEN n % 20 = 0 THEN now() END, CASE WHEN n % 20 = 0 THEN 'not paid' END,
         CASE WHEN n % 50 = 1 THEN now() END, CASE WHEN n % 50 = 1 THEN 'asked for' END,
         (SELECT kid FROM signing_keys WHERE state = 'active'),
         clock_timestamp() - make_interval(mins => n)
  FROM generate_series($1::int, $2::int) AS n`;

const TOKENS = `
  INSERT INTO license_tokens (sha256, license_id, key_id, revision, recorded_at, status_list, status_index)
  SELECT sha256(id::text::bytea), id, key_id, 1, created_at, (place / ${LIST_PLACES})::int, (place % ${LIST_PLACES})::int
  FROM (SELECT id, key_id, created_at, row_number() OVER () - 1 AS place FROM licenses) AS numbered`;

const SEATS = `
  INSERT INTO license_seats (license_id, mode, required, max, lease_seconds, overage, take_over, open, no_lapse_before,
                             newcomers, newcomers_fewer_at, last_fence)
  SELECT id, 'floating', false, 1000, 2592000, 0, false, $1::int, now() + interval '30 days', $1::int, now() + interval '30 days', $1::int
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM licenses) AS numbered WHERE n % $1::int = 0`;

// Licenses with seats are numbered from 0; installations go round all of them.
const ACTIVATIONS = `
  INSERT INTO activations (id, license_id, fp, mode, over, fence, admitted_at, last_seen_at, lease_ends_at, token_expires_at)
  SELECT gen_random_uuid(), seats.license_id, sha256(n::text::bytea), 'floating', false, 1 + n / seats.licenses, now(), now(),
         now() + interval '30 days', now() + interval '30 days'
  FROM generate_series($1::int, $2::int) AS n
  JOIN (SELECT license_id, row_number() OVER (ORDER BY license_id) - 1 AS number, count(*) OVER () AS licenses
        FROM license_seats) AS seats ON seats.number = n % seats.licenses`;

const AUDIT_RECORDS = `
  INSERT INTO audit_logs (event_type, license_id, customer_id, module_name, actor, user_agent, request_id, event_data)
  SELECT 'license.validated', md5((n / 10)::text)::uuid, 'C-' || lpad((1 + n % 1000)::text, 7, '0'), 'payroll', 'anonymous',
         'Python-urllib/3.11', md5(n::text),
         jsonb_build_object('code', CASE WHEN n % 100 = 0 THEN 'EXPIRED' WHEN n % 1000 = 1 THEN 'REVOKED' ELSE 'VALID' END)
  FROM generate_series($1::int, $2::int) AS n`;
