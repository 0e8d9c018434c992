import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { type Finding, Sealer, TrailVerification } from '@aegis/checkpoints';
import { loadEnvironment } from '@aegis/config';
import { postgresOptions } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { KeyRing, type Signer, signerSource, SigningKey } from '@aegis/signing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { DataSource } from 'typeorm';
import { checkpointHash, readCheckpoint, signCheckpoint } from '../../../libs/checkpoints/src/checkpoint';
import { testDatabase, type TestDatabase } from '../database/database';
import { until } from '../until';

/** An audit trail of a test's own, with what seals and verifies it. */
export class Trail {
  private constructor(
    readonly database: TestDatabase,
    readonly application: DataSource,
    readonly superuser: DataSource,
    readonly keyRing: KeyRing,
    readonly sealer: Sealer,
    readonly audit: AuditLog,
    readonly keysDir: string,
    private readonly folder: string,
  ) {}

  /**
   * @param made the database to use; a copy of the run's template unless given
   * @param entities besides those that sealing needs
   */
  static async open(
    made: Promise<TestDatabase> = testDatabase(),
    entities: readonly (new () => object)[] = [],
  ): Promise<Trail> {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-checkpoints-'));
    const database = await made;
    const application = await database.dataSource([AuditRecord, SigningKey, ...entities]);
    const superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    const environment = loadEnvironment({
      DATA_DIR: folder,
      KEYS_DIR: join(folder, 'keys'),
      KEY_PASSPHRASE: 'a passphrase for tests',
    });
    const logger = new Logger({ level: 'error', format: 'json', stream: new Writable() });
    const audit = new AuditLog();
    const keyRing = new KeyRing(
      application,
      environment,
      audit,
      logger,
      signerSource(environment, logger, new Metrics()),
    );
    await keyRing.load();
    return new Trail(
      database,
      application,
      superuser,
      keyRing,
      new Sealer(application, keyRing),
      audit,
      environment.KEYS_DIR,
      folder,
    );
  }

  async close(): Promise<void> {
    await this.superuser.destroy();
    await this.database.drop();
    rmSync(this.folder, { recursive: true });
  }

  /** Appends records in one transaction: one checkpoint seals them all. */
  async append(count: number, first = 0): Promise<void> {
    await this.audit.append(
      this.application.manager,
      ...Array.from({ length: count }, (_, index) => ({
        type: 'license.validated' as const,
        actor: SYSTEM,
        customerId: `C-${first + index}`,
        data: { code: 'VALID' },
      })),
    );
  }

  async appendOneByOne(count: number, first = 0): Promise<void> {
    for (let index = first; index < first + count; index += 1) await this.append(1, index);
  }

  /** Waits until no transaction of the cluster, other specs' among them, began before the records were written. */
  async untilSealable(): Promise<void> {
    await until('no transaction is left that began before the records were written', async () => {
      const [row] = await this.superuser.query<{ open: boolean }[]>(
        `SELECT coalesce(max(xact) < pg_snapshot_xmin(pg_current_snapshot()), true) AS open FROM audit_logs
         WHERE xact < pg_snapshot_xmax(pg_current_snapshot())`,
      );
      return row!.open;
    });
  }

  /** One pass of the sealer over all that was written so far. */
  async sealOnce(): Promise<number> {
    await this.untilSealable();
    return this.sealer.seal();
  }

  /** Transactions of other databases on this PostgreSQL hold the horizon too: seals until they let all be sealed. */
  async sealAll(): Promise<void> {
    await this.untilSealable();
    await until('every record is sealed', async () => {
      await this.sealer.seal();
      const [left] = await this.superuser.query<{ count: number }[]>(
        'SELECT count(*)::int AS count FROM audit_logs WHERE id NOT IN (SELECT audit_id FROM audit_seals)',
      );
      return left!.count === 0;
    });
  }

  /** A trail of three checkpoints, each over five records; the first over those of the key ring too. */
  async sealed(): Promise<void> {
    for (const first of [0, 5, 10]) {
      await this.append(5, first);
      await this.sealAll();
    }
    expect(await this.checkpoints()).toHaveLength(3);
    expect(await this.findings()).toEqual([]);
  }

  async findings(shipped: string[] = [], since = 1): Promise<Finding[]> {
    const found: Finding[] = [];
    const verification = new TrailVerification(this.application);
    await verification.verify((finding) => found.push(finding), { shipped, since });
    return found;
  }

  /** Signs the chain again, as if these had signed its checkpoints, in their order. */
  async signAgain(...signers: Signer[]): Promise<string[]> {
    let previous: string | null = null;
    const chain: string[] = [];
    for (const [index, jws] of (await this.checkpoints()).entries()) {
      const signed = await signCheckpoint(signers[index]!, { ...readCheckpoint(jws)!, previous });
      previous = checkpointHash(signed);
      chain.push(signed);
      await this.tamper(`UPDATE audit_checkpoints SET jws = '${signed}' WHERE number = ${index + 1}`);
    }
    return chain;
  }

  /** What nothing in the database can stop: its superuser, with every trigger off. */
  async tamper(...statements: string[]): Promise<void> {
    await this.superuser.transaction(async (tx) => {
      for (const table of ['audit_logs', 'audit_checkpoints', 'audit_seals'])
        await tx.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      for (const statement of statements) await tx.query(statement);
    });
  }

  async idOf(customer: string): Promise<string> {
    const [row] = await this.superuser.query<{ id: string }[]>(
      'SELECT id::text FROM audit_logs WHERE customer_id = $1',
      [customer],
    );
    return row!.id;
  }

  async checkpoints(): Promise<string[]> {
    const rows = await this.superuser.query<{ jws: string }[]>(
      'SELECT jws FROM audit_checkpoints ORDER BY number',
    );
    return rows.map(({ jws }) => jws);
  }
}
