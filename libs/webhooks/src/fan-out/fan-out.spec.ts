import { AuditLog, type AuditEntry, SYSTEM } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { EventSequencer } from '@aegis/events';
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { superuserOf, untilBlocked } from '../../../../test/support/database/sql';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';
const OTHER_LICENSE = 'b1c2d3e4-3f0e-4c5e-9a53-0d5e1c2b7f11';

interface DeliveryRow {
  endpoint_id: string;
  sequence: string;
  position: string;
  stream: string;
  state: string;
  failed_reason: string | null;
  created_at: Date;
  due_at: Date;
  holds_until: Date;
}

describe('deliveries', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let superuser: Client;
  let sequencer: EventSequencer;
  const audit = new AuditLog();

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    superuser = new Client({ connectionString: database.superuserUrl });
    await superuser.connect();
    sequencer = new EventSequencer(dataSource);
  });
  afterEach(async () => {
    await superuser.end();
    await database.drop();
  });

  async function endpoint(more: Record<string, unknown> = {}): Promise<string> {
    const row: Record<string, unknown> = {
      id: randomUUID(),
      url: 'https://hooks.example.com/aegis',
      api_version: '1',
      keys: 'sealed',
      public_key: 'whpk_',
      created_by: 'Ada',
      ...more,
    };
    const columns = Object.keys(row);
    await dataSource.query(
      `INSERT INTO webhook_endpoints (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
      Object.values(row),
    );
    await dataSource.query('INSERT INTO webhook_progress (endpoint_id) VALUES ($1)', [row.id]);
    return String(row.id);
  }
  const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
    type: 'license.updated',
    actor: SYSTEM,
    licenseId: LICENSE,
    customerId: 'acme',
    moduleName: 'payroll',
    data: { fields: ['notes'] },
    ...more,
  });
  async function happen(...entries: AuditEntry[]): Promise<void> {
    await audit.append(dataSource.manager, ...entries);
    await sequencer.run();
  }
  const deliveries = (endpointId: string): Promise<DeliveryRow[]> =>
    dataSource.query('SELECT * FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY sequence', [
      endpointId,
    ]);
  const numbers = async (endpointId: string): Promise<[number, number][]> =>
    (await deliveries(endpointId)).map(({ sequence, position }) => [Number(sequence), Number(position)]);

  it('are made with the positions, and numbered for each endpoint without a gap', async () => {
    await happen(entry());
    const all = await endpoint();
    const some = await endpoint({ event_types: ['license.revoked'] });
    await happen(entry(), entry({ type: 'license.revoked', data: { from: 'active' } }), entry());
    await happen(entry({ type: 'license.revoked', data: { from: 'active' } }));
    expect(await numbers(all)).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ]);
    expect(await numbers(some)).toEqual([
      [1, 3],
      [2, 5],
    ]);
    expect(
      await dataSource.query('SELECT endpoint_id, sequence FROM webhook_progress ORDER BY sequence'),
    ).toEqual([
      { endpoint_id: some, sequence: '2' },
      { endpoint_id: all, sequence: '4' },
    ]);
  });

  it.each([
    [{ event_types: ['license.*'] }, [1, 2]],
    [{ event_types: ['customer.*', 'license.revoked'] }, [2, 3]],
    [{ module_names: ['payroll', 'stock'] }, [1]],
    [{ customer_ids: ['globex'] }, [2, 3]],
    [{ customer_ids: ['globex'], module_names: ['payroll'] }, []],
    [{ event_types: ['license.*'], customer_ids: ['acme'] }, [1]],
    [{}, [1, 2, 3]],
  ])('are made of what the filters admit: %j', async (filters, positions) => {
    const id = await endpoint(filters);
    await happen(
      entry(),
      entry({ type: 'license.revoked', customerId: 'globex', moduleName: 'sales', data: {} }),
      entry({ type: 'customer.deleted', customerId: 'globex', moduleName: undefined, licenseId: undefined }),
    );
    expect((await numbers(id)).map(([, position]) => position)).toEqual(positions);
  });

  it('wait for the open ones of their license, ten minutes at most, and for no other', async () => {
    const id = await endpoint();
    await happen(entry(), entry({ licenseId: OTHER_LICENSE }), entry());
    await happen(entry());
    const [first, other, second, third] = await deliveries(id);
    for (const free of [first!, other!]) expect(free.due_at).toEqual(free.created_at);
    expect(second!.stream).toBe(first!.stream);
    expect(other!.stream).not.toBe(first!.stream);
    for (const { due_at, holds_until } of [first!, other!, second!, third!])
      expect(holds_until.getTime() - due_at.getTime()).toBe(600_000);
    expect(second!.due_at).toEqual(first!.holds_until);
    expect(third!.due_at).toEqual(second!.holds_until);
    await dataSource.query(`UPDATE webhook_deliveries SET state = 'delivered', ended_at = now()`);
    await happen(entry());
    const last = (await deliveries(id)).at(-1);
    expect(last!.due_at).toEqual(last!.created_at);
  });

  it('have one stream for each customer where they are about no license', async () => {
    const id = await endpoint();
    const customer = (customerId: string): AuditEntry =>
      entry({ type: 'customer.deleted', customerId, licenseId: undefined, moduleName: undefined });
    await happen(customer('acme'), customer('globex'), customer('acme'));
    const [one, other, again] = (await deliveries(id)).map(({ stream }) => stream);
    expect(one).toBe(again);
    expect(one).not.toBe(other);
  });

  it('are kept for an endpoint that is disabled, as failed', async () => {
    const id = await endpoint({ is_active: false, disabled_reason: 'operator', disabled_at: new Date() });
    await happen(entry());
    expect(await deliveries(id)).toMatchObject([{ state: 'failed', failed_reason: 'endpoint_disabled' }]);
  });

  it('are not made for an endpoint that is deleted', async () => {
    const id = await endpoint({ deleted_at: new Date() });
    const other = await endpoint();
    await happen(entry());
    expect(await deliveries(id)).toEqual([]);
    expect(await deliveries(other)).toHaveLength(1);
  });

  it('come from no transaction that is undone, and are made once', async () => {
    const id = await endpoint();
    const undone = transaction(dataSource, async (tx) => {
      await audit.append(tx, entry());
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await happen(entry());
    await sequencer.run();
    expect(await numbers(id)).toEqual([[1, 1]]);
  });

  it('can neither be made up nor taken back by the server’s role, nor their numbers changed', async () => {
    await endpoint();
    await happen(entry());
    for (const statement of [
      'INSERT INTO webhook_deliveries SELECT * FROM webhook_deliveries',
      'DELETE FROM webhook_deliveries',
      'UPDATE webhook_deliveries SET sequence = 7',
      'UPDATE webhook_deliveries SET position = 7',
      'UPDATE webhook_progress SET sequence = 7',
      'DELETE FROM webhook_progress',
      'DELETE FROM webhook_endpoints',
      'SELECT webhooks_fan_out(0, 1)',
    ])
      await expect(dataSource.query(statement)).rejects.toThrow('permission denied');
  });

  it('are removed with an endpoint that stays deleted', async () => {
    const id = await endpoint();
    await happen(entry());
    await dataSource.query('UPDATE webhook_endpoints SET deleted_at = now()');
    for (const change of [
      'deleted_at = NULL',
      `deleted_at = deleted_at + interval '1 day'`,
      'id = gen_random_uuid()',
    ])
      await expect(dataSource.query(`UPDATE webhook_endpoints SET ${change}`)).rejects.toThrow(
        'a row of webhook_endpoints keeps its id, and that it was deleted',
      );
    expect(await deliveries(id)).toHaveLength(1);
  });

  it('are made whatever moments the server’s role has written', async () => {
    const id = await endpoint();
    await happen(entry());
    await dataSource.query(
      `UPDATE webhook_deliveries SET due_at = '9999-12-31T23:59:00Z', holds_until = '9999-12-31T23:59:00Z'`,
    );
    await happen(entry(), entry());
    expect(await numbers(id)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('are not made for an endpoint that is made meanwhile: nothing would keep it from being disabled', async () => {
    const first = await endpoint();
    await audit.append(dataSource.manager, entry());
    await superuser.query('BEGIN');
    await superuser.query('SELECT FROM webhook_progress FOR NO KEY UPDATE');
    const placed = sequencer.run();
    const watcher = await superuserOf({ database });
    await untilBlocked(watcher).finally(() => watcher.end());
    const second = await endpoint();
    await superuser.query('COMMIT');
    await placed;
    expect(await numbers(first)).toEqual([[1, 1]]);
    expect(await deliveries(second)).toEqual([]);
    await happen(entry());
    expect(await numbers(second)).toEqual([[1, 2]]);
  });

  it('are removed with their event, or their endpoint', async () => {
    const id = await endpoint();
    const other = await endpoint();
    await happen(entry(), entry());
    const forget = (): Promise<unknown> => dataSource.query('SELECT webhooks_forget(100) AS removed');
    expect(await forget()).toEqual([{ removed: 0 }]);
    await superuser.query(`UPDATE events SET numbered_at = now() - interval '91 days' WHERE position = 1`);
    await dataSource.query('SELECT events_forget(90, 100)');
    expect(await forget()).toEqual([{ removed: 2 }]);
    expect(await numbers(id)).toEqual([[2, 2]]);
    await dataSource.query('UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1', [id]);
    expect(await forget()).toEqual([{ removed: 1 }]);
    expect(await dataSource.query('SELECT id FROM webhook_endpoints')).toEqual([{ id: other }]);
    expect(await numbers(other)).toEqual([[2, 2]]);
  });
});
