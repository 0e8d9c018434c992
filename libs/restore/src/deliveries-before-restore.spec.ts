import { postgresOptions } from '@aegis/database';
import type { Client } from 'pg';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { superuserOf } from '../../../test/support/database/sql';
import { happen, insertEndpoint } from '../../../test/support/webhooks/endpoints';
import { endDeliveriesBeforeRestore } from './deliveries-before-restore';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';

describe('deliveries of a restored database', () => {
  let database: TestDatabase;
  let owner: DataSource;
  let sql: Client;

  beforeEach(async () => {
    database = await testDatabase();
    owner = await new DataSource(postgresOptions(database.ownerUrl)).initialize();
    sql = await superuserOf({ database });
  });
  afterEach(async () => {
    await sql.end();
    await owner.destroy();
    await database.drop();
  });

  it('that were open count as made before, and later events get sequences that nobody has seen', async () => {
    const server = await database.dataSource([]);
    await insertEndpoint(server);
    await happen(server, LICENSE, 3);
    await sql.query(`UPDATE webhook_deliveries SET state = 'delivered', ended_at = now() WHERE sequence = 1`);
    await sql.query(`UPDATE webhook_progress SET failing_since = now() - interval '9 days'`);
    expect(await owner.transaction(endDeliveriesBeforeRestore)).toBe(2);
    await happen(server, LICENSE);
    const { rows } = await sql.query(
      `SELECT sequence, state, failed_reason, ended_at IS NULL AS is_open FROM webhook_deliveries ORDER BY webhook_deliveries.sequence`,
    );
    expect(rows).toEqual([
      { sequence: '1', state: 'delivered', failed_reason: null, is_open: false },
      { sequence: '2', state: 'sent_before_restore', failed_reason: null, is_open: false },
      { sequence: '3', state: 'sent_before_restore', failed_reason: null, is_open: false },
      { sequence: '1000000004', state: 'pending', failed_reason: null, is_open: true },
    ]);
    const { rows: progress } = await sql.query('SELECT failing_since FROM webhook_progress');
    expect(progress).toEqual([{ failing_since: null }]);
  });
});
