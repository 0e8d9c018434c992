import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { loadEnvironment } from '@aegis/config';
import { postgresOptions } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { KeyRing, signerSource, SigningKey } from '@aegis/signing';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database';
import { until } from '../../../test/support/sql';
import { Sealer } from './sealer';
import { type Finding, TrailVerification } from './trail-verification';

describe('the sealed audit trail', () => {
  let folder: string;
  let database: TestDatabase;
  let application: DataSource;
  let superuser: DataSource;
  let keyRing: KeyRing;
  let sealer: Sealer;
  const audit = new AuditLog();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-checkpoints-'));
    database = await testDatabase();
    application = await database.dataSource([AuditRecord, SigningKey]);
    superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    const environment = loadEnvironment({ DATA_DIR: folder, KEY_PASSPHRASE: 'a passphrase for tests' });
    const logger = new Logger({ level: 'error', format: 'json', stream: new Writable() });
    keyRing = new KeyRing(application, environment, audit, logger, signerSource(environment));
    await keyRing.load();
    sealer = new Sealer(application, keyRing);
  });

  afterEach(async () => {
    await superuser.destroy();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  /** Appends records in one transaction: one checkpoint seals them all. */
  async function append(count: number, first = 0): Promise<void> {
    await audit.append(
      application.manager,
      ...Array.from({ length: count }, (_, index) => ({
        type: 'license.validated' as const,
        actor: SYSTEM,
        customerId: `C-${first + index}`,
        data: { code: 'VALID' },
      })),
    );
  }

  async function appendOneByOne(count: number, first = 0): Promise<void> {
    for (let index = first; index < first + count; index += 1) await append(1, index);
  }

  /** Transactions of other databases on this PostgreSQL hold the horizon too: seals until they let all be sealed. */
  async function sealAll(): Promise<void> {
    await until('every record is sealed', async () => {
      await sealer.seal();
      const [left] = await superuser.query<{ count: number }[]>(
        'SELECT count(*)::int AS count FROM audit_logs WHERE id NOT IN (SELECT audit_id FROM audit_seals)',
      );
      return left!.count === 0;
    });
  }

  async function findings(shipped: string[] = []): Promise<Finding[]> {
    const found: Finding[] = [];
    await new TrailVerification(application, keyRing).verify((finding) => found.push(finding), { shipped });
    return found;
  }

  /** What nothing in the database can stop: its superuser, with every trigger off. */
  async function tamper(statement: string): Promise<void> {
    await superuser.transaction(async (tx) => {
      for (const table of ['audit_logs', 'audit_checkpoints', 'audit_seals'])
        await tx.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      await tx.query(statement);
    });
  }

  const idOf = async (customer: string): Promise<string> =>
    (
      await superuser.query<{ id: string }[]>('SELECT id::text FROM audit_logs WHERE customer_id = $1', [
        customer,
      ])
    )[0]!.id;

  const checkpoints = async (): Promise<string[]> =>
    (await superuser.query<{ jws: string }[]>('SELECT jws FROM audit_checkpoints ORDER BY number')).map(
      ({ jws }) => jws,
    );

  /** Three checkpoints. */
  async function sealedTrail(): Promise<void> {
    for (const first of [0, 5, 10]) {
      await append(5, first);
      await sealAll();
    }
    expect(await checkpoints()).toHaveLength(3);
    expect(await findings()).toEqual([]);
  }

  it('seals each record exactly once, however late it commits and however many sealers there are', async () => {
    const late = application.createQueryRunner();
    await late.startTransaction();
    await audit.append(late.manager, { type: 'customer.created', actor: SYSTEM, customerId: 'C-late' });
    let writing = true;
    const sealers = [1, 2, 3].map(async () => {
      while (writing) await new Sealer(application, keyRing).seal();
    });
    await Promise.all([appendOneByOne(40), appendOneByOne(40, 100), appendOneByOne(40, 200)]);
    // The one that has not committed was the first to begin: nothing after it may be sealed yet.
    expect(
      await superuser.query<object[]>('SELECT FROM audit_seals WHERE audit_id >= $1', [await idOf('C-0')]),
    ).toEqual([]);
    await late.commitTransaction();
    await late.release();
    await append(5, 300);
    writing = false;
    await Promise.all(sealers);
    await sealAll();
    const [count] = await superuser.query<{ records: number; seals: number; strays: number }[]>(`
      SELECT (SELECT count(*)::int FROM audit_logs) AS records, (SELECT count(*)::int FROM audit_seals) AS seals,
             (SELECT count(*)::int FROM audit_seals WHERE audit_id NOT IN (SELECT id FROM audit_logs)) AS strays`);
    expect(count!.records).toBeGreaterThanOrEqual(126);
    expect(count).toEqual({ records: count!.records, seals: count!.records, strays: 0 });
    expect(await findings()).toEqual([]);
  });

  it('goes on in another cluster, where the xids of its records mean nothing', async () => {
    await sealedTrail();
    await append(2, 20);
    await tamper(`UPDATE audit_checkpoints SET cluster = 'another/1'`);
    await tamper(`UPDATE audit_logs SET xact = '9000000000'::xid8 WHERE customer_id = 'C-21'`);
    expect(await sealer.seal()).toBe(2);
    await append(3, 30);
    await sealAll();
    expect(await findings()).toEqual([]);
    const epochs = await superuser.query('SELECT epoch FROM audit_checkpoints ORDER BY number');
    expect(epochs).toEqual([1, 1, 1, 2, 2].map((epoch) => ({ epoch })));
  });

  it('holds when addresses are forgotten', async () => {
    await sealedTrail();
    await tamper(`UPDATE audit_logs SET ip_address = '203.0.113.9'`);
    await tamper(`UPDATE audit_logs SET ip_address = NULL`);
    expect(await findings()).toEqual([]);
  });

  it.each(['audit_checkpoints', 'audit_seals'])('lets nobody change %s', async (table) => {
    await sealedTrail();
    await expect(application.query(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/);
    await superuser.transaction(async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica');
      await expect(tx.query(`DELETE FROM ${table}`)).rejects.toThrow(/append-only/);
    });
  });

  it.each([
    ['actor', `'cli:mallory'`],
    ['event_data', `'{"code": "REVOKED"}'`],
    ['license_id', `'11111111-1111-4111-8111-111111111111'`],
    ['user_agent', `'another'`],
    ['occurred_at', `'2020-01-01Z'`],
  ])('tells which record a superuser edited: its %s', async (column, value) => {
    await sealedTrail();
    await tamper(`UPDATE audit_logs SET ${column} = ${value} WHERE customer_id = 'C-7'`);
    expect(await findings()).toEqual([{ kind: 'record_edited', record: await idOf('C-7'), checkpoint: 2 }]);
  });

  it('tells which record a superuser deleted', async () => {
    await sealedTrail();
    const record = await idOf('C-12');
    await tamper(`DELETE FROM audit_logs WHERE id = ${record}`);
    expect(await findings()).toEqual([{ kind: 'record_missing', record, checkpoint: 3 }]);
  });

  it('tells which record a superuser added among those that are sealed', async () => {
    await sealedTrail();
    await tamper(`INSERT INTO audit_logs (event_type, actor, customer_id, xact)
                  VALUES ('license.revoked', 'system', 'C-added', '5'::xid8)`);
    await sealer.seal();
    expect(await findings()).toEqual([{ kind: 'record_added', record: await idOf('C-added') }]);
  });

  it('tells which records a superuser reordered', async () => {
    await sealedTrail();
    const [one, other] = [await idOf('C-6'), await idOf('C-8')];
    await tamper(`
      WITH gone AS (SELECT audit_id, leaf_index FROM audit_seals WHERE audit_id IN (${one}, ${other}))
      UPDATE audit_seals SET leaf_index = leaf_index + 1000 WHERE audit_id IN (SELECT audit_id FROM gone)`);
    await tamper(`UPDATE audit_seals SET leaf_index = CASE audit_id WHEN ${one} THEN 3 ELSE 1 END
                  WHERE audit_id IN (${one}, ${other})`);
    expect(await findings()).toEqual([
      { kind: 'records_reordered', record: other, checkpoint: 2 },
      { kind: 'records_reordered', record: one, checkpoint: 2 },
    ]);
  });

  it('tells that a record and its seal were edited together', async () => {
    await sealedTrail();
    const record = await idOf('C-7');
    await tamper(`UPDATE audit_seals SET leaf_hash = sha256('another') WHERE audit_id = ${record}`);
    expect(await findings()).toEqual([
      { kind: 'record_edited', record, checkpoint: 2 },
      { kind: 'seals_changed', checkpoint: 2 },
    ]);
  });

  it('tells that checkpoints were edited, swapped or taken out', async () => {
    await sealedTrail();
    const [, second, third] = await checkpoints();
    await tamper(`UPDATE audit_checkpoints SET jws = replace(jws, '.', '.A') WHERE number = 2`);
    expect(await findings()).toEqual([
      { kind: 'checkpoint_forged', checkpoint: 2 },
      { kind: 'checkpoint_forged', checkpoint: 3 },
    ]);
    await tamper(`UPDATE audit_checkpoints SET jws = CASE number WHEN 2 THEN '${third}' ELSE '${second}' END
                  WHERE number IN (2, 3)`);
    expect(await findings()).toEqual(
      expect.arrayContaining([2, 3].map((checkpoint) => ({ kind: 'checkpoint_forged', checkpoint }))),
    );
    await tamper(`UPDATE audit_checkpoints SET jws = CASE number WHEN 2 THEN '${second}' ELSE '${third}' END
                  WHERE number IN (2, 3)`);
    expect(await findings()).toEqual([]);
    await tamper('DELETE FROM audit_checkpoints WHERE number = 2');
    expect(await findings()).toEqual([{ kind: 'checkpoint_missing', checkpoint: 2 }]);
  });

  it('shows a cut tail to whoever kept the checkpoints', async () => {
    await sealedTrail();
    const shipped = await checkpoints();
    expect(await findings(shipped)).toEqual([]);
    await tamper(
      `DELETE FROM audit_logs WHERE id IN (SELECT audit_id FROM audit_seals WHERE checkpoint = 3)`,
    );
    await tamper('DELETE FROM audit_seals WHERE checkpoint = 3');
    await tamper('DELETE FROM audit_checkpoints WHERE number = 3');
    expect(await findings()).toEqual([]);
    expect(await findings(shipped)).toEqual([{ kind: 'checkpoint_missing', checkpoint: 3 }]);
    await append(1, 50);
    await sealAll();
    expect(await findings(shipped)).toEqual([{ kind: 'checkpoint_replaced', checkpoint: 3 }]);
  });
});
