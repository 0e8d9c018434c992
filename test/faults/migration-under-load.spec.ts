import { migrateUp } from '@aegis/database';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { migrationDataSource } from '../../migrations/data-source';
import { applicationPrivileges } from '../../migrations/privileges';
import { notWell } from './support/outage';
import { shortOrLong, SLOW_MACHINE } from './support/promises';
import { Row } from './support/row';

const RATE = shortOrLong(80, 300);
const LONGEST_LOCK_MS = 1_000;

/** What migrations do to tables that are in use, by the rules of CONTRIBUTING.md: columns, then constraints apart. */
class ProbeColumns1999000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE licenses ADD COLUMN probe text, ADD COLUMN probe_count integer NOT NULL DEFAULT 0`,
    );
    await runner.query(
      `ALTER TABLE licenses ADD CONSTRAINT probe_short CHECK (length(probe) < 100) NOT VALID`,
    );
    await runner.query(`ALTER TABLE audit_logs ADD COLUMN probe text`);
  }
  down = (): Promise<void> => Promise.reject(new Error('not needed'));
}

class ProbeValidation1999000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE licenses VALIDATE CONSTRAINT probe_short`);
  }
  down = (): Promise<void> => Promise.reject(new Error('not needed'));
}

class ProbeIndex1999000000002 implements MigrationInterface {
  readonly transaction = false;
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX CONCURRENTLY probe_index ON licenses (probe_count, id)`);
    await runner.query(`CREATE INDEX CONCURRENTLY probe_token_index ON license_tokens (recorded_at, sha256)`);
  }
  down = (): Promise<void> => Promise.reject(new Error('not needed'));
}

describe('a migration of tables that are in use', () => {
  let row: Row;

  beforeAll(async () => {
    row = await Row.start();
    // Rows that an index has to read.
    await row.postgres.query(
      `INSERT INTO audit_logs (event_type, actor, event_data)
       SELECT 'license.updated', 'cli:row', '{}' FROM generate_series(1, $1)`,
      [shortOrLong(50_000, 500_000)],
    );
  });
  afterAll(() => row.close());

  it('makes no request wait for a lock for more than 1 s, and none fails', async () => {
    await row.startLoad(RATE);
    const began = row.load.operations.length;
    const owner = migrationDataSource(row.postgres.ownerUrl);
    const probe = new DataSource({
      ...owner.options,
      migrations: [
        ...(owner.options.migrations as (new () => MigrationInterface)[]),
        ProbeColumns1999000000000,
        ProbeValidation1999000000001,
        ProbeIndex1999000000002,
      ],
    });
    await probe.initialize();
    const longest = new LongestWait(row);
    longest.start();
    await migrateUp(probe, 'aegis_app', applicationPrivileges).finally(() => probe.destroy());
    await row.answeredWell(RATE);
    await row.load.stop();
    expect(await longest.stop()).toBeLessThan(LONGEST_LOCK_MS);
    const later = row.load.operations.slice(began);
    expect(notWell(later)).toEqual([]);
    expect(Math.max(...later.map(({ reply }) => reply!.milliseconds))).toBeLessThan(
      LONGEST_LOCK_MS * SLOW_MACHINE,
    );
    const [made] = await row.postgres.query(
      `SELECT count(*)::int AS count FROM pg_index WHERE indexrelid::regclass::text LIKE 'probe%' AND indisvalid`,
    );
    expect(made).toEqual({ count: 2 });
    expect(await row.whatIsWrong()).toEqual([]);
  });
});

/** How long any statement of the server waited for a lock, at most: asked again and again. */
class LongestWait {
  private milliseconds = 0;
  private running: Promise<void> | undefined;
  private isOver = false;

  constructor(private readonly row: Row) {}

  start(): void {
    this.running = this.watch();
  }

  async stop(): Promise<number> {
    this.isOver = true;
    await this.running;
    return this.milliseconds;
  }

  private async watch(): Promise<void> {
    const client = await this.row.postgres.connect();
    try {
      while (!this.isOver) {
        const { rows } = await client.query<{ waited: number }>(
          `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)) * 1000, 0)::float AS waited
           FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND usename = 'aegis_app'`,
        );
        this.milliseconds = Math.max(this.milliseconds, rows[0]?.waited ?? 0);
      }
    } finally {
      await client.end();
    }
  }
}
