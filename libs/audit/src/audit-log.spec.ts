import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { type Actor, SYSTEM } from './actor';
import { AuditLog } from './audit-log';
import { AuditRecord } from './audit-record.entity';

const KEY: Actor = {
  name: 'api_key:abc',
  apiKeyId: 'abc',
  ipAddress: '2001:db8::1',
  userAgent: 'shop/2.1',
  requestId: 'request-1',
};
/** All that a faked clock could fake but `Date`. */
const TIMERS = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
] as const;
const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';

describe('the audit trail', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let superuser: Client;
  const audit = new AuditLog();

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([AuditRecord]);
    superuser = new Client({ connectionString: database.superuserUrl });
    await superuser.connect();
  });
  afterAll(async () => {
    await superuser.end();
    await database.drop();
  });

  const all = (): Promise<AuditRecord[]> => dataSource.manager.find(AuditRecord, { order: { id: 'ASC' } });

  it('stores many records in their order, with all their fields', async () => {
    const occurredAt = new Date('2024-05-06T07:08:09.123Z');
    await audit.append(
      dataSource.manager,
      {
        type: 'license.issued',
        actor: KEY,
        licenseId: LICENSE,
        customerId: 'acme',
        moduleName: 'payroll',
        data: { nested: { 'quote"': [1, null, 'ä🦉\\'] } },
        occurredAt,
      },
      { type: 'signing_key.retired', actor: SYSTEM },
    );
    expect(await all()).toEqual([
      {
        id: expect.stringMatching(/^\d+$/),
        recorded_at: expect.any(Date),
        event_type: 'license.issued',
        license_id: LICENSE,
        customer_id: 'acme',
        module_name: 'payroll',
        api_key_id: 'abc',
        actor: 'api_key:abc',
        ip_address: '2001:db8::1',
        user_agent: 'shop/2.1',
        request_id: 'request-1',
        event_data: { nested: { 'quote"': [1, null, 'ä🦉\\'] } },
        occurred_at: occurredAt,
      },
      expect.objectContaining({
        event_type: 'signing_key.retired',
        actor: 'system',
        license_id: null,
        customer_id: null,
        api_key_id: null,
        ip_address: null,
        event_data: {},
        occurred_at: null,
      }),
    ]);
  });

  it('keeps no more of a user agent than 500 characters', async () => {
    await audit.append(dataSource.manager, {
      type: 'license.issued',
      actor: { ...KEY, userAgent: 'x'.repeat(9_000) },
    });
    expect((await all()).at(-1)!.user_agent).toBe('x'.repeat(500));
  });

  it('uses the clock of the database, no matter what the clock of the process says', async () => {
    const now = async (): Promise<Date> =>
      (await superuser.query<{ now: Date }>("SELECT date_trunc('milliseconds', clock_timestamp()) AS now"))
        .rows[0]!.now;
    const before = await now();
    jest.useFakeTimers({ now: new Date('2001-01-01Z'), doNotFake: [...TIMERS] });
    await audit.append(dataSource.manager, { type: 'license.issued', actor: KEY }).finally(() => {
      jest.useRealTimers();
    });
    const { recorded_at } = (await all()).at(-1)!;
    expect(recorded_at.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(recorded_at.getTime()).toBeLessThanOrEqual((await now()).getTime() + 1);
  });

  it('has no record of a change that was rolled back', async () => {
    const before = await all();
    await expect(
      dataSource.transaction(async (tx) => {
        await audit.append(tx, { type: 'license.issued', actor: KEY });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await all()).toEqual(before);
  });

  it('stores either all records of a call or none', async () => {
    const before = await all();
    await expect(
      audit.append(
        dataSource.manager,
        { type: 'license.issued', actor: KEY },
        { type: 'license.issued', actor: { ...KEY, ipAddress: 'nowhere' } },
      ),
    ).rejects.toThrow();
    expect(await all()).toEqual(before);
  });

  it('lets the application change nothing', async () => {
    const before = await all();
    for (const sql of [
      `UPDATE audit_logs SET actor = 'system'`,
      'DELETE FROM audit_logs',
      'TRUNCATE audit_logs',
      'DROP TABLE audit_logs',
      'ALTER TABLE audit_logs DISABLE TRIGGER ALL',
    ])
      await expect(dataSource.query(sql)).rejects.toThrow(/permission denied|must be owner/);
    expect(await all()).toEqual(before);
  });

  it('keeps even the owner and a superuser from changing a record by mistake', async () => {
    const before = await all();
    const { rows } = await superuser.query<{ partition: string }>(
      'SELECT tableoid::regclass AS partition FROM audit_logs LIMIT 1',
    );
    const owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    for (const client of [owner, superuser])
      for (const table of ['audit_logs', rows[0]!.partition])
        for (const sql of [
          `UPDATE ${table} SET actor = 'system'`,
          `DELETE FROM ${table}`,
          `TRUNCATE ${table}`,
        ])
          await expect(client.query(sql)).rejects.toThrow('append-only');
    // A replica's sessions skip ordinary triggers.
    await superuser.query(`SET session_replication_role = 'replica'`);
    await expect(superuser.query('DELETE FROM audit_logs')).rejects.toThrow('append-only');
    await owner.end();
    expect(await all()).toEqual(before);
  });
});
