import type { Client as SqlClient } from 'pg';
import { Client } from '../../support/requests/client';
import { aLicense, type IssuedLicense, validation } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { changeTable, superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';

describe('readiness asks for what a validation needs', () => {
  let server: TestServer;
  let admin: Client;
  let anyone: Client;
  let sql: SqlClient;
  let license: IssuedLicense;
  let database: string;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
    license = await aLicense(admin);
    database = `"${(await sql.query<{ name: string }>('SELECT current_database() AS name')).rows[0]!.name}"`;
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  const validate = () => validation(anyone, license.token);
  const statuses = async (): Promise<Record<string, number>> => ({
    validate: (await validate()).status,
    ready: (await anyone.get('/health/ready')).status,
    health: (await anyone.get('/health')).status,
    live: (await anyone.get('/health/live')).status,
  });
  /** The database is asked at most twice a second, however many probes ask. */
  const untilReadyIs = (status: number): Promise<void> =>
    until(`readiness is ${status}`, async () => (await anyone.get('/health/ready')).status === status);
  const ALL_WELL = { validate: 200, ready: 200, health: 200, live: 200 };
  const NOT_READY = { validate: 503, ready: 503, health: 503, live: 200 };

  /** As a failover does it: sessions end, and new ones are read-only from their beginning. */
  async function turnReadOnly(): Promise<void> {
    await sql.query(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
    await sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
  }
  const turnWritable = (): Promise<unknown> =>
    sql.query(`ALTER DATABASE ${database} RESET default_transaction_read_only`);

  it('says yes while everything works', async () => {
    expect(await statuses()).toEqual(ALL_WELL);
  });

  it('says no on a database that does not accept writes, and yes again after it, on new connections', async () => {
    await turnReadOnly();
    await until('sessions are read-only', async () => (await validate()).status === 503);
    // Several sessions that began read-only are in the pool.
    await Promise.all(
      Array.from({ length: 20 }, () => Promise.all([validate(), admin.get('/api/v1/licenses')])),
    );
    await untilReadyIs(503);
    expect(await statuses()).toEqual(NOT_READY);
    expect((await anyone.get('/health')).body).toMatchObject({
      status: 'unhealthy',
      database: 'unhealthy',
      signing: 'healthy',
    });
    await turnWritable();
    await until('it is ready', async () => (await anyone.get('/health/ready')).status === 200);
    await until('all connections are new', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, validate));
      return answers.every(({ status }) => status === 200);
    });
    expect(await statuses()).toEqual(ALL_WELL);
  });

  it('finds the primary with only validations, without a probe', async () => {
    await turnReadOnly();
    await until('sessions are read-only', async () => (await validate()).status === 503);
    await Promise.all(Array.from({ length: 20 }, () => admin.get('/api/v1/licenses')));
    await turnWritable();
    await until('validations are answered', async () => (await validate()).status === 200);
  });

  it('says no without the current audit partition, and yes when it is back', async () => {
    const { rows } = await sql.query<{ name: string; bounds: string }>(
      `SELECT c.oid::regclass::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
       FROM pg_class c WHERE c.relname = 'audit_logs_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY_MM')`,
    );
    const { name, bounds } = rows[0]!;
    await changeTable(sql, `ALTER TABLE audit_logs DETACH PARTITION ${name}`);
    await untilReadyIs(503);
    expect(await statuses()).toEqual(NOT_READY);
    expect(server.log()).toContain('has no audit partition for the current month');
    await changeTable(sql, `ALTER TABLE audit_logs ATTACH PARTITION ${name} ${bounds}`);
    await untilReadyIs(200);
    expect(await statuses()).toEqual(ALL_WELL);
  });

  it('says no while the role may not append to the trail', async () => {
    await sql.query('REVOKE INSERT ON audit_logs FROM aegis_app');
    try {
      await untilReadyIs(503);
      expect(await statuses()).toMatchObject({ ready: 503, health: 503, live: 200 });
    } finally {
      await sql.query('GRANT INSERT ON audit_logs TO aegis_app');
    }
    await untilReadyIs(200);
  });
});
