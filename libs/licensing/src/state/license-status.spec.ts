import { type Evidence, judge, type VerdictCode } from '@aegis/license-token';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { hasEndedSql, hasStatusSql, type LicenseStatus, notRevokedSql, statusSql } from './license-status';

const STATUSES: LicenseStatus[] = ['active', 'expired', 'suspended', 'revoked'];
const STORED = ['active', 'suspended', 'revoked'] as const;
const STATUS_OF: Partial<Record<VerdictCode, LicenseStatus>> = {
  VALID: 'active',
  EXPIRED: 'expired',
  SUSPENDED: 'suspended',
  REVOKED: 'revoked',
};
const NOW_S = 1_790_000_000;
const DAY_S = 86_400;
const LIBS = join(__dirname, '../../..');

interface Row {
  status: (typeof STORED)[number];
  /** Seconds since 1970; null: perpetual. */
  exp: number | null;
  /** 0 for a perpetual one. */
  graceDays: number;
}

/** The status of a license as its verdict shows it. */
function judged({ status, exp, graceDays }: Row, now: Date): LicenseStatus {
  const evidence: Evidence = {
    proof: 'signature_holds',
    claims: {
      jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
      iss: 'us',
      iat: 1,
      ...(exp !== null && { exp }),
      ...(graceDays > 0 && { grace_days: graceDays }),
      customer: { id: 'acme', name: 'Acme' },
      module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
      license_type: exp === null ? 'perpetual' : 'subscription',
    },
    key: { compromised: false },
    acceptedIssuers: ['us'],
    record: {
      recorded_at: new Date(0),
      superseded: false,
      newer_token_exists: false,
      license_status: status,
      customer_active: true,
    },
    activation: null,
  };
  const question = { module_name: 'payroll', odoo_version: '17.0', instance_fingerprint: null };
  const { code } = judge(question, evidence, now);
  const name = STATUS_OF[code];
  if (name === undefined) throw new Error(code);
  return name;
}

describe('the status of a license in SQL', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
  });
  afterAll(() => database.drop());

  it('agrees with judge() for any row at any time', async () => {
    const row = fc
      .record({
        status: fc.constantFrom(...STORED),
        graceDays: fc.oneof(fc.constant(0), fc.constantFrom(1, 14, 365), fc.integer({ min: 0, max: 365 })),
        // Often just at the end, or at the end of grace.
        off: fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -1e9, max: 1e9 }))),
        inGrace: fc.boolean(),
      })
      .map(({ status, graceDays, off, inGrace }): Row => ({
        status,
        exp: off === null ? null : NOW_S + off - (inGrace ? graceDays * DAY_S : 0),
        graceDays: off === null ? 0 : graceDays,
      }));
    const conditions = STATUSES.map(
      (status) => `${hasStatusSql(status, 'l', '$2::timestamptz')} AS is_${status}`,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 50 }),
        // Often just at the end of a license.
        fc.oneof(
          fc.integer({ min: -3, max: 3 }).map((seconds) => seconds * 1000),
          fc.integer({ min: -3000, max: 3000 }),
        ),
        async (rows, offset) => {
          const now = new Date(NOW_S * 1000 + offset);
          const read = await dataSource.query<({ status: LicenseStatus } & Record<string, boolean>)[]>(
            `SELECT ${statusSql('l', '$2::timestamptz')} AS status, ${conditions.join(', ')},
                    ${hasEndedSql('l', '$2::timestamptz')} AS has_ended, ${notRevokedSql('l')} AS not_revoked
             FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (status text, expires_at timestamptz, grace_days smallint))
                  WITH ORDINALITY AS l (status, expires_at, grace_days, position) ORDER BY position`,
            [
              JSON.stringify(
                rows.map(({ status, exp, graceDays }) => ({
                  status,
                  grace_days: graceDays,
                  expires_at: exp === null ? null : new Date(exp * 1000).toISOString(),
                })),
              ),
              now,
            ],
          );
          expect(read).toEqual(
            rows.map((one) => {
              const status = judged(one, now);
              return {
                status,
                ...Object.fromEntries(STATUSES.map((other) => [`is_${other}`, other === status])),
                has_ended: judged({ ...one, status: 'active' }, now) === 'expired',
                not_revoked: status !== 'revoked',
              };
            }),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is defined in one file: no other statement compares the end or the stored status of a license', () => {
    const files = ['licensing', 'statistics', 'license-import', 'v08-import', 'customers'].flatMap((lib) =>
      readdirSync(join(LIBS, lib, 'src'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(name))
        .map((name) => join(LIBS, lib, 'src', name)),
    );
    const own = files.filter((file) =>
      /coalesce\(\S*expires_at|expires_at AT TIME ZONE|expires_at\s*(?:[<>]=?|IS NULL OR)\s*(?:clock_timestamp|statement_timestamp|now\(|\$)|\bstatus\s*(?:=|<>)\s*'(?:active|revoked|suspended)' (?:AND|THEN|OR|ORDER)/.test(
        readFileSync(file, 'utf8'),
      ),
    );
    expect(own).toEqual([join(LIBS, 'licensing/src/state/license-status.ts')]);
  });
});
