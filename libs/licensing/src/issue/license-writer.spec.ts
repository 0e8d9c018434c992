import { SeatTermsStore } from '@aegis/activations';
import { type Actor, AuditLog, AuditRecord } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Customer, CustomersService } from '@aegis/customers';
import { withTransactionHooks } from '@aegis/database';
import { Logger, runInRequest } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { KeyRing, signerSource, SigningKey } from '@aegis/signing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { aCustomerId } from '../../../../test/support/factories';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { until } from '../../../../test/support/until';
import { LicenseChanges } from '../license-changes';
import { LicenseLock } from '../license-lock';
import { LicenseToken } from '../license-token.entity';
import { LicenseWriter, type WriteOptions } from './license-writer';
import { License } from '../license.entity';
import { LicensingService } from './licensing.service';
import { TokenIssuer } from './token-issuer';

const CLI: Actor = { name: 'cli:tester', apiKeyId: null, ipAddress: null, userAgent: null, requestId: null };

describe('licenses that are issued at once', () => {
  let folder: string;
  let database: TestDatabase;
  let dataSource: DataSource;
  let customers: CustomersService;
  let licensing: LicensingService;
  let poolExtras: object | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-writer-'));
    database = await testDatabase();
    dataSource = await database.dataSource([AuditRecord, Customer, License, LicenseToken, SigningKey]);
    const environment = Object.assign(new Environment(), {
      ENVIRONMENT: 'test',
      KEYS_DIR: join(folder, 'keys'),
      SIGNER: 'pem',
      KEY_PASSPHRASE: 'a passphrase for tests',
      LICENSE_ISSUER: 'https://license.biz4a.com',
      PUBLIC_URL: 'https://licenses.vendor.example',
    });
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });
    const audit = new AuditLog();
    const keyRing = new KeyRing(
      dataSource,
      environment,
      audit,
      logger,
      signerSource(environment, logger, new Metrics()),
    );
    await keyRing.load();
    customers = new CustomersService(dataSource, audit);
    const tokens = new TokenIssuer(dataSource, keyRing, environment, new Metrics());
    const writer = new LicenseWriter(
      dataSource,
      audit,
      customers,
      tokens,
      new SeatTermsStore(),
      new LicenseChanges(new Metrics()),
    );
    licensing = new LicensingService(
      dataSource,
      audit,
      customers,
      new LicenseLock(),
      tokens,
      writer,
      environment,
    );
  });
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  async function aCustomerOnRecord(): Promise<string> {
    return (await customers.create(CLI, { id: aCustomerId(), name: 'Acme' })).id;
  }

  const issue = (customer_id: string, options?: WriteOptions): Promise<License> =>
    licensing.issue(
      CLI,
      {
        customer_id,
        module_name: 'payroll',
        allowed_major_versions: ['17', '18'],
        license_type: 'demo',
        duration_days: 7,
        notes: 'first of "many"',
      },
      options,
    );

  interface Written {
    id: string;
    token: string;
    notes: string;
    versions: string[];
    on_record: boolean;
    xact: string;
  }

  /** Licenses of a customer, and whether token and audit record were written with them, in which transaction. */
  const writtenTo = (customerId: string): Promise<Written[]> =>
    dataSource.query(
      `SELECT l.id, l.token, l.notes, l.allowed_major_versions AS versions, a.xact::text,
              t.sha256 = sha256(l.token::bytea) AND l.xmin::text = (a.xact::text::bigint % 4294967296)::text AS on_record
       FROM licenses l JOIN license_tokens t ON t.license_id = l.id
       JOIN audit_logs a ON a.license_id = l.id AND a.event_type = 'license.issued' WHERE l.customer_id = $1`,
      [customerId],
    );

  it('share a transaction, and each is on record with its token and its audit record', async () => {
    const ids = await Promise.all([aCustomerOnRecord(), aCustomerOnRecord()]);
    const issued = await Promise.all(Array.from({ length: 40 }, (_, index) => issue(ids[index % 2]!)));
    const written = (await Promise.all(ids.map(writtenTo))).flat();
    expect(written).toHaveLength(40);
    for (const license of issued)
      expect(written).toContainEqual(
        expect.objectContaining({
          id: license.id,
          token: license.token,
          notes: 'first of "many"',
          versions: ['17', '18'],
          on_record: true,
        }),
      );
    expect(new Set(written.map(({ xact }) => xact)).size).toBeLessThan(40);
  });

  it('return what is on record', async () => {
    const license = await issue(await aCustomerOnRecord());
    const read = await licensing.find(license.id);
    expect(read).toMatchObject(Object.assign(license, { customer: { id: license.customer_id } }));
    expect(read.status).toBe('active');
    expect(license.status).toBe('active');
  });

  it('are refused for an inactive, a removed and an unknown customer, without refusing the others', async () => {
    const active = await aCustomerOnRecord();
    const inactive = await aCustomerOnRecord();
    const removed = await aCustomerOnRecord();
    const sql = new Client({ connectionString: database.superuserUrl });
    await sql.connect();
    await sql.query('BEGIN');
    // Read as active still, and signed; then the writing waits for what becomes of them.
    await sql.query('UPDATE customers SET is_active = false WHERE id = $1', [inactive]);
    await sql.query(
      'UPDATE customers SET is_active = false, name = NULL, deleted_at = clock_timestamp() WHERE id = $1',
      [removed],
    );
    const answers = [active, inactive, removed, 'never-heard-of', active].map((id) => issue(id));
    const settled = Promise.allSettled(answers);
    await untilWaiting(sql);
    await sql.query('COMMIT');
    await sql.end();
    expect((await settled).map(codeOf)).toEqual([
      'written',
      'customer_inactive',
      'customer_not_found',
      'customer_not_found',
      'written',
    ]);
    expect(await writtenTo(active)).toHaveLength(2);
    expect(await writtenTo(inactive)).toEqual([]);
    expect(await writtenTo(removed)).toEqual([]);
  });

  it('do not fail because the customer of one of them is locked', async () => {
    const free = await aCustomerOnRecord();
    const locked = await aCustomerOnRecord();
    const sql = new Client({ connectionString: database.superuserUrl });
    await sql.connect();
    try {
      await reconnect({ lock_timeout: 3000 });
      await sql.query('BEGIN');
      await sql.query('SELECT 1 FROM customers WHERE id = $1 FOR UPDATE', [locked]);
      const answers = await Promise.allSettled([issue(free), issue(locked), issue(free)]);
      expect(answers.map(codeOf)).toEqual(['written', '55P03', 'written']);
    } finally {
      await sql.query('ROLLBACK');
      await reconnect({});
      await sql.end();
    }
    expect(await writtenTo(free)).toHaveLength(2);
    expect(await writtenTo(locked)).toEqual([]);
  });

  it('do not fail because the caller of one of them is locked', async () => {
    const id = await aCustomerOnRecord();
    const sql = new Client({ connectionString: database.superuserUrl });
    await sql.connect();
    const issueBy = (caller: string): Promise<License> =>
      runInRequest(
        {
          ...{ requestId: caller, traceId: '0af7651916cd43dd8448eb211c80319c', spanId: null, ip: null },
          ...{ userAgent: null, apiKeyId: caller, accessFields: null },
          caller: { kind: 'api_key', id: caller, proofs: [], sessionId: null, scopes: [] },
        },
        () => issue(id),
      );
    try {
      await reconnect({ lock_timeout: 3000 });
      await sql.query('BEGIN');
      // As a change of that API key holds it: migrations/1764120000000-judge-callers-again.ts.
      await sql.query(
        `SELECT pg_advisory_xact_lock(hashtextextended('api_key:locked', 4702394921427289943))`,
      );
      const answers = await Promise.allSettled([issue(id), issueBy('locked'), issueBy('unknown'), issue(id)]);
      expect(answers.map(codeOf)).toEqual(['written', '55P03', 'unauthorized', 'written']);
    } finally {
      await sql.query('ROLLBACK');
      await reconnect({});
      await sql.end();
    }
    expect(await writtenTo(id)).toHaveLength(2);
  });

  it('are written in separate transactions if their answers are remembered in them', async () => {
    const id = await aCustomerOnRecord();
    const results: unknown[] = [];
    const hooked = (): Promise<License> =>
      withTransactionHooks(
        {
          begin: () => Promise.resolve(),
          beforeCommit: (_tx, result) => Promise.resolve(void results.push(result)),
        },
        () => issue(id, { alone: true }),
      );
    const issued = await Promise.all([issue(id), hooked(), issue(id), hooked()]);
    expect(results).toHaveLength(2);
    expect(new Set(results)).toEqual(new Set([issued[1], issued[3]]));
    const written = await writtenTo(id);
    const xactOf = (license: License): string | undefined =>
      written.find((row) => row.id === license.id)?.xact;
    const own = [issued[1], issued[3]].map(xactOf);
    expect(written.filter(({ xact }) => own.includes(xact))).toHaveLength(2);
    expect(written).toHaveLength(4);
  });

  it('are not written if a shared transaction would skip their hooks', async () => {
    const id = await aCustomerOnRecord();
    const hooks = { begin: () => Promise.resolve(), beforeCommit: () => Promise.resolve() };
    await expect(withTransactionHooks(hooks, () => issue(id))).rejects.toThrow('cannot be shared');
    expect(await writtenTo(id)).toEqual([]);
  });

  it('are not written when the transaction fails', async () => {
    const id = await aCustomerOnRecord();
    const failing = withTransactionHooks(
      {
        begin: () => Promise.resolve(),
        beforeCommit: () => Promise.reject(new Error('the answer cannot be remembered')),
      },
      () => issue(id, { alone: true }),
    );
    await expect(failing).rejects.toThrow('the answer cannot be remembered');
    expect(await writtenTo(id)).toEqual([]);
    expect(await dataSource.query(`SELECT 1 FROM licenses WHERE customer_id = $1`, [id])).toEqual([]);
  });

  /** New connections, which have the database's settings as they are now. */
  /** @param limits options of pg for each connection */
  async function reconnect(limits: { lock_timeout?: number }): Promise<void> {
    const { extra } = dataSource.options as { extra?: object };
    poolExtras ??= { ...extra };
    await dataSource.destroy();
    dataSource.setOptions({ extra: { ...poolExtras, ...limits } });
    await dataSource.initialize();
  }

  function untilWaiting(sql: Client): Promise<void> {
    return until('a statement waits for a lock', async () => {
      const { rowCount } = await sql.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rowCount !== 0;
    });
  }

  function codeOf(answer: PromiseSettledResult<License>): string {
    if (answer.status === 'fulfilled') return 'written';
    const { code, driverError } = answer.reason as { code?: string; driverError?: { code: string } };
    return driverError?.code ?? String(code);
  }
});
