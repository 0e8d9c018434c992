import { migrateUp } from '@aegis/database';
import { Client } from 'pg';
import { emptyDatabase, type TestDatabase } from '../test/support/database/database';
import { insertLicenseRows, insertRowKey } from '../test/support/database/license-rows';
import { until } from '../test/support/until';
import { CountChanges1763856660000 } from './1763856660000-count-changes';
import { migrationDataSource } from './data-source';
import { applicationPrivileges } from './privileges';

const COUNTED = `
  SELECT counter, sum(n)::int AS total FROM (
    SELECT counter, count AS n FROM statistics_counts UNION ALL SELECT counter, delta FROM statistics_deltas
  ) AS known GROUP BY counter HAVING sum(n) <> 0 ORDER BY counter`;

describe('the migration that begins to count', () => {
  let database: TestDatabase;
  let owner: Awaited<ReturnType<ReturnType<typeof migrationDataSource>['initialize']>>;
  const clients: Client[] = [];

  const connect = async (url: string): Promise<Client> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    database = await emptyDatabase();
    owner = await migrationDataSource(database.ownerUrl).initialize();
    // All but the triggers and the first count.
    await migrateUp(owner, 'aegis_app', applicationPrivileges);
    await new CountChanges1763856660000().down(owner.createQueryRunner());
    await owner.query(`DELETE FROM schema_migrations WHERE name = 'CountChanges1763856660000'`);
    await owner.query('TRUNCATE statistics_counts, statistics_deltas');
    await insertRowKey({ query: owner.query.bind(owner) } as unknown as Client);
    await owner.query(`INSERT INTO customers (id, name) SELECT 'C-' || n, 'x' FROM generate_series(1, 50) n`);
    await owner.query(
      insertLicenseRows(
        `SELECT 'C-' || 1 + n % 50 AS customer_id, 'demo' AS license_type,
                CASE WHEN n % 4 = 0 THEN 'revoked' ELSE 'active' END AS status,
                now() + n * interval '1 day' AS expires_at FROM generate_series(1, 400) n`,
      ),
    );
    await owner.query(
      `INSERT INTO audit_logs (event_type, actor) SELECT 'license.issued', 'system' FROM generate_series(1, 400)`,
    );
    expect(await owner.query(COUNTED)).toEqual([]);
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await owner.destroy();
    await database.drop();
  });

  const migrate = (): Promise<string[]> => migrateUp(owner, 'aegis_app', applicationPrivileges);

  it('counts every existing row', async () => {
    expect(await migrate()).toEqual(['CountChanges1763856660000']);
    expect(await owner.query(COUNTED)).toEqual([
      { counter: 'audit_logs', total: 400 },
      { counter: 'customers.active', total: 50 },
      { counter: 'licenses.demo.active', total: 300 },
      { counter: 'licenses.demo.revoked', total: 100 },
      { counter: 'licenses.ending', total: 300 },
    ]);
  });

  it('counts each row once when it runs again after it was interrupted', async () => {
    const runner = owner.createQueryRunner();
    const broken = new Error('broken off');
    let statements = 0;
    const query = runner.query.bind(runner);
    runner.query = (...parameters: Parameters<typeof query>) => {
      statements += 1;
      return statements === 6 ? Promise.reject(broken) : query(...parameters);
    };
    await expect(new CountChanges1763856660000().up(runner)).rejects.toBe(broken);
    await owner.query(`UPDATE licenses SET status = 'revoked', revoked_at = now() WHERE status = 'active'`);
    await migrate();
    const counted = await owner.query(COUNTED);
    expect(counted).toContainEqual({ counter: 'licenses.demo.revoked', total: 400 });
    expect(counted).toContainEqual({ counter: 'audit_logs', total: 400 });
    expect(counted).toHaveLength(3);
  });

  it('counts each change that is made meanwhile, and blocks no writer for long', async () => {
    let migrating = true;
    let written = 0;
    const write = async (): Promise<void> => {
      const client = await connect(database.applicationUrl);
      // As the server does: what waits longer for a lock is refused.
      await client.query(`SET lock_timeout = '30s'`);
      while (migrating) {
        await client.query('BEGIN');
        await client.query(
          insertLicenseRows(
            `SELECT 'C-1' AS customer_id, 'perpetual' AS license_type, 'active' AS status, NULL::timestamptz AS expires_at`,
          ),
        );
        await client.query(`INSERT INTO audit_logs (event_type, actor) VALUES ('license.issued', 'system')`);
        await client.query(`UPDATE customers SET notes = 'seen' WHERE id = 'C-${1 + (written % 50)}'`);
        await client.query('COMMIT');
        written += 1;
      }
    };
    const writers = [write(), write(), write()];
    // One who is slow, so that the triggers can't be made at once.
    const slow = await connect(database.applicationUrl);
    await slow.query('BEGIN');
    await slow.query(
      insertLicenseRows(
        `SELECT 'C-1' AS customer_id, 'subscription' AS license_type, 'active' AS status, now() AS expires_at`,
      ),
    );
    const done = migrate();
    const watcher = await connect(database.superuserUrl);
    await until('the migration waits for the slow one, and gives way', async () => {
      const { rows } = await watcher.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%AFTER INSERT ON licenses%'
         AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
      );
      return rows.length > 0;
    });
    const before = written;
    await until('others write on', () => Promise.resolve(written > before + 20));
    await slow.query('COMMIT');
    await done;
    await until('some write after it', () => Promise.resolve(written > before + 40));
    migrating = false;
    await Promise.all(writers);
    expect(await owner.query(COUNTED)).toEqual([
      { counter: 'audit_logs', total: 400 + written },
      { counter: 'customers.active', total: 50 },
      { counter: 'licenses.demo.active', total: 300 },
      { counter: 'licenses.demo.revoked', total: 100 },
      { counter: 'licenses.ending', total: 301 },
      { counter: 'licenses.perpetual.active', total: written },
      { counter: 'licenses.subscription.active', total: 1 },
    ]);
  });
});
