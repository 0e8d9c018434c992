import { SYSTEM } from '@aegis/audit';
import { migrateUp, postgresOptions } from '@aegis/database';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@aegis/embedded-postgres';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import type { KeyRing, Signer } from '@aegis/signing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { DataSource } from 'typeorm';
import { migrationDataSource } from '../../../../migrations/data-source';
import { applicationPrivileges } from '../../../../migrations/privileges';
import { until } from '../../../../test/support/until';
import { jobsOf, stopJobs } from '../../../../test/support/jobs';
import { Trail } from '../../../../test/support/trail/trail';
import { ChainNotTrusted } from './chain-end';
import { readCheckpoint } from '../checkpoint';
import { Sealer } from './sealer';
import { Sealing } from './sealing';
import { TrailAlarms } from './trail-alarms';
import { TrailVerification } from '../verification/trail-verification';
import { readUnsealed, RecordTooLarge } from './unsealed-records';

describe('the sealer', () => {
  let trail: Trail;

  beforeEach(async () => {
    trail = await Trail.open();
  });
  afterEach(() => trail.close());

  /** The same keys, but every signature comes this way. */
  function keysWith(active: () => Signer): KeyRing {
    return Object.assign(Object.create(trail.keyRing) as KeyRing, { active });
  }

  it('seals each record exactly once, however late it commits and however many sealers there are', async () => {
    const late = trail.application.createQueryRunner();
    await late.startTransaction();
    await trail.audit.append(late.manager, { type: 'customer.created', actor: SYSTEM, customerId: 'C-late' });
    let writing = true;
    const sealers = [1, 2, 3].map(async () => {
      while (writing) await new Sealer(trail.application, trail.keyRing).seal();
    });
    await Promise.all([
      trail.appendOneByOne(40),
      trail.appendOneByOne(40, 100),
      trail.appendOneByOne(40, 200),
    ]);
    // The one that has not committed was the first to begin: nothing after it may be sealed yet.
    expect(
      await trail.superuser.query<object[]>('SELECT FROM audit_seals WHERE audit_id >= $1', [
        await trail.idOf('C-0'),
      ]),
    ).toEqual([]);
    await late.commitTransaction();
    await late.release();
    await trail.append(5, 300);
    writing = false;
    await Promise.all(sealers);
    await trail.sealAll();
    const [count] = await trail.superuser.query<{ records: number; seals: number; strays: number }[]>(`
      SELECT (SELECT count(*)::int FROM audit_logs) AS records, (SELECT count(*)::int FROM audit_seals) AS seals,
             (SELECT count(*)::int FROM audit_seals WHERE audit_id NOT IN (SELECT id FROM audit_logs)) AS strays`);
    expect(count!.records).toBeGreaterThanOrEqual(126);
    expect(count).toEqual({ records: count!.records, seals: count!.records, strays: 0 });
    expect(await trail.findings()).toEqual([]);
  });

  it('continues in another cluster, where the xids of its records mean nothing', async () => {
    await trail.sealed();
    await trail.append(2, 20);
    await trail.tamper(`UPDATE audit_checkpoints SET cluster = 'another/1'`);
    await trail.tamper(`UPDATE audit_logs SET xact = '9000000000'::xid8 WHERE customer_id = 'C-21'`);
    expect(await trail.sealOnce()).toBe(2);
    await trail.append(3, 30);
    await trail.sealAll();
    expect(await trail.findings()).toEqual([]);
    const epochs = await trail.superuser.query('SELECT epoch FROM audit_checkpoints ORDER BY number');
    expect(epochs).toEqual([1, 1, 1, 2, 2].map((epoch) => ({ epoch })));
  });

  it('seals many records without a pause, in checkpoints of which only the last is not full', async () => {
    await trail.application.query(`INSERT INTO audit_logs (event_type, actor)
      SELECT 'license.validated', 'system' FROM generate_series(1, 9000)`);
    // The others are of the key ring.
    expect(await trail.sealOnce()).toBeGreaterThanOrEqual(9000);
    const sizes = (await trail.checkpoints()).map((jws) => readCheckpoint(jws)!.size);
    expect(sizes.slice(0, 2)).toEqual([4096, 4096]);
    expect(await trail.findings()).toEqual([]);
  });

  it('reads no more than fits into memory, and seals nothing after a record that is too large', async () => {
    await trail.sealAll();
    const before = (await trail.checkpoints()).length;
    await trail.superuser.query('ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_bounded');
    const insert = `INSERT INTO audit_logs (event_type, actor, user_agent) VALUES ('license.validated', 'system', repeat('x', $1))`;
    for (let count = 1; count <= 3; count += 1) await trail.application.query(insert, [15_000_000]);
    expect(await trail.sealOnce()).toBe(3);
    const sizes = (await trail.checkpoints()).slice(before).map((jws) => readCheckpoint(jws)!.size);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(3);
    expect(Math.max(...sizes)).toBeLessThan(3);
    expect(await trail.findings()).toEqual([]);
    await trail.application.query(insert, [40_000_000]);
    await trail.append(1);
    await until('the record could be read', async () => {
      const failure = await trail.sealOnce().then(
        () => undefined,
        (error: unknown) => error,
      );
      return failure instanceof RecordTooLarge;
    });
    expect(await trail.sealer.chainEnd.read()).toMatchObject({ last: before + sizes.length });
  });

  describe('with many large records', () => {
    const BYTES = 65_000;
    const write = (count: number): Promise<unknown> =>
      trail.application.query(
        `INSERT INTO audit_logs (event_type, actor, event_data)
         SELECT 'license.validated', 'system', jsonb_build_object('a', repeat('x', $2)) FROM generate_series(1, $1)`,
        [count, BYTES],
      );

    it('seals at most 8 MiB with one checkpoint, and all without a pause', async () => {
      await trail.sealAll();
      const before = (await trail.checkpoints()).length;
      await write(400);
      await trail.sealAll();
      const sizes = (await trail.checkpoints()).slice(before).map((jws) => readCheckpoint(jws)!.size);
      expect(sizes.reduce((sum, size) => sum + size)).toBe(400);
      expect(Math.max(...sizes) * BYTES).toBeLessThanOrEqual(8 * 1024 * 1024);
      expect(await trail.findings()).toEqual([]);
    });

    it('seals some of them when reading all takes longer than the limit of a statement', async () => {
      await trail.sealAll();
      await trail.application.query(
        `INSERT INTO audit_logs (event_type, actor, event_data)
         SELECT 'license.validated', 'system', jsonb_build_object('a', repeat('"', 32000)) FROM generate_series(1, 2048)`,
      );
      await trail.untilSealable();
      const startedAt = performance.now();
      await trail.application.query('SELECT sum(octet_length(event_data::text)) FROM audit_logs');
      const tooShort = Math.ceil((performance.now() - startedAt) / 3);
      const hurried = await new DataSource({
        ...postgresOptions(trail.database.applicationUrl),
        extra: { statement_timeout: tooShort },
      }).initialize();
      try {
        const { records, full } = await readUnsealed(hurried);
        expect(records.length).toBeGreaterThan(0);
        expect(records.length).toBeLessThan(2048);
        expect(full).toBe(true);
      } finally {
        await hurried.destroy();
      }
    });
  });

  it('continues without a pause after records with the same id, of which it seals one', async () => {
    await trail.sealAll();
    await trail.tamper(
      'ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_pkey',
      `INSERT INTO audit_logs (id, event_type, actor)
       SELECT greatest(n, 2) + 1000, 'license.validated', 'system' FROM generate_series(1, 4200) AS n`,
    );
    expect(await trail.sealOnce()).toBe(4199);
  });

  it('trusts no checkpoint that is too long to read', async () => {
    await trail.append(1);
    await trail.sealAll();
    await trail.tamper(`UPDATE audit_checkpoints SET jws = jws || repeat('A', 5000)`);
    await trail.append(1);
    expect(await trail.sealer.chainEnd.read()).toMatchObject({ trusted: 0 });
    await until('the record can be sealed, and is not', async () => {
      const failure = await trail.sealOnce().then(
        () => undefined,
        (error: unknown) => error,
      );
      return failure instanceof ChainNotTrusted;
    });
  });

  it('has no lock and no open transaction while it signs, and stops when another sealer was faster', async () => {
    await trail.append(3);
    let asked: () => void = () => undefined;
    let answer: () => void = () => undefined;
    const signing = new Promise<void>((resolve) => (asked = resolve));
    const gate = new Promise<void>((resolve) => (answer = resolve));
    const { kid } = trail.keyRing.active();
    const remote: Signer = {
      kid,
      async sign(input) {
        asked();
        await gate;
        return trail.keyRing.active().sign(input);
      },
    };
    await until('its records can be sealed', async () => {
      const [row] = await trail.superuser.query<{ open: boolean }[]>(
        'SELECT max(xact) < pg_snapshot_xmin(pg_current_snapshot()) AS open FROM audit_logs',
      );
      return row!.open;
    });
    const slow = new Sealer(
      trail.application,
      keysWith(() => remote),
    ).seal();
    await signing;
    const [held] = await trail.superuser.query<{ transactions: number; locks: number }[]>(`
      SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
              AND backend_type = 'client backend' AND xact_start IS NOT NULL) AS transactions,
             (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks`);
    expect(held).toEqual({ transactions: 0, locks: 0 });
    await trail.sealAll();
    const others = await trail.checkpoints();
    answer();
    expect(await slow).toBe(0);
    expect(await trail.checkpoints()).toEqual(others);
    expect(await trail.findings()).toEqual([]);
  });

  it('waits while no key signs, says so once, and continues later', async () => {
    let works = false;
    const keys = keysWith(() => {
      if (!works) throw new Error('no key is active');
      return trail.keyRing.active();
    });
    const stream = new PassThrough();
    const lines: string[] = [];
    stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    const logger = new Logger({ level: 'info', format: 'json', stream });
    const metrics = new Metrics();
    const jobs = jobsOf({ logger, metrics });
    new Sealing(
      trail.application,
      new Sealer(trail.application, keys),
      new TrailAlarms(logger, metrics),
      metrics,
      jobs,
    );
    await trail.append(1);
    await jobs.onApplicationBootstrap();
    try {
      await until('records wait for over a second', async () => {
        const text = await metrics.registry.getSingleMetricAsString('aegis_checkpoint_lag_seconds');
        return Number(/^aegis_checkpoint_lag_seconds (\S+)$/m.exec(text)?.[1]) > 1;
      });
      expect(await trail.checkpoints()).toEqual([]);
      works = true;
      await until('they are sealed', async () => (await trail.checkpoints()).length > 0);
      await until('it is logged', () => Promise.resolve(lines.join('').includes('over: audit records')));
    } finally {
      await stopJobs(jobs);
    }
    expect(lines.filter((line) => line.includes('"audit records could not be sealed'))).toHaveLength(1);
  });

  it('continues where its records were restored into another cluster, whose xids are lower', async () => {
    const burnt = `DO $$ BEGIN
        FOR i IN 1..5000 LOOP BEGIN PERFORM pg_current_xact_id(); INSERT INTO burnt VALUES (i);
          EXCEPTION WHEN unique_violation THEN END; END LOOP; END $$`;
    await trail.superuser.query('CREATE TABLE burnt (i int)');
    await trail.superuser.query(burnt);
    await trail.sealed();
    await trail.append(2, 20);
    const dataDir = mkdtempSync(join(tmpdir(), 'aegis-restored-'));
    const postgres = await startEmbeddedPostgres({ dataDir });
    const open: DataSource[] = [];
    try {
      const owner = await migrationDataSource(postgres.ownerUrl).initialize();
      open.push(owner);
      await migrateUp(
        owner,
        decodeURIComponent(new URL(postgres.applicationUrl).username),
        applicationPrivileges,
      );
      for (const table of ['signing_keys', 'audit_logs', 'audit_checkpoints', 'audit_seals']) {
        const [dump] = await trail.superuser.query<{ rows: string }[]>(
          `SELECT json_agg(dumped)::text AS rows FROM ${table} AS dumped`,
        );
        await owner.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [
          dump!.rows,
        ]);
      }
      await owner.query(`SELECT setval('audit_logs_id_seq', (SELECT max(id) FROM audit_logs))`);
      const [above] = await owner.query<{ count: number }[]>(
        'SELECT count(*)::int AS count FROM audit_logs WHERE xact >= pg_snapshot_xmax(pg_current_snapshot())',
      );
      expect(above!.count).toBeGreaterThanOrEqual(17);
      const restored = await new DataSource(postgresOptions(postgres.applicationUrl)).initialize();
      open.push(restored);
      const sealer = new Sealer(restored, trail.keyRing);
      expect(await sealer.seal()).toBe(2);
      for (const customer of ['C-new', 'C-newer']) {
        await trail.audit.append(restored.manager, {
          type: 'customer.created',
          actor: SYSTEM,
          customerId: customer,
        });
        await until('it is sealed', async () => (await sealer.seal()) === 1);
      }
      const found: object[] = [];
      const verification = new TrailVerification(restored);
      const { checkpoints, waiting } = await verification.verify((finding) => found.push(finding));
      expect({ found, checkpoints, waiting }).toEqual({ found: [], checkpoints: 6, waiting: 0 });
      const epochs = await owner.query('SELECT epoch FROM audit_checkpoints ORDER BY number');
      expect(epochs).toEqual([1, 1, 1, 2, 2, 2].map((epoch) => ({ epoch })));
    } finally {
      for (const dataSource of open) await dataSource.destroy();
      await postgres.release();
      await removeEmbeddedPostgres(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
