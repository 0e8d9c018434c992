import { AuditAddresses } from '../../../libs/audit/src/audit-addresses';
import { loadEnvironment } from '@aegis/config';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jobsOf } from '../../support/jobs';
import { CommandLine } from '../../support/processes/command-line';
import { trailWithOldMonths, untilComplete } from '../../support/trail/old-months';
import type { Trail } from '../../support/trail/trail';
import { until } from '../../support/until';

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(120_000);

describe('aegis audit drop', () => {
  let trail: Trail;
  let folder: string;
  let aegis: CommandLine;
  let file: string;

  beforeEach(async () => {
    trail = await trailWithOldMonths();
    folder = mkdtempSync(join(tmpdir(), 'aegis-drop-'));
    file = join(folder, 'trail.ndjson');
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: trail.database.applicationUrl,
      MIGRATION_DATABASE_URL: trail.database.ownerUrl,
      MIGRATE_ON_START: 'false',
      DATA_DIR: join(folder, 'data'),
    });
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await trail.close();
  });

  const complete = (): Promise<void> => untilComplete(trail);

  const drop = (before: string, ...unproven: string[]) =>
    aegis.run(
      ...['audit', 'drop', '--before', before, '--export', file, '--yes', '--json'],
      ...unproven.flatMap((id) => ['--unproven', id]),
    );

  /** Why January is not dropped. */
  const refusal = async (...unproven: string[]) => {
    const { exitCode, stdout } = await drop('2020-02', ...unproven);
    expect(exitCode).toBe(1);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe('audit_trail_not_droppable');
    return error.message;
  };

  const totals = async () => {
    const [row] = await trail.superuser.query<{ rows: number; counted: number }[]>(`
      SELECT (SELECT count(*)::int FROM audit_logs) AS rows,
             (SELECT coalesce(sum(count), 0)::int FROM (
                SELECT count FROM statistics_counts WHERE counter = 'audit_logs'
                UNION ALL SELECT delta FROM statistics_deltas WHERE counter = 'audit_logs') AS known) AS counted`);
    return row!;
  };

  it('drops sealed and exported months, and the trail still verifies', async () => {
    await complete();
    await aegis.run('audit', 'export', file, '--until', '2020-02-01T00:00:00Z');
    const before = await totals();
    const { exitCode, stdout } = await drop('2020-02');
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, { partitions: ['audit_logs_2020_01'], records: 3 }]);
    expect((await totals()).rows).toBe(before.rows - 3 + 1);
    expect((await totals()).counted - before.counted).toBe(-3 + 1);
    expect(await trail.findings()).toEqual([]);
    await trail.sealAll();
    rmSync(file);
    await aegis.run('audit', 'export', file, '--until', '2020-03-01T00:00:00Z');
    expect(JSON.parse((await drop('2020-03')).stdout)).toEqual({
      partitions: ['audit_logs_2020_02'],
      records: 3,
    });
    await trail.sealAll();
    const verified = JSON.parse((await aegis.run('audit', 'verify', '--json')).stdout) as object;
    expect(verified).toMatchObject({ sound: true, findings: [], dropped: 6 });
    const [record] = await trail.superuser.query<{ data: object }[]>(
      `SELECT event_data AS data FROM audit_logs WHERE event_type = 'audit_log.dropped' ORDER BY id DESC LIMIT 1`,
    );
    expect(record!.data).toMatchObject({ until: '2020-03-01T00:00:00.000Z', records: 3, records_in_all: 6 });
    expect(JSON.parse((await drop('2020-03')).stdout)).toEqual({ partitions: [], records: 0 });

    // What else walks over the trail does not miss the months.
    await trail.superuser.query(
      `UPDATE audit_address_horizon SET forgotten_until = now() - interval '3 days'`,
    );
    const environment = loadEnvironment({ DATA_DIR: folder, AUDIT_IP_RETENTION_DAYS: '1' });
    await new AuditAddresses(trail.application, environment, jobsOf()).forget(() => true);
    await trail.superuser.query('SELECT statistics_recount()');
    expect((await totals()).counted).toBe((await totals()).rows);
  });

  it('blocks no writer while it waits for its months, or counts them', async () => {
    await complete();
    await aegis.run('audit', 'export', file, '--until', '2020-02-01T00:00:00Z');
    const holder = trail.superuser.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE audit_logs_2020_01 IN ROW EXCLUSIVE MODE');
    const dropping = drop('2020-02');
    let holdsUp: boolean | undefined;
    await until('it waits for the month', async () => {
      const [row] = await trail.superuser.query<{ waits: boolean; holds_up: boolean }[]>(`
        SELECT coalesce(bool_or(relation = 'audit_logs_2020_01'::regclass AND NOT granted), false) AS waits,
               coalesce(bool_or(relation = 'audit_logs'::regclass AND mode = 'AccessExclusiveLock'), false) AS holds_up
        FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
      holdsUp = row!.holds_up;
      return row!.waits;
    });
    expect(holdsUp).toBe(false);
    await holder.rollbackTransaction();
    await holder.release();
    expect((await dropping).exitCode).toBe(0);
  });

  it('distinguishes records that were deleted from records that were dropped', async () => {
    await complete();
    await aegis.run('audit', 'export', file, '--until', '2020-02-01T00:00:00Z');
    await drop('2020-02');
    await trail.sealAll();
    await trail.append(1, 200);
    await trail.sealAll();
    const [gone] = await trail.superuser.query<{ id: string }[]>(
      `SELECT id::text FROM audit_logs WHERE customer_id = 'C-200'`,
    );
    await trail.tamper(`DELETE FROM audit_logs WHERE id = ${gone!.id}`);
    expect(await trail.findings()).toEqual([
      expect.objectContaining({ kind: 'record_missing', record: gone!.id }),
    ]);
    await trail.tamper(`UPDATE audit_seals SET recorded_at = '2020-01-15Z' WHERE audit_id = ${gone!.id}`);
    expect(await trail.findings()).toEqual([
      expect.objectContaining({ kind: 'record_missing', record: gone!.id }),
    ]);
  });

  it('refuses months that are not complete, not sealed, or not in the export', async () => {
    await aegis.run('audit', 'export', file, '--until', '2020-02-01T00:00:00Z');
    expect(await refusal()).toContain('complete up to then');
    await complete();
    const whole = readFileSync(file, 'utf8');
    writeFileSync(file, whole.replace('"C-2"', '"C-X"'));
    expect(await refusal()).toContain('the export is not sound');
    rmSync(file);
    await aegis.run('audit', 'export', file, '--since', '2020-02-01T00:00:00Z');
    expect(await refusal()).toContain('proves 0 of 3 record(s)');
    writeFileSync(file, whole);
    await trail.tamper(`INSERT INTO audit_logs (event_type, actor, recorded_at, xact)
                        VALUES ('license.revoked', 'system', '2020-01-20Z', '5'::xid8)`);
    expect(await refusal()).toContain('1 record(s) of audit_logs_2020_01 are not sealed');
    expect((await totals()).rows).toBeGreaterThan(6);
  });

  it('drops records that no export can prove if they are named', async () => {
    await complete();
    await trail.tamper(`UPDATE audit_logs SET actor = 'cli:mallory' WHERE id IN (2, 3)`);
    await aegis.run('audit', 'export', file, '--until', '2020-02-01T00:00:00Z');
    expect(await refusal('2')).toContain('the export is not sound');
    for (const id of ['0', 'x', '-1', '9223372036854775808'])
      expect((await drop('2020-02', id)).exitCode).toBe(2);
    expect((await drop('2020-02', '2', '3', '2')).exitCode).toBe(0);
  });

  it('can be done only by the owner', async () => {
    await expect(trail.application.query('DROP TABLE audit_logs_2020_01')).rejects.toThrow(/must be owner/);
    await expect(
      trail.application.query('ALTER TABLE audit_logs DETACH PARTITION audit_logs_2020_01'),
    ).rejects.toThrow(/must be owner/);
    await complete();
    await aegis.run('audit', 'export', file);
    const other = aegis.with({ MIGRATION_DATABASE_URL: trail.database.applicationUrl });
    expect(
      (await other.run('audit', 'drop', '--before', '2020-02', '--export', file, '--yes')).exitCode,
    ).toBe(2);
  });
});
