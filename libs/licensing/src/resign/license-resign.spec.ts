import { ActivationEndings, SeatTermsStore } from '@aegis/activations';
import { type Actor, AuditLog, AuditRecord } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Customer, CustomersService } from '@aegis/customers';
import { ConfigurationError } from '@aegis/errors';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import {
  KeyRing,
  signerSource,
  SigningKey,
  SigningKeys,
  SigningReplicas,
  writeKeyPair,
} from '@aegis/signing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { jobsOf } from '../../../../test/support/jobs';
import { superuserOf } from '../../../../test/support/database/sql';
import { until } from '../../../../test/support/until';
import { LicenseChanges } from '../license-changes';
import { LicenseLock } from '../license-lock';
import { LicenseRenewalService } from '../renew/license-renewal.service';
import { LicenseResignWriter } from './license-resign-writer';
import { LicenseResign, type ReissuedLicense, type ResignOptions } from './license-resign.service';
import { LicenseStateService } from '../state/license-state.service';
import { LicenseToken } from '../license-token.entity';
import { LicenseWriter } from '../issue/license-writer';
import { License } from '../license.entity';
import { type IssueLicense, LicensingService } from '../issue/licensing.service';
import { tokenHash, TokenIssuer } from '../issue/token-issuer';
import { ValidationCounts } from '../validate/validation-counts';
import { UnrecordedTokens } from '../validate/unrecorded-tokens';
import { ValidationRecords } from '../validate/validation-records';
import { ValidationService } from '../validate/validation.service';
import { TokenProofs } from '../validate/token-proofs';

const CLI: Actor = { name: 'cli:tester', apiKeyId: null, ipAddress: null, userAgent: null, requestId: null };
const CUSTOMER = 'acme';

describe('LicenseResign', () => {
  let folder: string;
  let database: TestDatabase;
  let dataSource: DataSource;
  let sql: Client;
  let customers: CustomersService;
  let keyRing: KeyRing;
  let licensing: LicensingService;
  let renewal: LicenseRenewalService;
  let states: LicenseStateService;
  let validation: ValidationService;
  let resign: LicenseResign;
  const audit = new AuditLog();
  const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-resign-'));
    for (const keyId of ['first', 'second'])
      await writeKeyPair(join(folder, 'keys'), keyId, 'a passphrase for tests');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([AuditRecord, Customer, License, LicenseToken, SigningKey]);
    sql = await superuserOf({ database });
    customers = new CustomersService(dataSource, audit);
    await customers.create(CLI, { id: CUSTOMER, name: 'Acme Corporation' });
    await signWith('first');
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  /** From now on, this key signs. */
  async function signWith(keyId: string): Promise<void> {
    const environment = Object.assign(new Environment(), {
      ENVIRONMENT: 'test',
      SIGNER: 'pem',
      KEYS_DIR: join(folder, 'keys'),
      ADOPT_PUBLIC_KEYS: true,
      KEY_ID: keyId,
      KEY_PASSPHRASE: 'a passphrase for tests',
      LICENSE_ISSUER: 'https://license.biz4a.com',
      AUDIT_VALIDATIONS: 'all',
      PUBLIC_URL: 'http://localhost:8000',
      DEFAULT_DEMO_DURATION_DAYS: 30,
    });
    keyRing = new KeyRing(
      dataSource,
      environment,
      audit,
      logger,
      signerSource(environment, logger, new Metrics()),
    );
    await keyRing.load();
    await new SigningKeys(dataSource, audit, new SigningReplicas(dataSource)).activate(CLI, keyId, {
      force: false,
    });
    const metrics = new Metrics();
    const tokens = new TokenIssuer(dataSource, keyRing, environment, metrics);
    const lock = new LicenseLock();
    const seats = new SeatTermsStore();
    const changes = new LicenseChanges(metrics);
    const writer = new LicenseWriter(dataSource, audit, customers, tokens, seats, changes);
    licensing = new LicensingService(dataSource, audit, customers, lock, tokens, writer, environment);
    renewal = new LicenseRenewalService(
      dataSource,
      audit,
      customers,
      lock,
      tokens,
      seats,
      new ActivationEndings(audit),
      changes,
    );
    states = new LicenseStateService(dataSource, audit, lock, changes);
    const counts = new ValidationCounts(dataSource, jobsOf({ logger, metrics }), logger);
    const unrecorded = new UnrecordedTokens(logger, metrics);
    const proofs = new TokenProofs(keyRing, metrics);
    const records = new ValidationRecords(dataSource, audit, environment, metrics);
    validation = new ValidationService(dataSource, proofs, records, counts, unrecorded, environment, metrics);
    resign = new LicenseResign(
      dataSource,
      keyRing,
      tokens,
      new LicenseResignWriter(audit, customers, tokens),
    );
  }

  function issue(details: Partial<IssueLicense> = {}): Promise<License> {
    return licensing.issue(CLI, {
      customer_id: CUSTOMER,
      module_name: 'payroll',
      allowed_major_versions: ['17', '18'],
      license_type: 'perpetual',
      ...details,
    });
  }
  const issueMany = (count: number): Promise<License[]> =>
    Promise.all(Array.from({ length: count }, () => issue()));
  const options = (different: Partial<ResignOptions> = {}): ResignOptions => ({
    keyId: 'first',
    supersede: false,
    includeExpired: false,
    includeAfter: false,
    ...different,
  });
  const find = (id: string): Promise<License> => dataSource.manager.findOneByOrFail(License, { id });
  const verdictOf = async (token: string | null): Promise<{ code: string; warnings: string[] }> => {
    const { code, warnings } = await validation.validate(CLI, {
      token: token ?? '',
      module_name: 'payroll',
      odoo_version: '17',
    });
    return { code, warnings };
  };
  const codeOf = async (token: string | null): Promise<string> => (await verdictOf(token)).code;
  const claimsOf = (token: string | null): Record<string, unknown> =>
    JSON.parse(Buffer.from((token ?? '').split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
  const compromise = (keyId: string): Promise<unknown> =>
    sql.query(
      `UPDATE signing_keys SET state = 'compromised', compromised_at = clock_timestamp(), retired_at = NULL WHERE kid = $1`,
      [keyId],
    );
  const expire = (id: string): Promise<unknown> =>
    sql.query(
      `UPDATE licenses SET expires_at = date_trunc('second', clock_timestamp()) - interval '1 day' WHERE id = $1`,
      [id],
    );

  it('gives each license a new token with the same id and the same content', async () => {
    const bound = await issue({ instance_fingerprint: `sha256:${'ab'.repeat(32)}`, notes: 'kept' });
    const term = await issue({
      license_type: 'subscription',
      duration_days: 30,
      entitlements: { max_users: 5, constructor: true },
      grace_days: 14,
      seats: { max: 3, mode: 'floating', required: false },
    });
    await signWith('second');
    expect(await resign.run(CLI, options())).toEqual({ reissued: 2, failed: 0, postponed: 0 });
    for (const before of [bound, term]) {
      const after = await find(before.id);
      const { updated_at: _, token: __, ...kept } = before;
      expect(after).toMatchObject({ ...kept, key_id: 'second', revision: 2, version: 2 });
      const { iat, rev, status, ...claims } = claimsOf(before.token);
      expect(claimsOf(after.token)).toEqual({
        ...claims,
        rev: Number(rev) + 1,
        iat: expect.any(Number),
        status: expect.not.objectContaining(status as object),
      });
      expect(claimsOf(after.token).iat).toBeGreaterThanOrEqual(Number(iat));
    }
    expect(await verdictOf((await find(term.id)).token)).toMatchObject({ code: 'VALID' });
    expect(await verdictOf(term.token)).toMatchObject({
      code: 'VALID',
      warnings: expect.arrayContaining(['REISSUE_AVAILABLE']),
    });
  });

  it('answers KEY_COMPROMISED for the older tokens after their key is compromised', async () => {
    const { id, token } = await issue();
    await signWith('second');
    await compromise('first');
    expect(await codeOf(token)).toBe('KEY_COMPROMISED');
    await resign.run(CLI, options());
    expect(await codeOf(token)).toBe('KEY_COMPROMISED');
    expect(await codeOf((await find(id)).token)).toBe('VALID');
  });

  it('supersedes the older tokens when asked to', async () => {
    const { id, token } = await issue();
    await signWith('second');
    await resign.run(CLI, options({ supersede: true }));
    expect(await codeOf(token)).toBe('SUPERSEDED');
    expect(await codeOf((await find(id)).token)).toBe('VALID');
  });

  it('re-signs suspended licenses, expired ones when asked, and none that is revoked or of an inactive customer', async () => {
    const suspended = await issue();
    const revoked = await issue();
    const expired = await issue({ license_type: 'demo' });
    await customers.create(CLI, { id: 'asleep', name: 'Asleep' });
    const asleep = await issue({ customer_id: 'asleep' });
    await states.suspend(CLI, suspended.id, 'unpaid');
    await states.revoke(CLI, revoked.id, 'refunded');
    await customers.update(CLI, 'asleep', { is_active: false });
    await expire(expired.id);
    await signWith('second');
    const left = { revoked: 1, expired: 1, customer_inactive: 1, recorded_after: 0 };
    expect(await resign.plan(options())).toEqual({ due: 1, left });
    expect(await resign.run(CLI, options())).toEqual({ reissued: 1, failed: 0, postponed: 0 });
    expect(await find(suspended.id)).toMatchObject({ key_id: 'second', stored_status: 'suspended' });
    expect(await resign.plan(options())).toEqual({ due: 0, left });

    expect(await resign.run(CLI, options({ includeExpired: true }))).toMatchObject({ reissued: 1 });
    expect(await find(expired.id)).toMatchObject({ key_id: 'second' });
    for (const { id } of [revoked, asleep])
      expect(await find(id)).toMatchObject({ key_id: 'first', revision: 1 });

    await customers.update(CLI, 'asleep', { is_active: true });
    expect(await resign.run(CLI, options())).toMatchObject({ reissued: 1 });
  });

  it('leaves out what was recorded after the last good time of a compromised key, unless it is asked for', async () => {
    const before = await issue();
    const renewedLate = await issue({ license_type: 'subscription', duration_days: 30 });
    await sql.query(`UPDATE license_tokens SET recorded_at = recorded_at - interval '1 hour'`);
    const late = await issue();
    const renewed = await renewal.renew(CLI, renewedLate.id, { duration_days: 10 });
    await signWith('second');
    await sql.query(
      `UPDATE signing_keys SET state = 'compromised', compromised_at = clock_timestamp(),
              compromised_after = clock_timestamp() - interval '30 minutes', retired_at = NULL WHERE kid = 'first'`,
    );
    const left = { revoked: 0, expired: 0, customer_inactive: 0, recorded_after: 2 };
    expect(await resign.plan(options())).toEqual({ due: 1, left });
    expect(await resign.run(CLI, options())).toMatchObject({ reissued: 1 });
    expect(await codeOf((await find(before.id)).token)).toBe('VALID');
    for (const { id, token } of [late, renewed]) {
      expect((await find(id)).token).toBe(token);
      expect(await codeOf(token)).toBe('KEY_COMPROMISED');
    }

    const all = options({ includeAfter: true });
    expect(await resign.plan(all)).toEqual({ due: 2, left: { ...left, recorded_after: 0 } });
    expect(await resign.run(CLI, all)).toMatchObject({ reissued: 2 });
    expect(await codeOf((await find(late.id)).token)).toBe('VALID');
  });

  it('includes all licenses of a key that is compromised without a time', async () => {
    await issue();
    await signWith('second');
    await compromise('first');
    expect(await resign.plan(options())).toMatchObject({ due: 1, left: { recorded_after: 0 } });
  });

  it('does not change what another key signed, and records each license that it signs', async () => {
    const { id } = await issue();
    await signWith('second');
    const other = await issue();
    await resign.run(CLI, options());
    expect(await find(other.id)).toMatchObject({ key_id: 'second', revision: 1 });
    const records = await dataSource.manager.findBy(AuditRecord, { event_type: 'license.reissued' });
    expect(records).toEqual([
      expect.objectContaining({
        license_id: id,
        customer_id: CUSTOMER,
        module_name: 'payroll',
        actor: 'cli:tester',
        event_data: {
          revision: 2,
          key_id: 'second',
          replaced_key_id: 'first',
          license_type: 'perpetual',
          allowed_major_versions: ['17', '18'],
          instance_fingerprint: null,
          expires_at: null,
          token_sha256: tokenHash((await find(id)).token!).toString('hex'),
          status_list: 0,
          status_index: expect.any(Number),
          fields: [],
          superseded: false,
        },
      }),
    ]);
  });

  it('refuses a key that is unknown or in use', async () => {
    await expect(resign.run(CLI, options({ keyId: 'third' }))).rejects.toThrow(ConfigurationError);
    await expect(resign.plan(options())).rejects.toThrow(/active/);
  });

  it('carries on where it broke off, and reports all that was signed', async () => {
    const issued = await issueMany(450);
    await signWith('second');
    const reported: ReissuedLicense[] = [];
    const broken = resign.run(
      CLI,
      options({
        onReissued: (licenses) => {
          if (reported.length > 0) throw new Error('the disk is full');
          reported.push(...licenses);
          return Promise.resolve();
        },
      }),
    );
    await expect(broken).rejects.toThrow('the disk is full');
    const { due } = await resign.plan(options());
    expect(due).toBeGreaterThan(0);
    expect(due).toBeLessThan(450);

    expect(await resign.run(CLI, options())).toEqual({ reissued: due, failed: 0, postponed: 0 });
    const all: ReissuedLicense[] = [];
    for await (const licenses of resign.reissued('first')) all.push(...licenses);
    expect(all.map(({ license_id }) => license_id).sort()).toEqual(issued.map(({ id }) => id).sort());
    expect(all).toEqual(expect.arrayContaining(reported));
    const { rows } = await sql.query<{ revision: number }>('SELECT DISTINCT revision FROM licenses');
    expect(rows).toEqual([{ revision: 2 }]);
  });

  it('continues past a license that cannot be signed, and reports it', async () => {
    const [first, second] = await issueMany(2);
    const versions = Array.from({ length: 50 }, (_, index) => String(1_000_000_000 + index));
    await sql.query(`UPDATE customers SET name = repeat('\u{1F600}', 200)`);
    await sql.query('UPDATE licenses SET allowed_major_versions = $2, module_name = $3 WHERE id = $1', [
      first!.id,
      versions,
      'm'.repeat(100),
    ]);
    await signWith('second');
    // A longer address of the status list takes the token of many versions past 8 KiB.
    const failures: string[] = [];
    const long = Object.assign(new Environment(), {
      LICENSE_ISSUER: 'https://license.biz4a.com',
      PUBLIC_URL: `http://localhost/${'p'.repeat(4600)}`,
    });
    const tokens = new TokenIssuer(dataSource, keyRing, long, new Metrics());
    const strict = new LicenseResign(
      dataSource,
      keyRing,
      tokens,
      new LicenseResignWriter(audit, customers, tokens),
    );
    const report = await strict.run(
      CLI,
      options({ onFailure: ({ license_id, message }) => failures.push(license_id, message) }),
    );
    expect(report).toEqual({ reissued: 1, failed: 1, postponed: 0 });
    expect(failures).toEqual([first!.id, expect.stringContaining('8 KiB')]);
    expect(await find(second!.id)).toMatchObject({ key_id: 'second' });
  });

  it('continues past a license that the database refuses, though it is in a batch with others', async () => {
    const issued = await issueMany(20);
    await sql.query('UPDATE licenses SET revision = 2147483647 WHERE id = $1', [issued[7]!.id]);
    await signWith('second');
    const failures: string[] = [];
    const reported: string[] = [];
    const report = await resign.run(
      CLI,
      options({
        onFailure: ({ license_id }) => failures.push(license_id),
        onReissued: (licenses) =>
          Promise.resolve(void reported.push(...licenses.map((one) => one.license_id))),
      }),
    );
    expect(report).toEqual({ reissued: 19, failed: 1, postponed: 0 });
    expect(failures).toEqual([issued[7]!.id]);
    const others = issued.map(({ id }) => id).filter((id) => id !== issued[7]!.id);
    expect(reported.sort()).toEqual(others.sort());
    const { rows } = await sql.query<{ id: string }>(
      `SELECT license_id AS id FROM audit_logs WHERE event_type = 'license.reissued' AND license_id = ANY($1)
       ORDER BY license_id`,
      [issued.map(({ id }) => id)],
    );
    expect(rows.map(({ id }) => id)).toEqual(others);
  });

  it('keeps to its rate', async () => {
    await issueMany(30);
    await signWith('second');
    const startedAt = performance.now();
    const sizes: number[] = [];
    const onReissued = (licenses: readonly ReissuedLicense[]): Promise<void> => {
      sizes.push(licenses.length);
      return Promise.resolve();
    };
    await resign.run(CLI, options({ ratePerSecond: 10, onReissued }));
    // The first ten at once, the others a second later each.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1990);
    expect(sizes).toEqual([10, 10, 10]);
  });

  it('keeps changes that others make meanwhile, and a revocation wins', async () => {
    const licenses = await issueMany(400);
    await signWith('second');
    const [toRevoke, toRenew, toReissue] = [
      licenses.slice(0, 60),
      licenses.slice(100, 140),
      licenses.slice(200, 240),
    ];
    const term = await Promise.all(
      Array.from({ length: 20 }, () => issue({ license_type: 'subscription', duration_days: 10 })),
    );
    // They are due too.
    await sql.query(`UPDATE licenses SET key_id = 'first' WHERE id = ANY($1)`, [term.map(({ id }) => id)]);
    const running = resign.run(CLI, options());
    await Promise.all([
      ...toRevoke.map(({ id }) => states.revoke(CLI, id, 'leaked')),
      ...toRenew.map(({ id }) => states.suspend(CLI, id, 'unpaid')),
      ...toReissue.map(({ id }) => renewal.reissue(CLI, id, { allowed_major_versions: ['19'] })),
      ...term.map(({ id }) => renewal.renew(CLI, id, { duration_days: 5 })),
    ]);
    await running;
    for (const { id } of toRevoke) {
      const license = await find(id);
      expect(license.stored_status).toBe('revoked');
      expect(await codeOf(license.token)).toBe('REVOKED');
    }
    for (const { id } of toRenew) expect((await find(id)).stored_status).toBe('suspended');
    for (const { id } of toReissue) expect((await find(id)).allowed_major_versions).toEqual(['19']);
    const day = 86_400_000;
    for (const { id, expires_at } of term)
      expect((await find(id)).expires_at!.getTime() - expires_at!.getTime()).toBe(5 * day);
    // Whatever came last: the newest token on record is the license's, and each revision was counted once.
    const { rows } = await sql.query(
      `SELECT l.id FROM licenses l JOIN license_tokens t ON t.license_id = l.id AND t.revision = l.revision
       WHERE t.sha256 <> sha256(l.token::bytea)
       UNION ALL
       SELECT license_id FROM license_tokens GROUP BY license_id HAVING count(*) <> max(revision)
       UNION ALL
       SELECT id FROM licenses WHERE key_id = 'first' AND status <> 'revoked'`,
    );
    expect(rows).toEqual([]);
  });

  it('never signs what was revoked between reading and writing', async () => {
    const { id, token } = await issue();
    await signWith('second');
    const signed = async (): Promise<number> => {
      const { rows } = await sql.query<{ last_value: string }>(
        'SELECT last_value FROM license_tokens_status_number_seq',
      );
      return Number(rows[0]!.last_value);
    };
    const before = await signed();
    const blocker = await superuserOf({ database });
    try {
      await blocker.query('BEGIN');
      await blocker.query(
        `UPDATE licenses SET status = 'revoked', revoked_at = now(), revoked_reason = 'leaked', version = version + 1
         WHERE id = $1`,
        [id],
      );
      const running = resign.run(CLI, options());
      // It read the license as it was, and found it locked: more than one token was made for it.
      await until('the license is signed twice', async () => (await signed()) >= before + 2);
      await blocker.query('COMMIT');
      expect(await running).toEqual({ reissued: 0, failed: 0, postponed: 0 });
    } finally {
      await blocker.end();
    }
    expect(await find(id)).toMatchObject({ key_id: 'first', revision: 1, token });
  });
});
