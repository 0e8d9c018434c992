import { ActivationEndings, SeatTermsStore } from '@aegis/activations';
import { type Actor, AuditLog, AuditRecord } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Customer, CustomersService } from '@aegis/customers';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { KeyRing, signerSource, SigningKey } from '@aegis/signing';
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type DataSource, Not } from 'typeorm';
import { type TestDatabase, testDatabase } from '../../../test/support/database/database';
import { jobsOf } from '../../../test/support/jobs';
import { superuserOf } from '../../../test/support/database/sql';
import { until } from '../../../test/support/until';
import {
  CustomerRemovalService,
  License,
  LicenseChanges,
  LicenseToken,
  UnrecordedTokens,
  ValidationCounts,
  ValidationRecords,
  TokenProofs,
  ValidationService,
} from '@aegis/licensing';
import type { CheckedLine } from './checked-lines';
import { ImportBatchWriter } from './import-batch-writer';
import { ImportedCounts } from './import-counts';
import { ImportLineCheck } from './import-line-check';
import type { ImportReport } from './import-report';
import { readImportLine } from './license-import-fields';
import type { Refusal } from './license-import-refusal';
import { LicenseImportWriter } from './license-import-writer';
import { LicenseImport } from './license-import.service';

const CLI: Actor = { name: 'cli:tester', apiKeyId: null, ipAddress: null, userAgent: null, requestId: null };
const PREDECESSOR = join(__dirname, '../../../test/data/predecessor');
const ISSUER = 'https://license.biz4a.com';
const IAT = 1_700_000_000;

describe('LicenseImport', () => {
  let folder: string;
  let privateKey: KeyObject;
  let foreignKey: KeyObject;
  let database: TestDatabase;
  let dataSource: DataSource;
  let customers: CustomersService;
  let licenses: LicenseImport;
  let check: ImportLineCheck;
  let validation: ValidationService;
  const audit = new AuditLog();
  const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-import-'));
    const keysDir = join(folder, 'keys');
    mkdirSync(keysDir, { mode: 0o700 });
    copyFileSync(join(PREDECESSOR, 'aegis-2026-01.public.pem'), join(keysDir, 'aegis-2026-01.public.pem'));
    const pair = generateKeyPairSync('ed25519');
    ({ privateKey } = pair);
    writeFileSync(join(keysDir, 'old.public.pem'), pair.publicKey.export({ type: 'spki', format: 'pem' }));
    ({ privateKey: foreignKey } = generateKeyPairSync('ed25519'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<void> {
    database = await testDatabase();
    dataSource = await database.dataSource([AuditRecord, Customer, License, LicenseToken, SigningKey]);
    const environment = Object.assign(new Environment(), {
      ENVIRONMENT: 'test',
      KEYS_DIR: join(folder, 'keys'),
      ADOPT_PUBLIC_KEYS: true,
      SIGNER: 'pem',
      KEY_PASSPHRASE: 'a passphrase for tests',
      LICENSE_ISSUER: ISSUER,
      AUDIT_VALIDATIONS: 'all',
      ACCEPTED_ISSUERS: ['https://second.example'],
    });
    const keyRing = new KeyRing(
      dataSource,
      environment,
      audit,
      logger,
      signerSource(environment, logger, new Metrics()),
    );
    await keyRing.load();
    customers = new CustomersService(dataSource, audit);
    const imported = new ImportedCounts(dataSource, audit);
    check = new ImportLineCheck(keyRing, environment);
    licenses = new LicenseImport(
      dataSource,
      check,
      new ImportBatchWriter(
        dataSource,
        new LicenseImportWriter(customers, audit, new SeatTermsStore(), imported),
      ),
      imported,
    );
    const metrics = new Metrics();
    const counts = new ValidationCounts(dataSource, jobsOf({ logger, metrics }), logger);
    const unrecorded = new UnrecordedTokens(logger, metrics);
    const proofs = new TokenProofs(keyRing, metrics);
    const records = new ValidationRecords(dataSource, audit, environment, metrics);
    validation = new ValidationService(dataSource, proofs, records, counts, unrecorded, environment, metrics);
  }
  const close = (): Promise<void> => database.drop();

  /** A token as the predecessor signed it; claims that are given replace those that are made up. */
  function aToken(
    claims: Record<string, unknown> = {},
    { key = privateKey, kid = 'old' }: { key?: KeyObject; kid?: string } = {},
  ): string {
    const header = { alg: 'EdDSA', typ: 'JWT', kid };
    const all = {
      jti: randomUUID(),
      iss: ISSUER,
      iat: IAT,
      customer: { id: 'acme', name: 'Acme Corporation' },
      module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
      license_type: 'perpetual',
      ...claims,
    };
    const input = [header, all]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
  }

  type Imported = ImportReport & { refusals: Refusal[] };

  async function importBytes(bytes: Buffer | string, atomic = false, chunkSize = 1 << 16): Promise<Imported> {
    const refusals: Refusal[] = [];
    const all = Buffer.from(bytes);
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < all.length; at += chunkSize)
        yield await Promise.resolve(all.subarray(at, at + chunkSize));
    }
    const report = await licenses.run(CLI, chunks(), {
      atomic,
      onRefusal: (refusal) => refusals.push(refusal),
    });
    return { ...report, refusals };
  }

  function importLines(lines: (object | string)[], atomic = false): Promise<Imported> {
    const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
    return importBytes(texts.join('\n'), atomic);
  }

  const done = (counts: Partial<ImportReport>): Imported => ({
    imported: 0,
    revoked: 0,
    completed: 0,
    unchanged: 0,
    refused: 0,
    refusals: [],
    ...counts,
  });
  const find = (id: string): Promise<License> => dataSource.manager.findOneByOrFail(License, { id });
  const codeOf = async (token: string, module_name = 'payroll'): Promise<string> =>
    (await validation.validate(CLI, { token, module_name, odoo_version: '17' })).code;
  const auditTypes = async (): Promise<string[]> => {
    const records = await dataSource.manager.find(AuditRecord, { order: { id: 'ASC' } });
    return records
      .map(({ event_type }) => event_type)
      .filter((type) => !/^signing_key|validated$/.test(type));
  };

  describe('refuses', () => {
    beforeAll(open);
    afterAll(close);

    const cases: [string, string, () => object | string][] = [
      ['text that is not JSON', 'malformed_line', () => '{"token":'],
      ['an array', 'malformed_line', () => '[]'],
      ['a doubled name', 'malformed_line', () => `{"token":"${aToken()}","\\u0074oken":"${aToken()}"}`],
      ['an unknown field', 'unknown_field', () => ({ token: aToken(), revokedAt: null })],
      [
        'an unknown field of the customer',
        'unknown_field',
        () => ({ token: aToken(), customer: { id: 'acme', name: 'Acme', is_active: true } }),
      ],
      ['a missing token', 'invalid_field', () => ({ status: 'active' })],
      ['a token that is not text', 'invalid_field', () => ({ token: 7 })],
      ['an unknown status', 'invalid_field', () => ({ token: aToken(), status: 'DELETED' })],
      ['a status from the prototype', 'invalid_field', () => ({ token: aToken(), status: 'constructor' })],
      ['NUL', 'invalid_field', () => ({ token: aToken(), notes: 'a\u0000b' })],
      ['half a character', 'invalid_field', () => ({ token: aToken(), notes: 'a\ud800b' })],
      ['notes that are too long', 'invalid_field', () => ({ token: aToken(), notes: 'n'.repeat(2001) })],
      [
        'a date of no calendar',
        'invalid_field',
        () => ({ token: aToken(), status: 'revoked', revoked_at: '2026-02-30T00:00:00Z' }),
      ],
      [
        'a date without offset',
        'invalid_field',
        () => ({ token: aToken(), status: 'revoked', revoked_at: '2026-02-03T00:00:00' }),
      ],
      [
        'a revocation in the future',
        'invalid_field',
        () => ({
          token: aToken(),
          status: 'revoked',
          revoked_at: new Date(Date.now() + 120_000).toISOString(),
        }),
      ],
      [
        'a time of revocation on an active license',
        'invalid_field',
        () => ({ token: aToken(), revoked_at: '2026-02-03T00:00:00Z' }),
      ],
      [
        'a reason of 501 characters',
        'invalid_field',
        () => ({ token: aToken(), status: 'revoked', revoked_reason: 'r'.repeat(501) }),
      ],
      [
        'a customer without name',
        'invalid_field',
        () => ({ token: aToken(), customer: { id: 'acme', name: '' } }),
      ],
      [
        "another customer's id",
        'customer_mismatch',
        () => ({ token: aToken(), customer: { id: 'other', name: 'Other' } }),
      ],
      ['a text that is not a token', 'malformed_token', () => ({ token: 'a.b.c' })],
      ['a changed token', 'signature_invalid', () => ({ token: forged() })],
      ['a forged token', 'signature_invalid', () => ({ token: aToken({}, { key: foreignKey }) })],
      ['an unknown key', 'unknown_key', () => ({ token: aToken({}, { key: foreignKey, kid: 'foreign-1' }) })],
      ['a foreign issuer', 'issuer_mismatch', () => ({ token: aToken({ iss: 'https://else.example' }) })],
      [
        'a perpetual license with an end',
        'invalid_claims',
        () => ({ token: aToken({ exp: 4_000_000_000 }) }),
      ],
      ['revision 0', 'invalid_claims', () => ({ token: aToken({ rev: 0 }) })],
      ['a revision beyond 31 bits', 'invalid_claims', () => ({ token: aToken({ rev: 2 ** 31 }) })],
      [
        'a customer id that none can have',
        'invalid_claims',
        () => ({ token: aToken({ customer: { id: 'a b', name: 'A' } }) }),
      ],
    ];

    function forged(): string {
      const [header, , signature] = aToken().split('.') as [string, string, string];
      return [header, aToken().split('.')[1], signature].join('.');
    }

    it.each(cases)('%s, and takes the lines around it', async (_, code, line) => {
      const report = await importLines([{ token: aToken() }, line(), { token: aToken() }]);
      expect(report).toMatchObject({ imported: 2, refused: 1, refusals: [{ line: 2, code }] });
    });
  });

  describe('with a database of its own', () => {
    beforeEach(open);
    afterEach(close);

    describe("the predecessor's license", () => {
      const token = readFileSync(join(PREDECESSOR, 'example-perpetual.jwt'), 'utf8').trim();

      it('is NOT_FOUND before, VALID after the import, and REVOKED once a line says so', async () => {
        expect(await codeOf(token, 'biz4a_payroll_drc')).toBe('NOT_FOUND');

        expect(await importLines([{ token }])).toEqual(done({ imported: 1 }));
        expect(await codeOf(token, 'biz4a_payroll_drc')).toBe('VALID');

        expect(await importLines([{ token, status: 'REVOKED' }])).toEqual(done({ revoked: 1 }));
        expect(await codeOf(token, 'biz4a_payroll_drc')).toBe('REVOKED');
      });

      it('is on record with the values of its claims', async () => {
        await importLines([{ token, notes: 'from v0.8' }]);

        const license = await find('0bfb0cef-a864-400f-83d4-e8c6bd41dda5');
        expect(license).toMatchObject({
          customer_id: 'CUST-001',
          module_name: 'biz4a_payroll_drc',
          license_type: 'perpetual',
          allowed_major_versions: ['17', '18'],
          issued_at: new Date('2026-02-03T19:12:10.000Z'),
          expires_at: null,
          stored_status: 'active',
          status: 'active',
          instance_fingerprint: null,
          entitlements: {},
          grace_days: 0,
          token,
          key_id: 'aegis-2026-01',
          revision: 1,
          notes: 'from v0.8',
        });
        const [recorded, ...others] = await dataSource.manager.find(LicenseToken);
        expect(others).toEqual([]);
        expect(recorded).toMatchObject({
          license_id: license.id,
          key_id: 'aegis-2026-01',
          revision: 1,
          status_list: null,
          status_index: null,
          superseded_at: null,
        });
        expect(await dataSource.manager.findOneByOrFail(Customer, { id: 'CUST-001' })).toMatchObject({
          name: 'Acme Corporation',
          email: null,
          is_active: true,
        });
        const records = await dataSource.manager.find(AuditRecord, {
          where: { event_type: Not('import.finished') },
          order: { id: 'DESC' },
          take: 2,
        });
        expect(records[0]).toMatchObject({
          event_type: 'license.imported',
          license_id: license.id,
          customer_id: 'CUST-001',
          module_name: 'biz4a_payroll_drc',
          actor: 'cli:tester',
          event_data: {
            license_type: 'perpetual',
            key_id: 'aegis-2026-01',
            status: 'active',
            token_sha256: createHash('sha256').update(license.token!).digest('hex'),
            status_list: null,
            status_index: null,
            revision: license.revision,
            allowed_major_versions: license.allowed_major_versions,
            instance_fingerprint: license.instance_fingerprint,
            expires_at: null,
          },
          occurred_at: new Date('2026-02-03T19:12:10.000Z'),
        });
        expect(records[1]).toMatchObject({
          event_type: 'customer.created',
          customer_id: 'CUST-001',
          event_data: { fields: ['name'], by: 'import' },
        });
      });
    });

    it('keeps every claim, also with a later revision, an accepted issuer and a jti in capitals', async () => {
      const jti = randomUUID();
      const fingerprint = `sha256:${'a'.repeat(64)}`;
      const token = aToken({
        jti: jti.toUpperCase(),
        iss: 'https://second.example',
        exp: 4_000_000_000,
        license_type: 'subscription',
        instance_fingerprint: fingerprint,
        entitlements: { constructor: true, max_users: 5 },
        grace_days: 14,
        rev: 7,
        status: { status_list: { idx: 5, uri: 'https://elsewhere.example/1' } },
      });
      expect(await importLines([{ token }])).toEqual(done({ imported: 1 }));
      expect(await find(jti)).toMatchObject({
        license_type: 'subscription',
        expires_at: new Date('2096-10-02T07:06:40.000Z'),
        entitlements: { constructor: true, max_users: 5 },
        grace_days: 14,
        instance_fingerprint: fingerprint,
        revision: 7,
      });
      expect(await dataSource.manager.find(LicenseToken)).toMatchObject([{ revision: 7, status_list: null }]);
    });

    describe('seats', () => {
      const claim = { mode: 'floating', required: true };
      /** As the API shows them. */
      const shown = {
        max: 7,
        mode: 'floating',
        required: true,
        lease_seconds: 120,
        offline_days: null,
        overage: 1,
        moves_per_30_days: 9,
        take_over: true,
      };

      it('are taken as the API shows them, and are in the record', async () => {
        const jti = randomUUID();
        const token = aToken({ jti, seats: { ...claim, later: 'x' } });
        expect(await importLines([{ token, seats: shown }])).toEqual(done({ imported: 1 }));
        expect((await find(jti)).seats).toEqual(shown);
        const [record] = await dataSource.query<{ event_data: { seats: unknown } }[]>(
          `SELECT event_data FROM audit_logs WHERE event_type = 'license.imported'`,
        );
        expect(record?.event_data.seats).toEqual(shown);
        // Again, also with other numbers: what is on record stays.
        expect(await importLines([{ token, seats: { ...shown, max: 9 } }])).toEqual(done({ unchanged: 1 }));
        expect(await importLines([{ token, status: 'REVOKED' }])).toEqual(done({ revoked: 1 }));
        expect((await find(jti)).seats).toEqual(shown);
      });

      it('have the mode of the token and the defaults where the line does not say them', async () => {
        const jti = randomUUID();
        const token = aToken({ jti, seats: { mode: 'fixed', required: false } });
        expect(await importLines([{ token, seats: { max: 2 } }])).toEqual(done({ imported: 1 }));
        expect((await find(jti)).seats).toMatchObject({
          max: 2,
          mode: 'fixed',
          required: false,
          offline_days: 30,
          moves_per_30_days: 3,
        });
      });

      it('are null where neither line nor token has any', async () => {
        const jti = randomUUID();
        expect(await importLines([{ token: aToken({ jti }), seats: null }])).toEqual(done({ imported: 1 }));
        expect((await find(jti)).seats).toBeNull();
      });

      it.each<[string, object | undefined, unknown, RegExp]>([
        ['a token that counts them without their number', claim, undefined, /^seats is missing/],
        ['a token that does not count them', undefined, shown, /^seats must be absent/],
        ['another mode', claim, { max: 2, mode: 'fixed' }, /must be those of the token/],
        [
          'seats that are asked for otherwise',
          claim,
          { max: 2, required: false },
          /must be those of the token/,
        ],
        [
          'a number out of its bounds',
          claim,
          { max: 0 },
          /^seats\.max must be a whole number from 1 to 100000\.$/,
        ],
        [
          'a field of the other mode',
          claim,
          { max: 2, offline_days: 3 },
          /^seats\.offline_days must be absent/,
        ],
        ['an unknown field', claim, { max: 2, more: 1 }, /^seats must have no fields except/],
        ['what is not an object', claim, [2], /^seats must be an object\.$/],
      ])('are refused for %s', async (_, seats, given, message) => {
        const report = await importLines([
          { token: aToken({ ...(seats && { seats }) }), seats: given },
          { token: aToken() },
        ]);
        expect(report).toMatchObject({
          imported: 1,
          refused: 1,
          refusals: [{ line: 1, code: 'invalid_field', message: expect.stringMatching(message) as string }],
        });
      });
    });

    it('creates a missing customer from the line, and leaves one on record as it is', async () => {
      await customers.create(CLI, { id: 'known', name: 'Known Ltd', is_active: false });
      const details = {
        email: 'licenses@acme.example',
        company: 'Acme Holding',
        phone: '+1 555 0100',
        address: '1 Main Street',
        notes: 'VIP',
      };
      const report = await importLines([
        { token: aToken(), customer: { id: 'acme', name: 'Acme renamed', ...details } },
        {
          token: aToken({ customer: { id: 'known', name: 'Known' } }),
          customer: { id: 'known', name: 'Other', ...details },
        },
        { token: aToken(), customer: { id: 'acme', name: 'Second line' } },
      ]);
      expect(report).toEqual(done({ imported: 3 }));
      expect(await customers.find('acme')).toMatchObject({ name: 'Acme renamed', ...details });
      expect(await customers.find('known')).toMatchObject({
        name: 'Known Ltd',
        email: null,
        is_active: false,
      });
      expect((await auditTypes()).filter((type) => type === 'customer.created')).toHaveLength(2);
      const stored = await dataSource.query<{ event_data: unknown }[]>('SELECT event_data FROM audit_logs');
      expect(JSON.stringify(stored)).not.toMatch(/acme\.example|Holding|0100|Main|VIP|renamed/);
    });

    describe('status', () => {
      it.each([
        [undefined, 'active', 'VALID'],
        [null, 'active', 'VALID'],
        ['ACTIVE', 'active', 'VALID'],
        ['EXPIRED', 'active', 'VALID'],
        ['suspended', 'suspended', 'SUSPENDED'],
        ['SUSPENDED', 'suspended', 'SUSPENDED'],
        ['revoked', 'revoked', 'REVOKED'],
      ])('%s is stored as %s', async (status, stored, code) => {
        const jti = randomUUID();
        const token = aToken({ jti });
        expect(await importLines([{ token, status }])).toEqual(done({ imported: 1 }));
        expect((await find(jti)).stored_status).toBe(stored);
        expect(await codeOf(token)).toBe(code);
      });

      it('follows the token where it has expired', async () => {
        const jti = randomUUID();
        const token = aToken({ jti, exp: IAT + 60, license_type: 'demo' });
        expect(await importLines([{ token, status: 'ACTIVE' }])).toEqual(done({ imported: 1 }));
        expect((await find(jti)).status).toBe('expired');
        expect(await codeOf(token)).toBe('EXPIRED');
      });

      it('keeps the time and reason of a revocation, or uses the present time and its own reason', async () => {
        const [dated, undated] = [randomUUID(), randomUUID()];
        await importLines([
          {
            token: aToken({ jti: dated }),
            status: 'REVOKED',
            revoked_at: '2025-06-01T12:00:00+02:00',
            revoked_reason: 'unpaid',
          },
          { token: aToken({ jti: undated }), status: 'REVOKED', revoked_at: null },
        ]);
        expect(await find(dated)).toMatchObject({
          revoked_at: new Date('2025-06-01T10:00:00.000Z'),
          revoked_reason: 'unpaid',
        });
        const license = await find(undated);
        expect(license.revoked_reason).toBe('imported as revoked');
        expect(license.revoked_at!.getTime()).toBeGreaterThan(Date.now() - 60_000);
      });
    });

    describe('of what is on record', () => {
      it('changes nothing when it is run again, and records nothing', async () => {
        const lines = [{ token: aToken() }, { token: aToken(), status: 'REVOKED' }];
        await importLines(lines);
        const before = await dataSource.query('SELECT * FROM licenses ORDER BY id');
        const types = await auditTypes();
        expect(await importLines(lines)).toEqual(done({ unchanged: 2 }));
        expect(await dataSource.query('SELECT * FROM licenses ORDER BY id')).toEqual(before);
        expect(await auditTypes()).toEqual(types);
      });

      it('stores the missing text of a token once, as after a restore, and says so', async () => {
        const [jti, other] = [randomUUID(), randomUUID()];
        const lines = [{ token: aToken({ jti }), notes: 'x'.repeat(10) }, { token: aToken({ jti: other }) }];
        await importLines(lines);
        const sql = await superuserOf({ database });
        await sql.query('UPDATE licenses SET token = NULL, notes = NULL WHERE id = $1', [jti]);
        await sql.end();
        expect(await importLines(lines)).toEqual(done({ completed: 1, unchanged: 1 }));
        expect(await find(jti)).toMatchObject({ token: lines[0]!.token, notes: null });
        expect(await importLines(lines)).toEqual(done({ unchanged: 2 }));
      });

      it('keeps revoked licenses revoked and suspended licenses suspended', async () => {
        const [revoked, suspended] = [aToken(), aToken()];
        await importLines([
          { token: revoked, status: 'revoked' },
          { token: suspended, status: 'suspended' },
        ]);
        const report = await importLines([
          { token: revoked, status: 'active' },
          { token: revoked, status: 'suspended' },
          { token: suspended, status: 'active' },
        ]);
        expect(report).toEqual(done({ unchanged: 3 }));
        expect([await codeOf(revoked), await codeOf(suspended)]).toEqual(['REVOKED', 'SUSPENDED']);
      });

      it('revokes what is active or suspended, once, with a record of it', async () => {
        const [jti, other] = [randomUUID(), randomUUID()];
        const tokens = [aToken({ jti }), aToken({ jti: other })];
        await importLines([{ token: tokens[0] }, { token: tokens[1], status: 'suspended' }]);
        const revocation = {
          status: 'revoked',
          revoked_at: '2026-01-01T00:00:00Z',
          revoked_reason: 'chargeback',
        };
        const lines = tokens.map((token) => ({ token, ...revocation }));
        expect(await importLines(lines)).toEqual(done({ revoked: 2 }));
        expect(await importLines(lines)).toEqual(done({ unchanged: 2 }));
        expect(await find(jti)).toMatchObject({
          stored_status: 'revoked',
          revoked_at: new Date('2026-01-01T00:00:00.000Z'),
          revoked_reason: 'chargeback',
          version: 2,
        });
        const records = await dataSource.manager.findBy(AuditRecord, { event_type: 'license.revoked' });
        expect(
          records.map(({ license_id, event_data }) => ({ license_id, event_data })).sort(byLicense),
        ).toEqual(
          [
            { license_id: jti, event_data: { from: 'active', by: 'import' } },
            { license_id: other, event_data: { from: 'suspended', by: 'import' } },
          ].sort(byLicense),
        );
      });

      it('revokes once what a file says is revoked twice', async () => {
        const token = aToken();
        await importLines([{ token }]);
        const line = { token, status: 'revoked' };
        expect(await importLines([line, line])).toEqual(done({ revoked: 1, unchanged: 1 }));
        expect((await auditTypes()).filter((type) => type === 'license.revoked')).toHaveLength(1);
      });

      it('sees what an earlier line of the same file has written', async () => {
        const token = aToken();
        const report = await importLines([{ token }, { token, status: 'revoked' }, { token }]);
        expect(report).toEqual(done({ imported: 1, revoked: 1, unchanged: 1 }));
        expect(await codeOf(token)).toBe('REVOKED');
      });

      it('refuses another token of a license on record, but knows its older tokens', async () => {
        const jti = randomUUID();
        const [first, second] = [aToken({ jti }), aToken({ jti, iat: IAT + 1, rev: 2 })];
        await importLines([{ token: first }]);
        const report = await importLines([{ token: second }]);
        expect(report).toMatchObject({ imported: 0, refused: 1, refusals: [{ line: 1, code: 'conflict' }] });
        expect(await codeOf(second)).toBe('NOT_FOUND');

        // As a reissue leaves it.
        await dataSource.manager.update(License, jti, { token: second, revision: 2 });
        expect(await importLines([{ token: first }])).toEqual(done({ unchanged: 1 }));
        expect((await find(jti)).token).toBe(second);
      });

      it("refuses a deleted customer's id", async () => {
        await customers.create(CLI, { id: 'acme', name: 'Acme' });
        await new CustomerRemovalService(
          dataSource,
          customers,
          audit,
          new LicenseChanges(new Metrics()),
          new ActivationEndings(audit),
        ).remove(CLI, 'acme', false);
        const other = aToken({ customer: { id: 'other', name: 'Other' } });
        const report = await importLines([{ token: aToken() }, { token: other }]);
        expect(report).toMatchObject({ imported: 1, refusals: [{ line: 1, code: 'customer_deleted' }] });
      });
    });

    describe('also refuses', () => {
      it('tokens of a compromised key', async () => {
        await dataSource.query(
          `UPDATE signing_keys SET state = 'compromised', compromised_at = now() WHERE kid = 'old'`,
        );
        const report = await importLines([{ token: aToken() }]);
        expect(report).toMatchObject({ imported: 0, refusals: [{ line: 1, code: 'key_compromised' }] });
      });

      it('no token of a compromised key that is already on record, and still revokes it', async () => {
        const token = aToken();
        const other = aToken();
        await importLines([{ token }, { token: other }]);
        await dataSource.query(
          `UPDATE signing_keys SET state = 'compromised', compromised_at = now() WHERE kid = 'old'`,
        );
        const report = await importLines([{ token, status: 'revoked' }, { token: other }]);
        expect(report).toEqual(done({ revoked: 1, unchanged: 1 }));
      });

      it('and says which file is missing or which field is unknown, but never a value', async () => {
        const token = aToken({}, { key: foreignKey, kid: 'foreign-1' });
        const { refusals } = await importLines([
          { token },
          { token, extra: 'x', 'someone@acme.example': 'y' },
          { token: aToken({}, { key: foreignKey, kid: '\u001b[2J../x' }) },
          { token: aToken(), customer: { id: 'CUST-SECRET', name: 'Zoe Private' } },
        ]);
        expect(refusals[0]!.message).toContain('aegis keys adopt foreign-1 --file <pem>');
        expect(refusals[1]!.message).toContain('extra');
        const shown = JSON.stringify(refusals);
        expect(shown).not.toContain('acme.example');
        expect(shown).not.toContain('[2J');
        expect(shown).not.toContain('SECRET');
        expect(shown).not.toContain('Zoe');
        expect(shown).not.toContain(token.slice(0, 20));
      });

      it('lines that are too long or not UTF-8, no matter where chunks are cut', async () => {
        const limit = 65_536;
        const padded = (bytes: number): string => {
          const line = JSON.stringify({ token: aToken() });
          return line + ' '.repeat(bytes - line.length);
        };
        const lines = [padded(limit), padded(limit + 1), padded(limit), `${padded(limit)}\r`];
        const bytes = Buffer.concat([
          Buffer.from(lines.join('\n')),
          Buffer.from('\n'),
          Buffer.from([0x22, 0xff, 0x22]),
        ]);
        for (const size of [1000, 65_536, 1 << 20]) {
          const { refusals, imported, unchanged } = await importBytes(bytes, false, size);
          expect(imported + unchanged).toBe(3);
          expect(refusals).toEqual([
            { line: 2, code: 'malformed_line', message: expect.stringContaining('too long') },
            { line: 5, code: 'malformed_line', message: expect.stringContaining('UTF-8') },
          ]);
        }
      });

      it('only the line that the database refuses, even if it is in a batch with others', async () => {
        // Stands for any rule of the tables that the checks in front do not know.
        const taken = aToken();
        const lines = Array.from({ length: 5 }, () => ({ token: aToken() }));
        await importLines([{ token: taken }]);
        // On record without its license's id: the hash alone collides.
        const sql = await superuserOf({ database });
        await sql.query('UPDATE license_tokens SET sha256 = $1', [
          createHash('sha256').update(lines[2]!.token).digest(),
        ]);
        await sql.end();
        const report = await importLines(lines);
        expect(report).toMatchObject({
          imported: 4,
          refused: 1,
          refusals: [{ line: 3, code: 'refused_by_database' }],
        });
        expect((await auditTypes()).filter((type) => type === 'license.imported')).toHaveLength(5);
      });
    });

    describe('ends', () => {
      const NONE = {
        source: 'licenses',
        licenses_imported: 0,
        licenses_revoked: 0,
        licenses_completed: 0,
        customers_created: 0,
        audit_records_imported: 0,
      };
      const ends = (): Promise<{ actor: string; event_data: unknown; after_all: boolean }[]> =>
        dataSource.query(`SELECT actor, event_data, id = (SELECT max(id) FROM audit_logs) AS after_all
                          FROM audit_logs WHERE event_type = 'import.finished' ORDER BY id`);

      it('with one record of what it changed, after all others', async () => {
        const revoked = aToken();
        await importLines([{ token: revoked }]);
        const lines = Array.from({ length: 450 }, (_, n) => ({
          token: aToken({ customer: { id: `C-${n % 3}`, name: 'x' } }),
        }));
        await importLines([...lines, { token: revoked, status: 'revoked' }, { token: revoked }, '?']);
        expect(await ends()).toEqual([
          {
            actor: 'cli:tester',
            event_data: { ...NONE, licenses_imported: 1, customers_created: 1 },
            after_all: false,
          },
          {
            actor: 'cli:tester',
            event_data: { ...NONE, licenses_imported: 450, licenses_revoked: 1, customers_created: 3 },
            after_all: true,
          },
        ]);
      });

      it('without a record where nothing was changed', async () => {
        await importLines(['?']);
        await importLines([{ token: aToken() }, '?'], true);
        expect(await ends()).toEqual([]);
      });

      it('in the one transaction of an atomic import', async () => {
        await importLines([{ token: aToken() }, { token: aToken() }], true);
        expect(await ends()).toMatchObject([{ event_data: { licenses_imported: 2 }, after_all: true }]);
        const records: { transactions: number }[] = await dataSource.query(
          `SELECT count(DISTINCT xact)::int AS transactions FROM audit_logs WHERE event_type !~ 'signing_key'`,
        );
        expect(records).toEqual([{ transactions: 1 }]);
      });

      it('also when its lines break off', async () => {
        const line = Buffer.from(`${JSON.stringify({ token: aToken() })}\n`.repeat(201));
        async function* broken(): AsyncGenerator<Buffer> {
          yield await Promise.resolve(line);
          throw new Error('the pipe is gone');
        }
        const options = { atomic: false, onRefusal: () => undefined };
        await expect(licenses.run(CLI, broken(), options)).rejects.toThrow('the pipe is gone');
        expect(await ends()).toMatchObject([{ event_data: { licenses_imported: 1 } }]);
        await expect(licenses.run(CLI, broken(), { ...options, atomic: true })).rejects.toThrow('is gone');
        expect(await ends()).toHaveLength(1);
      });

      it('with what an import that was killed has changed, even if nothing was left to do', async () => {
        const token = aToken();
        async function* lines(): AsyncGenerator<CheckedLine> {
          yield { number: 1, checked: await check.prove(readImportLine(JSON.stringify({ token }))) };
        }
        await licenses.take(CLI, lines(), { source: 'licenses', atomic: false, onRefusal: () => undefined });
        expect(await ends()).toEqual([]);
        expect(await importLines([{ token }])).toEqual(done({ unchanged: 1 }));
        expect(await ends()).toMatchObject([{ event_data: { licenses_imported: 1, customers_created: 1 } }]);
        await importLines([{ token }]);
        expect(await ends()).toHaveLength(1);
      });

      it('counts no line that the database refuses', async () => {
        const sql = await superuserOf({ database });
        await sql.query(`ALTER TABLE licenses ADD CONSTRAINT short CHECK (notes <> 'no')`);
        await sql.end();
        await importLines([{ token: aToken(), notes: 'no' }, { token: aToken() }]);
        expect(await ends()).toMatchObject([{ event_data: { licenses_imported: 1 } }]);
      });
    });

    it('counts blank lines, and skips a byte order mark and CR LF', async () => {
      const text = `\ufeff${JSON.stringify({ token: aToken() })}\r\n\r\n   \r\n{}\r\n`;
      for (const size of [1, 7, 1 << 16]) {
        const { imported, unchanged, refusals } = await importBytes(text, false, size);
        expect(imported + unchanged).toBe(1);
        expect(refusals).toMatchObject([{ line: 4 }]);
      }
    });

    it('imports nothing from an empty file', async () => {
      expect(await importBytes('')).toEqual(done({}));
      expect(await importBytes('\n\n')).toEqual(done({}));
    });

    it('reports refusals in the order of the lines, over many batches', async () => {
      const lines = Array.from({ length: 450 }, (_, index) =>
        index % 100 === 99 ? '{}' : index % 100 === 50 ? { token: aToken({ rev: 0 }) } : { token: aToken() },
      );
      const report = await importLines(lines);
      expect(report).toMatchObject({ imported: 442, refused: 8 });
      expect(report.refusals.map(({ line }) => line)).toEqual([51, 100, 151, 200, 251, 300, 351, 400]);
    });

    describe('atomic', () => {
      it('writes nothing at all when one line is refused, and reports every refusal', async () => {
        const lines = [
          ...Array.from({ length: 250 }, () => ({ token: aToken() })),
          '{}',
          { token: 'a.b.c' },
          { token: aToken() },
        ];
        const report = await importLines(lines, true);
        expect(report).toMatchObject({ imported: 0, revoked: 0, unchanged: 0, refused: 2 });
        expect(report.refusals.map(({ line }) => line)).toEqual([251, 252]);
        expect(await dataSource.manager.count(License)).toBe(0);
        expect(await dataSource.manager.count(Customer)).toBe(0);
        expect(await auditTypes()).toEqual([]);
      });

      it('writes all when none is refused', async () => {
        const report = await importLines(
          Array.from({ length: 250 }, () => ({ token: aToken() })),
          true,
        );
        expect(report).toEqual(done({ imported: 250 }));
        expect(await dataSource.manager.count(License)).toBe(250);
      });
    });

    it('writes one import at a time, so that two imports never deadlock', async () => {
      // Else they would wait for each other's customer, and never get to the licenses.
      await customers.create(CLI, { id: 'acme', name: 'Acme Corporation' });
      const [some, others] = [1, 2].map(() =>
        Array.from({ length: 200 }, () => `${JSON.stringify({ token: aToken() })}\n`),
      ) as [string[], string[]];
      const sql = await superuserOf({ database });
      const oneWaits = until('one import waits for the other', async () => {
        const { rows } = await sql.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      });
      async function* first(): AsyncGenerator<Buffer> {
        // The line after a batch has it written.
        yield Buffer.from(some.join('') + others[0]!);
        await oneWaits;
        yield Buffer.from(others.slice(1).join(''));
      }
      async function* second(): AsyncGenerator<Buffer> {
        yield await Promise.resolve(Buffer.from([...others, ...some].join('')));
      }
      const options = { atomic: true, onRefusal: () => undefined };
      try {
        const reports = await Promise.all([
          licenses.run(CLI, first(), options),
          licenses.run(CLI, second(), options),
        ]);
        expect(reports.map(({ imported }) => imported).sort()).toEqual([0, 400]);
        expect(reports.map(({ unchanged }) => unchanged).sort()).toEqual([0, 400]);
      } finally {
        await sql.end();
      }
    });

    it('imports each license once when two run at once', async () => {
      const lines = Array.from({ length: 600 }, (_, index) => ({
        token: aToken({ customer: { id: `c-${index % 50}`, name: 'C' } }),
      }));
      const reports = await Promise.all([
        importLines(lines),
        importLines([...lines].reverse()),
        importLines(lines, true),
      ]);
      expect(reports.map(({ refusals }) => refusals)).toEqual([[], [], []]);
      expect(reports.reduce((sum, { imported }) => sum + imported, 0)).toBe(600);
      expect(reports.reduce((sum, { unchanged }) => sum + unchanged, 0)).toBe(1200);
      const types = await auditTypes();
      expect(types.filter((type) => type === 'license.imported')).toHaveLength(600);
      expect(types.filter((type) => type === 'customer.created')).toHaveLength(50);
    });
  });
});

function byLicense(a: { license_id: string | null }, b: { license_id: string | null }): number {
  return String(a.license_id) < String(b.license_id) ? -1 : 1;
}
