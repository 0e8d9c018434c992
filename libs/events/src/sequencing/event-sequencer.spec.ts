import { AuditLog, type AuditEntry, SYSTEM } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { eventId } from './event-id';
import { SOURCE_TYPES } from './event-of-record';
import { EventSequencer } from './event-sequencer';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';

interface EventRow {
  position: string;
  id: string;
  type: string;
  license_id: string | null;
  customer_id: string | null;
  record_id: string;
  occurred_at: Date;
  data: Record<string, unknown>;
}

describe('events', () => {
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

  const entry = (more: Partial<AuditEntry> = {}): AuditEntry => ({
    type: 'license.updated',
    actor: SYSTEM,
    licenseId: LICENSE,
    customerId: 'acme',
    moduleName: 'payroll',
    data: { fields: ['notes'] },
    ...more,
  });
  const append = (...entries: AuditEntry[]): Promise<void> => audit.append(dataSource.manager, ...entries);
  const events = (): Promise<EventRow[]> => dataSource.query('SELECT * FROM events ORDER BY position');
  const waiting = (): Promise<unknown[]> => dataSource.query('SELECT * FROM event_outbox');

  it('are made of audit records, which they name', async () => {
    await append(entry({ type: 'license.revoked', data: { from: 'active', reason: 'chargeback of Ada' } }));
    expect(await sequencer.run()).toBe(1);
    const [record] = await dataSource.query<{ id: string; recorded_at: Date }[]>('SELECT * FROM audit_logs');
    expect(await events()).toEqual([
      {
        position: '1',
        id: eventId(record!.id, record!.recorded_at),
        type: 'license.revoked',
        license_id: LICENSE,
        customer_id: 'acme',
        module_name: 'payroll',
        record_id: record!.id,
        occurred_at: record!.recorded_at,
        numbered_at: expect.any(Date) as Date,
        data: {
          audit_log_id: record!.id,
          license_id: LICENSE,
          customer_id: 'acme',
          module_name: 'payroll',
          status: 'revoked',
          previous_status: 'active',
        },
      },
    ]);
    expect(await waiting()).toEqual([]);
  });

  it('are not made of validations, nor of what an import or the trail itself writes', async () => {
    await append(
      entry({ type: 'license.validated', data: { code: 'VALID' } }),
      entry({ type: 'license.imported', data: { status: 'active' } }),
      entry({ type: 'license.revoked', data: { from: 'active', by: 'import' } }),
      entry({ type: 'license.issued', data: { imported_from: 'v0.8' } }),
      entry({ type: 'audit_log.resumed', data: { after: 1 } }),
    );
    expect(await waiting()).toEqual([]);
    expect(await sequencer.run()).toBe(0);
    expect(await events()).toEqual([]);
  });

  it.each([
    ['released', 'activation.released'],
    ['lease', 'activation.lapsed'],
    ['ended', 'activation.ended'],
    ['customer_removed', 'activation.ended'],
  ])('of an activation that ended say how: %s', async (by, type) => {
    await append(entry({ type: 'activation.ended', data: { activation_id: LICENSE, ended_by: by } }));
    await sequencer.run();
    expect((await events()).map((event) => event.type)).toEqual([type]);
  });

  it('say only what the catalogue names, in its form', async () => {
    const forged = { from: { name: 'Ada' }, email: 'ada@acme.test', token: 'eyJ', status: 'active' };
    await append(entry({ type: 'license.suspended', data: forged }));
    await sequencer.run();
    const [event] = await events();
    expect(event?.data).toEqual({
      audit_log_id: event?.record_id,
      license_id: LICENSE,
      customer_id: 'acme',
      module_name: 'payroll',
      status: 'suspended',
    });
  });

  it.each([
    '1 (Ada, ada@acme.test)',
    'Mon, 30 Nov 2026 12:00:00 (Ada)',
    '2026-11-30T12:00:00Z (Ada)',
    '2026-13-01T00:00:00Z',
  ])('leave out what is not a moment: %s', async (moment) => {
    await append(
      entry({
        type: 'license.expired',
        data: { expires_at: moment, grace_until: '2026-11-30T12:00:00.000Z' },
      }),
    );
    await sequencer.run();
    const [event] = await events();
    expect(event?.data).not.toHaveProperty('expires_at');
    expect(event?.data).toHaveProperty('grace_until', '2026-11-30T12:00:00.000Z');
  });

  it('do not come from a transaction that is undone', async () => {
    const undone = transaction(dataSource, async (tx) => {
      await audit.append(tx, entry());
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await append(entry());
    await sequencer.run();
    expect((await events()).map(({ position }) => position)).toEqual(['1']);
  });

  it('get a later place where they are committed late, and leave no gap', async () => {
    const late = new Client({ connectionString: database.superuserUrl });
    await late.connect();
    try {
      await late.query('BEGIN');
      await late.query(
        `INSERT INTO audit_logs (event_type, actor, customer_id) VALUES ('customer.deleted', 'system', 'late')`,
      );
      await append(entry({ customerId: 'first' }), entry({ customerId: 'second' }));
      expect(await sequencer.run()).toBe(2);
      await late.query('COMMIT');
    } finally {
      await late.end();
    }
    expect(await sequencer.run()).toBe(1);
    const made = await events();
    expect(made.map(({ position, customer_id }) => [position, customer_id])).toEqual([
      ['1', 'first'],
      ['2', 'second'],
      ['3', 'late'],
    ]);
    expect(Number(made[2]!.record_id)).toBeLessThan(Number(made[0]!.record_id));
  });

  it('get their places from one process at a time', async () => {
    const other = await database.dataSource([]);
    const both = [sequencer, new EventSequencer(other)];
    const state = { isWritten: false };
    const written = Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let round = 0; round < 10; round += 1) await append(entry(), entry());
      }),
    ).finally(() => {
      state.isWritten = true;
    });
    while (!state.isWritten) await Promise.all(both.map((one) => one.run()));
    await written;
    await sequencer.run();
    const places = (await events()).map(({ position }) => Number(position));
    expect(places).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
  });

  it('wait while another process gives places, and are made when it is gone', async () => {
    await append(entry());
    const other = new Client({ connectionString: database.superuserUrl });
    await other.connect();
    try {
      await other.query('BEGIN');
      expect((await other.query('SELECT events_hold() AS held')).rows).toEqual([{ held: true }]);
      await other.query('DELETE FROM event_outbox');
      expect(await sequencer.run()).toBe(0);
    } finally {
      // As the death of a process.
      await other.end();
    }
    expect(await sequencer.run()).toBe(1);
    expect((await events()).map(({ position }) => position)).toEqual(['1']);
  });

  it('are made many at once, in the order of their records', async () => {
    await append(...Array.from({ length: 501 }, (_, index) => entry({ customerId: `customer-${index}` })));
    expect(await sequencer.run()).toBe(501);
    const made = await events();
    expect(made.map(({ customer_id }) => customer_id)).toEqual(
      Array.from({ length: 501 }, (_, index) => `customer-${index}`),
    );
    expect(await dataSource.query('SELECT last, forgotten FROM event_positions')).toEqual([
      { last: '501', forgotten: '0' },
    ]);
  });

  it('are made fewer at once while a statement fails that has too many, and then again as many as before', async () => {
    await superuser.query(`
      CREATE FUNCTION refuse_many() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (SELECT count(*) FROM added) > 20 THEN RAISE EXCEPTION 'too many'; END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER refuse_many AFTER INSERT ON events REFERENCING NEW TABLE AS added
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_many()`);
    await append(...Array.from({ length: 450 }, () => entry()));
    const counts: number[] = [];
    const placed = (types: readonly unknown[]): void => void counts.push(types.length);
    for (let round = 0; round < 2; round += 1)
      await expect(sequencer.run(undefined, placed)).rejects.toThrow('too many');
    await expect(sequencer.run(undefined, placed)).rejects.toThrow('too many');
    expect(counts).toEqual([12]);
    await superuser.query('DROP TRIGGER refuse_many ON events');
    expect(await sequencer.run(undefined, placed)).toBe(438);
    expect(Math.max(...counts)).toBeGreaterThan(90);
    expect((await events()).map(({ position }) => Number(position))).toEqual(
      Array.from({ length: 450 }, (_, index) => index + 1),
    );
  });

  it('are noted for every type that this server knows, and left to a newer server for others', async () => {
    await superuser.query(`CREATE TEMPORARY TABLE types AS SELECT unnest($1::text[]) AS type`, [
      SOURCE_TYPES,
    ]);
    await superuser.query(
      `INSERT INTO audit_logs (event_type, actor, license_id, customer_id, module_name)
       SELECT type, 'system', gen_random_uuid(), 'acme', 'payroll' FROM types`,
    );
    await superuser.query(
      `WITH newer AS (INSERT INTO audit_logs (event_type, actor) VALUES ('license.sold', 'system')
                      RETURNING id, recorded_at)
       INSERT INTO event_outbox SELECT id, recorded_at FROM newer`,
    );
    expect(await sequencer.run()).toBe(SOURCE_TYPES.length);
    expect(await waiting()).toHaveLength(1);
  });

  it('can neither be made up nor taken back by the server’s role', async () => {
    await append(entry());
    await sequencer.run();
    for (const statement of [
      `INSERT INTO event_outbox VALUES (1, now())`,
      `INSERT INTO events SELECT * FROM events`,
      `UPDATE events SET type = 'license.revoked'`,
      `DELETE FROM events`,
      `DELETE FROM event_outbox`,
      `UPDATE event_positions SET last = 0`,
    ])
      await expect(dataSource.query(statement)).rejects.toThrow('permission denied for table event');
    // Of a record that is not in the outbox it makes none, nor of one twice.
    const again = await dataSource.query<unknown[]>(
      `SELECT events_append(array_agg(record_id), array_agg(recorded_at), array_agg(gen_random_uuid()),
                            array_agg('license.revoked'::text), array_agg(now()), array_agg('{}'::jsonb)) AS last
       FROM events JOIN audit_logs AS record ON record.id = record_id`,
    );
    expect(again).toEqual([{ last: '1' }]);
    expect(await events()).toHaveLength(1);
  });

  it('are not made while a restored database is not reconciled', async () => {
    await append(entry());
    await superuser.query(`INSERT INTO restores (begun_by, reason) VALUES ('Ada', 'a test')`);
    await expect(sequencer.run()).rejects.toThrow('the database was restored and is not reconciled');
    await superuser.query(`UPDATE restores SET reconciled_at = now()`);
    expect(await sequencer.run()).toBe(1);
  });

  it('are removed when they are old, from the first on, and say up to where', async () => {
    await append(entry(), entry(), entry());
    await sequencer.run();
    const forget = async (most: number): Promise<unknown> =>
      dataSource.query('SELECT events_forget(30, $1) AS removed', [most]);
    expect(await forget(10)).toEqual([{ removed: 0 }]);
    await superuser.query(`UPDATE events SET numbered_at = now() - interval '31 days' WHERE position < 3`);
    expect(await forget(1)).toEqual([{ removed: 1 }]);
    expect(await forget(10)).toEqual([{ removed: 1 }]);
    expect((await events()).map(({ position }) => position)).toEqual(['3']);
    expect(await dataSource.query('SELECT last, forgotten FROM event_positions')).toEqual([
      { last: '3', forgotten: '2' },
    ]);
    await expect(dataSource.query('SELECT events_forget(0, 1)')).rejects.toThrow('kept for a day');
  });

  it.each([
    ['behind for a moment', [31, 0, 9999, 0], ['2', '3', '4']],
    ['ahead for a moment', [31, -9999, 31, 0], ['4']],
    ['ahead for a moment, and back', [31, -9999, 0, 9999], ['2', '3', '4']],
  ])('are removed no sooner, and are not kept, because the clock was %s', async (_, daysAgo, left) => {
    await append(...daysAgo.map(() => entry()));
    await sequencer.run();
    for (const [index, days] of daysAgo.entries())
      await superuser.query(
        `UPDATE events SET numbered_at = now() - $1 * interval '1 day' WHERE position = $2`,
        [days, index + 1],
      );
    await dataSource.query('SELECT events_forget(30, 1000)');
    expect((await events()).map(({ position }) => position)).toEqual(left);
  });
});
