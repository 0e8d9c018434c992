import { AuditLog } from '@aegis/audit';
import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { superuserOf } from '../../../../test/support/database/sql';
import { happen, insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import { endAllLeftOpen, EndpointDisabling } from './disabling';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';
const URL = 'https://hooks.example.com/aegis';

describe('an endpoint', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let sql: Client;
  let disabling: EndpointDisabling;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    sql = await superuserOf({ database });
    disabling = new EndpointDisabling(dataSource, new AuditLog());
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  const failingSince = (time: string): Promise<unknown> =>
    sql.query(`UPDATE webhook_progress SET failing_since = now() - $1::interval`, [time]);
  async function rows(text: string): Promise<unknown[]> {
    return (await sql.query<Record<string, unknown>>(text)).rows;
  }
  const records = (): Promise<unknown[]> =>
    rows(`SELECT actor, event_data FROM audit_logs WHERE event_type = 'webhook.disabled'`);

  it('that is gone is disabled once, with its open deliveries and a record', async () => {
    const endpointId = await insertEndpoint(dataSource, {
      url: 'https://hooks.example.com:8443/secret?path',
    });
    const other = await insertEndpoint(dataSource);
    await happen(dataSource, LICENSE, 2);
    const unwanted = {
      endpointId,
      url: 'https://hooks.example.com:8443/secret?path',
      reason: 'gone',
    } as const;
    const second = new EndpointDisabling(await database.dataSource([]), new AuditLog());
    const done = await Promise.all([disabling.disable(unwanted), second.disable(unwanted)]);
    expect(done.sort()).toEqual([false, true]);
    expect(await disabling.disable(unwanted)).toBe(false);
    expect(
      await rows(`SELECT id, is_active, disabled_reason, disabled_at IS NULL AS never, version
                  FROM webhook_endpoints ORDER BY is_active`),
    ).toEqual([
      { id: endpointId, is_active: false, disabled_reason: 'gone', never: false, version: 2 },
      { id: other, is_active: true, disabled_reason: null, never: true, version: 1 },
    ]);
    expect(
      await rows(`SELECT endpoint_id, state, failed_reason FROM webhook_deliveries ORDER BY state, sequence`),
    ).toEqual([
      { endpoint_id: endpointId, state: 'failed', failed_reason: 'endpoint_disabled' },
      { endpoint_id: endpointId, state: 'failed', failed_reason: 'endpoint_disabled' },
      { endpoint_id: other, state: 'pending', failed_reason: null },
      { endpoint_id: other, state: 'pending', failed_reason: null },
    ]);
    expect(await records()).toEqual([
      {
        actor: 'system',
        event_data: { id: endpointId, origin: 'https://hooks.example.com:8443', reason: 'gone' },
      },
    ]);
  });

  it('that was changed or deleted meanwhile is not disabled', async () => {
    const endpointId = await insertEndpoint(dataSource);
    expect(
      await disabling.disable({ endpointId, url: 'https://old.example.com/aegis', reason: 'gone' }),
    ).toBe(false);
    await sql.query('UPDATE webhook_endpoints SET deleted_at = now()');
    expect(await disabling.disable({ endpointId, url: URL, reason: 'gone' })).toBe(false);
    expect(await records()).toEqual([]);
  });

  it('is disabled once nothing has succeeded for five days', async () => {
    const endpointId = await insertEndpoint(dataSource);
    const unwanted = { endpointId, url: URL, reason: 'failing' } as const;
    expect(await disabling.disable(unwanted)).toBe(false);
    await failingSince('4 days 23 hours 59 minutes');
    expect(await disabling.disable(unwanted)).toBe(false);
    await failingSince('5 days 1 second');
    expect(await disabling.disable(unwanted)).toBe(true);
    expect(await rows('SELECT disabled_reason FROM webhook_endpoints')).toEqual([
      { disabled_reason: 'failing' },
    ]);
  });

  describe('with a backlog', () => {
    const BACKLOG = 1200;
    let endpointId: string;
    let unwanted: { endpointId: string; url: string; reason: 'gone' };

    beforeEach(async () => {
      endpointId = await insertEndpoint(dataSource);
      unwanted = { endpointId, url: URL, reason: 'gone' };
      await sql.query(
        `INSERT INTO webhook_deliveries (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until)
         SELECT $1, n, 1, gen_random_uuid(), 'pending', now(), now(), now() FROM generate_series(1, $2::integer) AS n`,
        [endpointId, BACKLOG],
      );
      await sql.query('UPDATE webhook_progress SET sequence = $1', [BACKLOG]);
    });

    const open = async (): Promise<number> => {
      const [row] = await rows(
        `SELECT count(*)::int AS open FROM webhook_deliveries WHERE state = 'pending'`,
      );
      return (row as { open: number }).open;
    };

    it('is disabled at once, and ends it in parts: events get their positions in between', async () => {
      expect(await disabling.disable(unwanted)).toBe(true);
      expect(await open()).toBe(700);
      await disabling.endSome();
      expect(await open()).toBe(200);
      await disabling.endSome();
      await disabling.endSome();
      expect(await open()).toBe(0);
    });

    it('keeps what is left when it is enabled or deleted meanwhile', async () => {
      await disabling.disable(unwanted);
      await sql.query(
        `UPDATE webhook_endpoints SET is_active = true, disabled_reason = NULL, disabled_at = NULL`,
      );
      await disabling.endSome();
      expect(await open()).toBe(700);
    });

    it('has none left after a process that ended too early', async () => {
      await disabling.disable(unwanted);
      await endAllLeftOpen(dataSource, () => false);
      expect(await open()).toBe(700);
      await insertEndpoint(dataSource);
      await happen(dataSource, LICENSE);
      await endAllLeftOpen(dataSource, () => true);
      // Of the other endpoint.
      expect(await open()).toBe(1);
    });
  });
});
