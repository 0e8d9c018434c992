import { loadEnvironment } from '@aegis/config';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { jobsOf } from '../../../test/support/jobs';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { makePastPartition } from '../../../test/support/trail/old-months';
import { AuditAddresses } from './audit-addresses';

describe('addresses in the audit trail', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-addresses-'));
  let database: TestDatabase;
  let superuser: DataSource;

  beforeAll(async () => {
    database = await testDatabase();
    superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    await makePastPartition(superuser);
    await superuser.query(`UPDATE audit_address_horizon SET forgotten_until = now() - interval '12 days'`);
    await superuser.query(`
      INSERT INTO audit_logs (event_type, actor, ip_address, user_agent, recorded_at)
      SELECT 'license.validated', 'system', '203.0.113.7', 'a client', now() - make_interval(days => days)
      FROM unnest(ARRAY[11, 8, 6, 2, 0]) AS days`);
  });

  afterAll(async () => {
    await superuser.destroy();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  const rows = () =>
    superuser.query<{ days: number; ip: string | null; user_agent: string }[]>(
      `SELECT extract(day FROM now() - recorded_at)::int AS days, host(ip_address) AS ip, user_agent
       FROM audit_logs ORDER BY recorded_at`,
    );

  it('are forgotten once they are older than AUDIT_IP_RETENTION_DAYS, and nothing else of the record is', async () => {
    const environment = loadEnvironment({ DATA_DIR: folder, AUDIT_IP_RETENTION_DAYS: '7' });
    const application = await database.dataSource([]);
    await new AuditAddresses(application, environment, jobsOf()).forget(() => true);
    expect(await rows()).toEqual([
      { days: 11, ip: null, user_agent: 'a client' },
      { days: 8, ip: null, user_agent: 'a client' },
      { days: 6, ip: '203.0.113.7', user_agent: 'a client' },
      { days: 2, ip: '203.0.113.7', user_agent: 'a client' },
      { days: 0, ip: '203.0.113.7', user_agent: 'a client' },
    ]);
  });

  it('are forgotten by their original time when they were imported from another server', async () => {
    await superuser.query(`
      INSERT INTO audit_logs (event_type, actor, ip_address, recorded_at, occurred_at)
      SELECT 'license.issued', 'cli:x', '198.51.100.9', now() - interval '2 days', now() - make_interval(days => days)
      FROM unnest(ARRAY[9, 4]) AS days`);
    const environment = loadEnvironment({ DATA_DIR: folder, AUDIT_IP_RETENTION_DAYS: '7' });
    await new AuditAddresses(await database.dataSource([]), environment, jobsOf()).forget(() => true);
    const taken = await superuser.query<{ days: number; kept: boolean }[]>(
      `SELECT extract(day FROM now() - occurred_at)::int AS days, ip_address IS NOT NULL AS kept
       FROM audit_logs WHERE occurred_at IS NOT NULL ORDER BY occurred_at`,
    );
    expect(taken).toEqual([
      { days: 9, kept: false },
      { days: 4, kept: true },
    ]);
  });

  it.each([
    [
      'an address of today',
      `UPDATE audit_logs SET ip_address = NULL WHERE recorded_at > now() - interval '1 hour'`,
    ],
    ['another address', `UPDATE audit_logs SET ip_address = '198.51.100.1' WHERE ip_address IS NOT NULL`],
    [
      'an address and more',
      `UPDATE audit_logs SET ip_address = NULL, actor = 'cli:x' WHERE ip_address IS NOT NULL`,
    ],
    ['a record', `UPDATE audit_logs SET actor = 'cli:x'`],
  ])('are the only thing that may change: not %s', async (_name, statement) => {
    await expect(superuser.query(statement)).rejects.toThrow(/append-only/);
  });

  it('can be removed by the application only through one function', async () => {
    const application = await database.dataSource([]);
    await expect(application.query('UPDATE audit_logs SET ip_address = NULL')).rejects.toThrow(
      /permission denied/,
    );
    await expect(application.query('SELECT audit_logs_forget_addresses(0)')).rejects.toThrow(/1 to 3650/);
  });
});
