import { type Actor, AuditLog, AuditRecord } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { Customer } from './customer.entity';
import { CustomerExists, CustomerInactive, CustomerNotFound } from './customers.errors';
import { CustomersService } from './customers.service';

const ACTOR: Actor = {
  name: 'cli:tester',
  apiKeyId: null,
  ipAddress: null,
  userAgent: null,
  requestId: null,
};

describe('CustomersService', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let customers: CustomersService;
  let other: Client;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([AuditRecord, Customer]);
    customers = new CustomersService(dataSource, new AuditLog());
    other = new Client({ connectionString: database.ownerUrl });
    await other.connect();
  });
  beforeEach(async () => {
    await other.query('TRUNCATE customers CASCADE');
    await customers.create(ACTOR, { id: 'acme', name: 'Acme', email: 'a@acme.example' });
  });
  afterAll(async () => {
    await other.end();
    await database.drop();
  });

  /** SQLSTATE 55P03: another holds a lock that conflicts with this one. */
  async function canLock(mode: string): Promise<boolean> {
    try {
      await other.query(`SELECT 1 FROM customers WHERE id = 'acme' FOR ${mode} NOWAIT`);
      return true;
    } catch (error) {
      expect((error as { code: string }).code).toBe('55P03');
      return false;
    }
  }

  it('shares an active customer: others may share it too, nobody may change it', async () => {
    await transaction(dataSource, async (tx) => {
      await customers.shareActive(tx, 'acme');
      expect(await canLock('SHARE')).toBe(true);
      // What an UPDATE of a column that is not a key takes.
      expect(await canLock('NO KEY UPDATE')).toBe(false);
    });
    expect(await canLock('UPDATE')).toBe(true);
  });

  it('locks a customer against everything', async () => {
    await transaction(dataSource, async (tx) => {
      expect(await customers.lock(tx, 'acme')).toMatchObject({ id: 'acme', name: 'Acme' });
      expect(await canLock('SHARE')).toBe(false);
      expect(await canLock('KEY SHARE')).toBe(false);
    });
  });

  it('neither shares nor locks a customer that does not exist or is not active', async () => {
    await customers.create(ACTOR, { id: 'idle', name: 'Idle', is_active: false });
    await transaction(dataSource, (tx) => customers.softDelete(tx, ACTOR, 'acme'));
    const attempt = (work: (tx: DataSource['manager']) => Promise<unknown>): Promise<unknown> =>
      transaction(dataSource, work);
    await expect(attempt((tx) => customers.shareActive(tx, 'idle'))).rejects.toThrow(CustomerInactive);
    for (const id of ['acme', 'nobody']) {
      await expect(attempt((tx) => customers.shareActive(tx, id))).rejects.toThrow(CustomerNotFound);
      await expect(attempt((tx) => customers.lock(tx, id))).rejects.toThrow(CustomerNotFound);
      await expect(customers.find(id)).rejects.toThrow(CustomerNotFound);
    }
    await expect(customers.create(ACTOR, { id: 'acme', name: 'Again' })).rejects.toThrow(CustomerExists);
  });

  it('creates the missing ones of many customers, keeps the others as they are, and names the deleted', async () => {
    await customers.create(ACTOR, { id: 'gone', name: 'Gone' });
    await transaction(dataSource, (tx) => customers.softDelete(tx, ACTOR, 'gone'));
    const { id: last } = await newestRecord();
    const { created, deleted } = await transaction(dataSource, async (tx) => {
      const answer = await customers.shareOrCreate(tx, ACTOR, [
        { id: 'zeta', name: 'Zeta', phone: '1' },
        { id: 'acme', name: 'Other', email: 'other@acme.example' },
        { id: 'gone', name: 'Back' },
      ]);
      expect(await canLock('NO KEY UPDATE')).toBe(false);
      return answer;
    });
    expect([...created]).toEqual(['zeta']);
    expect([...deleted]).toEqual(['gone']);
    expect(await customers.find('acme')).toMatchObject({ name: 'Acme', email: 'a@acme.example' });
    expect(await customers.find('zeta')).toMatchObject({ name: 'Zeta', phone: '1', is_active: true });
    const { rows } = await other.query(
      'SELECT event_type, customer_id, actor, event_data FROM audit_logs WHERE id > $1',
      [last],
    );
    expect(rows).toEqual([
      {
        event_type: 'customer.created',
        customer_id: 'zeta',
        actor: 'cli:tester',
        event_data: { fields: ['name', 'phone'], by: 'import' },
      },
    ]);
  });

  it('records nothing about a change that is rolled back', async () => {
    const before = await newestRecord();
    await expect(
      transaction(dataSource, async (tx) => {
        await customers.shareOrCreate(tx, ACTOR, [{ id: 'new', name: 'New' }]);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await newestRecord()).toEqual(before);
    await expect(customers.find('new')).rejects.toThrow(CustomerNotFound);
  });

  async function newestRecord(): Promise<{ id: string }> {
    const { rows } = await other.query<{ id: string }>('SELECT * FROM audit_logs ORDER BY id DESC LIMIT 1');
    return rows[0]!;
  }
});
