import { Metrics } from '@aegis/metrics';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { superuserOf } from '../../../../test/support/database/sql';
import { jobsOf } from '../../../../test/support/jobs';
import { happen, insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import { countOldAnswers, emptyOldAnswers } from './old-answers';
import { countOldDeliveries, removeOldDeliveries } from './old-deliveries';
import { WebhookGauges } from './webhook-gauges';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';
const always = (): boolean => true;

describe('webhooks', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let sql: Client;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    sql = await superuserOf({ database });
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  const sequences = async (): Promise<number[]> => {
    const { rows } = await sql.query<{ sequence: string }>(
      'SELECT sequence FROM webhook_deliveries ORDER BY endpoint_id, sequence',
    );
    return rows.map(({ sequence }) => Number(sequence));
  };

  it('lose their deliveries with the events', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 3);
    await sql.query(`UPDATE events SET numbered_at = now() - interval '91 days' WHERE position <= 2`);
    expect(await countOldDeliveries(dataSource)).toBe(0);
    expect(await countOldDeliveries(dataSource, 90)).toBe(2);
    expect(await countOldDeliveries(dataSource, 92)).toBe(0);
    expect(await removeOldDeliveries(dataSource, always)).toEqual({ removed: 0, complete: true });
    await dataSource.query('SELECT events_forget(90, 100)');
    expect(await countOldDeliveries(dataSource)).toBe(2);
    expect(await removeOldDeliveries(dataSource, () => false)).toEqual({ removed: 0, complete: false });
    expect(await removeOldDeliveries(dataSource, always)).toEqual({ removed: 2, complete: true });
    expect(await sequences()).toEqual([3]);
  });

  it('that were deleted lose all deliveries, in several batches, and then their row', async () => {
    const id = await insertEndpoint(dataSource);
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    await sql.query(
      `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
       SELECT $1, 1 + n, 1, gen_random_uuid(), 'pending', now(), now(), now() FROM generate_series(1, 1100) AS n`,
      [id],
    );
    await sql.query('UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1', [id]);
    expect(await countOldDeliveries(dataSource)).toBe(1101);
    expect(await removeOldDeliveries(dataSource, always)).toEqual({ removed: 1101, complete: true });
    expect(await sequences()).toEqual([1]);
    const { rows } = await sql.query('SELECT FROM webhook_endpoints');
    expect(rows).toHaveLength(1);
  });

  it('lose the texts of failed answers after a week, and those about customers that were removed', async () => {
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 3);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('acme', 'Acme Corporation')`);
    await sql.query(
      `UPDATE webhook_deliveries SET answer = 'Ada',
              attempted_at = now() - CASE sequence WHEN 1 THEN interval '7 days 1 minute' ELSE interval '6 days 23 hours' END`,
    );
    const kept = async (): Promise<string[]> => {
      const { rows } = await sql.query<{ sequence: string }>(
        'SELECT sequence FROM webhook_deliveries WHERE answer IS NOT NULL ORDER BY 1',
      );
      return rows.map(({ sequence }) => sequence);
    };
    expect(await countOldAnswers(dataSource)).toBe(1);
    expect(await emptyOldAnswers(dataSource, always)).toEqual({ removed: 1, complete: true });
    expect(await kept()).toEqual(['2', '3']);
    await sql.query(`UPDATE events SET customer_id = 'other' WHERE position = 3`);
    await sql.query('UPDATE customers SET deleted_at = now(), is_active = false, name = NULL');
    expect(await emptyOldAnswers(dataSource, () => false)).toEqual({ removed: 0, complete: false });
    expect(await emptyOldAnswers(dataSource, always)).toEqual({ removed: 1, complete: true });
    expect(await kept()).toEqual(['3']);
  });

  async function insertMany(endpointId: string, count: number, answer: string | null): Promise<void> {
    await sql.query(
      `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until, attempted_at, answer)
       SELECT $1, 10 + n, 1, gen_random_uuid(), 'pending', now(), now(), now(), now(), $3 FROM generate_series(1, $2::integer) AS n`,
      [endpointId, count, answer],
    );
  }

  it('are looked at in parts for such texts, however many there are', async () => {
    const id = await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 2);
    await insertMany(id, 2100, 'busy');
    await sql.query(`INSERT INTO customers (id, is_active, deleted_at) VALUES ('gone', false, now())`);
    await sql.query(`UPDATE events SET customer_id = 'gone' WHERE position = 2`);
    await sql.query(
      `UPDATE webhook_deliveries SET answer = 'Ada', attempted_at = now() + interval '1 minute' WHERE sequence = 2`,
    );
    let asked = 0;
    const goesOn = (): boolean => (asked += 1) > 0;
    expect(await emptyOldAnswers(dataSource, goesOn)).toEqual({ removed: 1, complete: true });
    expect(asked).toBe(3);
    const { rows } = await sql.query(`SELECT sequence FROM webhook_deliveries WHERE answer = 'Ada'`);
    expect(rows).toEqual([]);
  });

  it('are counted up to a bound each, so that it takes no longer with a backlog', async () => {
    const id = await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    await insertMany(id, 10_001, null);
    const metrics = new Metrics();
    await new WebhookGauges(dataSource, metrics, jobsOf()).refresh();
    expect(await metrics.registry.metrics()).toContain('aegis_webhook_deliveries_pending 10000\n');
  });

  it('are counted: what waits, since when it is due, and how they do', async () => {
    const metrics = new Metrics();
    const gauges = new WebhookGauges(dataSource, metrics, jobsOf());
    const values = async (): Promise<Record<string, number>> => {
      await gauges.refresh();
      const lines = (await metrics.registry.metrics()).split('\n');
      return Object.fromEntries(
        lines
          .filter((line) => line.startsWith('aegis_webhook_'))
          .map((line) => [line.slice(14, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
      );
    };
    expect(await values()).toEqual({
      deliveries_pending: 0,
      oldest_due_seconds: 0,
      'endpoints{state="active"}': 0,
      'endpoints{state="failing"}': 0,
      'endpoints{state="disabled"}': 0,
    });
    const [failing, disabled, deleted] = [
      await insertEndpoint(dataSource),
      await insertEndpoint(dataSource),
      await insertEndpoint(dataSource),
      await insertEndpoint(dataSource),
    ];
    await happen(dataSource, LICENSE, 2);
    await sql.query('UPDATE webhook_progress SET failing_since = now() WHERE endpoint_id = $1', [failing]);
    await sql.query(
      `UPDATE webhook_endpoints SET is_active = false, disabled_reason = 'gone', disabled_at = now() WHERE id = $1`,
      [disabled],
    );
    await sql.query('UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1', [deleted]);
    await sql.query(
      `UPDATE webhook_deliveries SET due_at = now() - interval '1 hour' WHERE sequence = 1 AND endpoint_id = $1`,
      [failing],
    );
    const found = await values();
    expect(found).toMatchObject({
      deliveries_pending: 4,
      'endpoints{state="active"}': 1,
      'endpoints{state="failing"}': 1,
      'endpoints{state="disabled"}': 1,
    });
    expect(found.oldest_due_seconds).toBeGreaterThanOrEqual(3600);
    await sql.query(`UPDATE webhook_deliveries SET due_at = now() + interval '1 hour'`);
    expect(await values()).toMatchObject({ deliveries_pending: 4, oldest_due_seconds: 0 });
  });
});
