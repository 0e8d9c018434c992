import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { loadEnvironment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type DataSource, EntityManager } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { superuserOf } from '../../../../test/support/database/sql';
import { until } from '../../../../test/support/until';
import { requiresActiveKey, signingKeyChanged, SigningKeyChanged } from './active-key';
import { KeyRing } from './key-ring.service';
import { signerSource } from '../signers/signer-sources';
import { SigningKey } from './signing-key.entity';
import { SigningKeys } from './signing-keys.service';
import { SigningReplicas } from './signing-replicas';

describe('SigningKeys', () => {
  let folder: string;
  let database: TestDatabase;
  let dataSource: DataSource;
  let ring: KeyRing;
  let keys: SigningKeys;
  const audit = new AuditLog();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-signing-keys-'));
    database = await testDatabase();
    dataSource = await database.dataSource([SigningKey, AuditRecord]);
    const environment = loadEnvironment({
      DATA_DIR: folder,
      KEYS_DIR: join(folder, 'keys'),
      KEY_PASSPHRASE: 'a passphrase for tests',
    });
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough() });
    ring = new KeyRing(
      dataSource,
      environment,
      audit,
      logger,
      signerSource(environment, logger, new Metrics()),
    );
    await ring.load();
    keys = new SigningKeys(dataSource, audit, new SigningReplicas(dataSource));
  });

  afterEach(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  /** A key that is published; its private half is nowhere. */
  async function published(kid: string): Promise<string> {
    await keys.publish(SYSTEM, kid, generateKeyPairSync('ed25519').publicKey);
    return kid;
  }

  const activate = (kid: string): Promise<unknown> => keys.activate(SYSTEM, kid, { force: false });

  async function states(): Promise<Record<string, string>> {
    return Object.fromEntries((await keys.list()).map(({ kid, state }) => [kid, state]));
  }

  async function recorded(): Promise<[string, unknown][]> {
    const records = await dataSource.manager.find(AuditRecord, { order: { id: 'ASC' } });
    return records.map(({ event_type, event_data }) => [event_type, event_data.kid]);
  }

  /** What puts a token on record, as far as the active key goes. */
  const demand = (runner: Pick<DataSource, 'query'>, kid: string): Promise<unknown> =>
    runner.query(`SELECT ${requiresActiveKey('$1::text[]')}`, [[kid]]).catch((error: unknown) => {
      throw signingKeyChanged(error);
    });

  it('retires the former key as another becomes active, and records both', async () => {
    const former = ring.active().kid;
    await published('next');
    const before = await recorded();
    await activate('next');
    expect(await states()).toEqual({ [former]: 'retired', next: 'active' });
    expect((await recorded()).slice(before.length)).toEqual([
      ['signing_key.retired', former],
      ['signing_key.activated', 'next'],
    ]);
    await activate('next');
    expect(await recorded()).toHaveLength(before.length + 2);
  });

  it('refuses to activate a key while more servers report themselves than are read: one of the others may lack it', async () => {
    await published('next');
    const report = `INSERT INTO signing_replicas (id, name, kids) SELECT gen_random_uuid(), 'a', '{next}' FROM generate_series(1, $1)`;
    await dataSource.query(report, [999]);
    await activate('next');
    await published('third');
    await dataSource.query(report.replace('{next}', '{third}'), [1]);
    await dataSource.query(`UPDATE signing_replicas SET kids = '{third}'`);
    await expect(activate('third')).rejects.toThrow(/others: more than 1000/);
  });

  it('puts a token of the active key on record, and refuses a token of another key', async () => {
    const former = ring.active().kid;
    await demand(dataSource, former);
    await activate(await published('next'));
    await demand(dataSource, 'next');
    await expect(demand(dataSource, former)).rejects.toBeInstanceOf(SigningKeyChanged);
  });

  it('waits for what is being put on record before another key becomes active', async () => {
    const former = ring.active().kid;
    await published('next');
    const writer = dataSource.createQueryRunner();
    const sql = await superuserOf({ database });
    try {
      await writer.startTransaction();
      await demand(writer, former);
      const activation = activate('next');
      await until('the activation waits for the lock', async () => {
        const { rowCount } = await sql.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`,
        );
        return rowCount === 1;
      });
      expect((await states()).next).toBe('pending');
      await writer.commitTransaction();
      await activation;
      expect((await states()).next).toBe('active');
    } finally {
      await sql.end();
      await writer.release();
    }
  });

  it('reads the keys again before it signs while there are no notifications of changes', async () => {
    const former = ring.active().kid;
    await activate(await published('next'));
    // Its private half is nowhere: there is nothing left to sign with.
    await expect(
      (async () => {
        for (;;) expect((await ring.signer()).kid).toBe(former);
      })(),
    ).rejects.toMatchObject({ code: 'service_unavailable' });
  });

  it('keeps the time of a compromise, changes it only to an earlier one, and never restores trust', async () => {
    const former = ring.active().kid;
    await activate(await published('next'));
    const after = new Date('2026-01-02T03:04:05.678Z');
    const compromise = (to: Date | null): Promise<unknown> =>
      keys.compromise(SYSTEM, former, { after: to, successor: null, force: false });
    await compromise(after);
    expect((await keys.list())[0]).toMatchObject({ state: 'compromised', compromised_after: after });
    await expect(compromise(new Date(after.getTime() + 1))).rejects.toMatchObject({
      code: 'conflict',
    });
    await compromise(null);
    expect((await keys.list())[0]).toMatchObject({ state: 'compromised', compromised_after: null });
    await expect(compromise(after)).rejects.toMatchObject({ code: 'conflict' });
    await expect(activate(former)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('activates no key that a live server cannot sign with, unless forced', async () => {
    await published('next');
    const replicas = new SigningReplicas(dataSource);
    const id = '5e0f7f0e-6f0b-4d43-9a43-3f6f6f1f9c55';
    await replicas.report({ id, name: 'host:1', kids: [ring.active().kid] });
    await expect(activate('next')).rejects.toMatchObject({ message: expect.stringContaining('host:1') });
    await replicas.report({ id, name: 'host:1', kids: ['next'] });
    await activate('next');
    expect((await states()).next).toBe('active');
  });

  it('reads private keys again when one appears or disappears, and not otherwise', async () => {
    await ring.openKeys();
    const read = jest.spyOn(EntityManager.prototype, 'find');
    try {
      await ring.openKeys();
      expect(read).not.toHaveBeenCalled();
      renameSync(join(folder, 'keys'), join(folder, 'away'));
      await ring.openKeys();
      expect([ring.heldKids, read.mock.calls.length]).toEqual([[], 1]);
      renameSync(join(folder, 'away'), join(folder, 'keys'));
      await ring.openKeys();
      expect([ring.heldKids, read.mock.calls.length]).toEqual([[ring.active().kid], 2]);
    } finally {
      read.mockRestore();
    }
  });

  it('deletes rows of ended servers once per minute, and again at once while there may be more', async () => {
    const replicas = new SigningReplicas(dataSource);
    const clock = jest.spyOn(performance, 'now');
    const now = performance.now();
    const left = async (added: number, seconds: number): Promise<number> => {
      await dataSource.query(
        `INSERT INTO signing_replicas (id, name, kids, seen_at)
         SELECT gen_random_uuid(), 'dead', '{}', now() - interval '1 day' FROM generate_series(1, $1::int)`,
        [added],
      );
      clock.mockReturnValue(now + seconds * 1000);
      await replicas.report({ id: '5e0f7f0e-6f0b-4d43-9a43-3f6f6f1f9c55', name: 'host:1', kids: [] });
      return replicas.countStale();
    };
    try {
      expect(await left(1500, 0)).toBe(500);
      expect(await left(0, 1)).toBe(0);
      expect(await left(5, 2)).toBe(5);
      expect(await left(5, 60)).toBe(10);
      expect(await left(5, 62)).toBe(0);
    } finally {
      clock.mockRestore();
    }
  });
});
