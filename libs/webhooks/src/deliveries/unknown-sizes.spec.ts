import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { planNodes } from '../../../../test/support/database/explain';
import { superuserOf } from '../../../../test/support/database/sql';
import { happen, insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import { CLAIM_SQL, claimParameters } from './claims';
import { WAKE_NEXT_SQL } from './outcomes';
import { AttemptPlaces } from './places';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';
const WAITING = 800;

describe('while the planner knows nothing of the deliveries that wait, what is read for 16 does not grow with them', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let sql: Client;
  let streams: string[];

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    sql = await superuserOf({ database });
    // As in the first minute of a backlog: when autovacuum looked last, nothing waited.
    await sql.query('ALTER TABLE webhook_deliveries SET (autovacuum_enabled = false)');
    await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE);
    await sql.query(
      `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until, ended_at)
       SELECT endpoint_id, 10000 + n, position, gen_random_uuid(), 'delivered', created_at, due_at, holds_until, due_at
       FROM webhook_deliveries, generate_series(1, 500) AS n`,
    );
    await sql.query('VACUUM ANALYZE webhook_deliveries');
    await sql.query(
      `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
       SELECT endpoint_id, 1 + n, position, gen_random_uuid(), state, created_at, due_at, holds_until
       FROM webhook_deliveries, generate_series(1, $1::integer) AS n WHERE state = 'pending'`,
      [WAITING],
    );
    await sql.query('UPDATE webhook_progress SET sequence = 20000');
    const { rows } = await sql.query<{ stream: string }>(
      `SELECT stream FROM webhook_deliveries WHERE state = 'pending' LIMIT 16`,
    );
    streams = rows.map(({ stream }) => stream);
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  async function pages(text: string, parameters: unknown[]): Promise<number> {
    const [whole] = await planNodes(sql, { text, parameters });
    return whole!['Shared Hit Blocks'] + whole!['Shared Read Blocks'];
  }

  it('by a claim', async () => {
    expect(await pages(CLAIM_SQL, claimParameters(new AttemptPlaces().free()))).toBeLessThan(900);
  });

  it('by the outcomes of a turn', async () => {
    expect(await pages(WAKE_NEXT_SQL, [streams])).toBeLessThan(300);
  });

  it('by events that get their places', async () => {
    await sql.query(
      `INSERT INTO events (position, id, type, license_id, record_id, occurred_at, data)
       SELECT 1 + n, gen_random_uuid(), type, gen_random_uuid(), record_id, occurred_at, data
       FROM events, generate_series(1, 16) AS n WHERE position = 1`,
    );
    expect(await pages('SELECT webhooks_fan_out(1, 17)', [])).toBeLessThan(1100);
    const { rows } = await sql.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM webhook_deliveries WHERE state = 'pending'`,
    );
    expect(rows).toEqual([{ count: 1 + WAITING + 16 }]);
  });
});
