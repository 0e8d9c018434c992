import { migrateDown, migrateUp, postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { emptyDatabase, type TestDatabase } from '../test/support/database/database';
import { migrationDataSource } from './data-source';
import { applicationPrivileges } from './privileges';

jest.setTimeout(120_000);

const KEY = `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('k', 'EdDSA', rpad('', 43, 'x'), 'retired')`;
const CUSTOMER = `INSERT INTO customers (id, name) VALUES ('C', 'x')`;

/** Neither can be changed while the bounds of its texts hold. */
const LONG_KEY = (id: string): string =>
  `INSERT INTO api_keys (id, name, scopes, prefix, hash, pepper_version, created_by, version)
   VALUES ('${id}', '${id}', '{licenses:read}', repeat('p', 5000), sha256('${id}'), 'v', 'c', 5)`;
const LONG_LICENSE = `INSERT INTO licenses
  (customer_id, module_name, license_type, allowed_major_versions, issued_at, key_id, version)
  VALUES ('C', 'm', 'perpetual', ARRAY[repeat('7', 99000)], now(), 'k', 5)`;

interface Upgrade {
  /** The migration that runs on the rows, and all after it. */
  from: string;
  /** What the application's role wrote before. */
  rows: string[];
  /** What the owner added, so that one of the rows can't be changed. */
  rule?: string;
  /** A query that gives one row, as it is after the upgrade. */
  then: string;
  expected: object;
}

/** What the application's role wrote before an upgrade, which must not keep it from running, nor a row from changing. */
const UPGRADES: Readonly<Record<string, Upgrade>> = {
  'a drop in a month that does not exist': {
    from: 'SealThroughTheOwner1764110000000',
    rows: ['2026-13', '2026-00', '0000-01'].map(
      (month) => `INSERT INTO audit_logs (event_type, actor, event_data)
                  VALUES ('audit_log.dropped', 'cli:x', '{"until": "${month}-01T00:00:00.000Z", "records": "1"}')`,
    ),
    then: 'SELECT count(*)::int AS drops FROM audit_drops',
    expected: { drops: 0 },
  },
  'two drops with one id': {
    from: 'SealThroughTheOwner1764110000000',
    rows: [
      `INSERT INTO audit_logs (id, recorded_at, event_type, actor, event_data)
       SELECT 7, now() + n * interval '1 second', 'audit_log.dropped', 'cli:x',
              '{"until": "2020-01-01T00:00:00.000Z", "records": "1"}' FROM generate_series(1, 2) AS n`,
    ],
    then: 'SELECT count(*)::int AS drops FROM audit_drops',
    expected: { drops: 1 },
  },
  'texts that no index can hold': {
    from: 'IndexAuditQuestions1764170060000',
    rows: ['code', 'id', 'kid'].map(
      (name) => `INSERT INTO audit_logs (event_type, actor, event_data)
                 SELECT 'customer.created', 'system', jsonb_build_object('${name}', string_agg(md5(random()::text), ''))
                 FROM generate_series(1, 400)`,
    ),
    then: `SELECT bool_and(indisvalid) AS valid FROM pg_index
           WHERE indexrelid IN ('audit_logs_by_code'::regclass, 'audit_logs_by_subject'::regclass)`,
    expected: { valid: true },
  },
  'a key that breaks every bound': {
    from: 'BoundWhatIsWritten1764180060000',
    rows: [
      `INSERT INTO api_keys (id, name, scopes, prefix, hash, pepper_version, created_by, expires_at, version)
       VALUES ('abcdefghijkl', 'x', ARRAY[repeat('s', 9000)], repeat('p', 5000), sha256('x'), repeat('v', 5000),
               repeat('c', 5000), 'infinity', 2147483647)`,
    ],
    then: `UPDATE api_keys SET is_active = false, version = version + 1
           RETURNING version, expires_at < '10000-01-01Z' AS finite`,
    expected: { version: 2, finite: true },
  },
  'a license that breaks every bound': {
    from: 'BoundWhatIsWritten1764180060000',
    rows: [
      KEY,
      CUSTOMER,
      `INSERT INTO licenses (customer_id, module_name, license_type, allowed_major_versions, issued_at, key_id, version, revision)
       VALUES ('C', 'm', 'perpetual', ARRAY[repeat('7', 99000)], 'infinity', 'k', 2147483647, 2147483647)`,
    ],
    then: `UPDATE licenses SET status = 'revoked', revoked_at = now(), version = version + 1 RETURNING version, revision`,
    expected: { version: 2, revision: 2_147_483_647 },
  },
  'a key whose answer the repair changes': {
    from: 'BoundWhatIsWritten1764180060000',
    rows: [LONG_KEY('abcdefghijkl')],
    then: 'SELECT version, octet_length(prefix) AS length FROM api_keys',
    expected: { version: 6, length: 32 },
  },
  'a license whose answer the repair changes': {
    from: 'BoundWhatIsWritten1764180060000',
    rows: [KEY, CUSTOMER, LONG_LICENSE],
    then: 'SELECT version, octet_length(allowed_major_versions::text) AS length FROM licenses',
    expected: { version: 6, length: 102 },
  },
  'customers that are folded, one of which a rule keeps as it is': {
    from: 'FoldCustomers1764240000000',
    rows: [
      `INSERT INTO customers (id, name) SELECT 'C-' || n, 'Émile Zola' FROM generate_series(1, 600) AS n`,
      `INSERT INTO customers (id, is_active, deleted_at) VALUES ('gone', false, now())`,
    ],
    rule: `ALTER TABLE customers ADD CONSTRAINT young CHECK (id <> 'C-7') NOT VALID`,
    then: `SELECT count(*) FILTER (WHERE beginning LIKE 'zol%')::int AS folded,
                  count(*) FILTER (WHERE beginning LIKE 'emile z%')::int AS found,
                  count(*) FILTER (WHERE customer_id = 'gone')::int AS gone FROM customer_beginnings`,
    expected: { folded: 599, found: 600, gone: 0 },
  },
  'two keys, one of which a rule keeps from being repaired': {
    from: 'BoundWhatIsWritten1764180060000',
    rows: [LONG_KEY('abcdefghijkl'), LONG_KEY('bcdefghijklm')],
    rule: `ALTER TABLE api_keys ADD CONSTRAINT long CHECK (id <> 'abcdefghijkl' OR octet_length(prefix) > 128)`,
    then: `SELECT array_agg(octet_length(prefix) ORDER BY id) AS lengths FROM api_keys`,
    expected: { lengths: [5000, 32] },
  },
  'a license that a rule keeps from being repaired': {
    from: 'BoundWhatIsWritten1764180060000',
    rows: [KEY, CUSTOMER, LONG_LICENSE],
    rule: `ALTER TABLE licenses ADD CONSTRAINT long CHECK (octet_length(allowed_major_versions::text) > 65536)`,
    then: 'SELECT version FROM licenses',
    expected: { version: 5 },
  },
  'a customer that was changed as often as can be, long ago': {
    from: 'BoundMoments1764220000000',
    rows: [
      `INSERT INTO customers (id, name, version, created_at) VALUES ('C', 'x', 2147483647, '-infinity')`,
    ],
    then: 'UPDATE customers SET version = version + 1 RETURNING version',
    expected: { version: 2 },
  },
  'a license that ends after the last year that an answer can write': {
    from: 'BoundMoments1764220000000',
    rows: [
      KEY,
      CUSTOMER,
      `INSERT INTO licenses (customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at, key_id)
       VALUES ('C', 'm', 'subscription', ARRAY['17'], now(), '10000-01-01Z', 'k')`,
    ],
    then: `UPDATE licenses SET status = 'revoked', revoked_at = now(), version = version + 1
           RETURNING version, expires_at = '9999-12-31T23:59:59.999Z' AS nearest`,
    expected: { version: 3, nearest: true },
  },
  'counts of minutes without end': {
    from: 'BoundMoments1764220000000',
    rows: [
      `INSERT INTO validation_counts (minute, code, count)
       VALUES ('infinity', 'VALID', 1), ('99999-01-01Z', 'VALID', 2), ('2026-01-01Z', 'VALID', 9223372036854775807)`,
    ],
    then: 'SELECT count(*)::int AS counts FROM validation_counts',
    expected: { counts: 0 },
  },
};

describe('an upgrade of a database in which the application’s role wrote', () => {
  let database: TestDatabase;
  let owner: DataSource;

  beforeEach(async () => {
    database = await emptyDatabase();
    owner = await migrationDataSource(database.ownerUrl).initialize();
    await migrateUp(owner, 'aegis_app', applicationPrivileges);
  });
  afterEach(async () => {
    await owner.destroy();
    await database.drop();
  });

  it.each(Object.entries(UPGRADES))('%s goes through, and its rows can be changed', async (_, upgrade) => {
    let undone: string | undefined;
    do undone = await migrateDown(owner);
    while (undone !== upgrade.from && undone !== undefined);
    expect(undone).toBe(upgrade.from);
    const superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    try {
      // As 0.9.0 had it.
      await superuser.query('GRANT INSERT ON audit_logs TO aegis_app');
    } finally {
      await superuser.destroy();
    }
    const role = await new DataSource(postgresOptions(database.applicationUrl)).initialize();
    try {
      for (const statement of upgrade.rows) await role.query(statement);
    } finally {
      await role.destroy();
    }
    if (upgrade.rule !== undefined) await owner.query(upgrade.rule);
    await migrateUp(owner, 'aegis_app', applicationPrivileges);
    const result: unknown = await owner.query(upgrade.then);
    const rows = (upgrade.then.startsWith('UPDATE') ? (result as [object[], number])[0] : result) as object[];
    expect(rows).toEqual([upgrade.expected]);
  });
});
