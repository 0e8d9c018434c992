import { SYSTEM } from '@aegis/audit';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { PemSigner } from '@aegis/signing';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { migratedDatabase } from '../../../../test/support/database/database';
import { until } from '../../../../test/support/until';
import { jobsOf, stopJobs } from '../../../../test/support/jobs';
import { Trail } from '../../../../test/support/trail/trail';
import { checkpointHash, type CheckpointClaims, readCheckpoint, signCheckpoint } from '../checkpoint';
import { Sealing } from '../sealing/sealing';
import { TrailAlarms } from '../sealing/trail-alarms';
import { readRecordedKeys } from './trail-verification';
import { TrailResume } from './trail-resume';

const HASH = `sha256('decoy')`;
const NO_CHECK = 'ALTER TABLE audit_seals DROP CONSTRAINT IF EXISTS audit_seals_numbered';

describe('seals that belong to no checkpoint', () => {
  let trail: Trail;

  beforeEach(async () => {
    trail = await Trail.open(migratedDatabase());
    await trail.sealed();
  });
  afterEach(() => trail.close());

  /** What the application's role could write before it lost the right to, or a superuser can. */
  const decoy = (id: string, checkpoint: number, leaf = 0, at = 'clock_timestamp()'): Promise<void> =>
    trail.tamper(NO_CHECK, `INSERT INTO audit_seals VALUES (${id}, ${at}, ${checkpoint}, ${leaf}, ${HASH})`);

  const nextId = async (): Promise<string> => {
    const [row] = await trail.superuser.query<{ id: string }[]>(
      'SELECT (max(id) + 1)::text AS id FROM audit_logs',
    );
    return row!.id;
  };

  const atRest = async (): Promise<void> => {
    await until('the records of other tests have ended', async () => {
      await trail.sealOnce();
      const [row] = await trail.superuser.query<{ open: boolean }[]>(
        'SELECT max(xact) < pg_snapshot_xmin(pg_current_snapshot()) AS open FROM audit_logs',
      );
      return row!.open;
    });
    await trail.sealOnce();
  };

  /** Runs the server's part that seals and measures, until something shows in its metrics or log. */
  async function watched(what: string, shows: (metrics: string, log: string) => boolean): Promise<void> {
    const stream = new PassThrough();
    const lines: string[] = [];
    stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    const metrics = new Metrics();
    const logger = new Logger({ level: 'info', format: 'json', stream });
    const jobs = jobsOf({ logger, metrics });
    new Sealing(trail.application, trail.sealer, new TrailAlarms(logger, metrics), metrics, jobs);
    await jobs.onApplicationBootstrap();
    try {
      await until(what, async () => shows(await metrics.registry.metrics(), lines.join('')));
    } finally {
      await stopJobs(jobs);
    }
  }
  const lagOf = (metrics: string): number =>
    Number(/^aegis_checkpoint_lag_seconds (\S+)$/m.exec(metrics)?.[1]);
  const alarmOf = (metrics: string, reason: string): boolean =>
    metrics.includes(`aegis_audit_trail_alarm{reason="${reason}"} 1`);

  it.each([
    ['below the first', 0],
    ['negative', -7],
    ['that does not exist', 9999],
  ])('are named together with the record that they would hide: a checkpoint %s', async (_, checkpoint) => {
    await trail.tamper(
      `DO $$ BEGIN EXECUTE format('CREATE TABLE audit_logs_past PARTITION OF audit_logs FOR VALUES FROM (''2020-01-01Z'') TO (%L)',
         date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'); END $$`,
      `INSERT INTO audit_logs (event_type, actor, customer_id, recorded_at, xact)
       VALUES ('license.revoked', 'system', 'C-decoy', now() - interval '5 days', '5'::xid8)`,
    );
    const record = await trail.idOf('C-decoy');
    await decoy(record, checkpoint, 3, `(SELECT recorded_at FROM audit_logs WHERE id = ${record})`);
    const findings = await trail.findings();
    expect(findings).toContainEqual({ kind: 'seal_stray', record, checkpoint, leaf: 3 });
    expect(findings).toContainEqual({ kind: 'record_added', record });
    expect(await trail.findings([], 3)).toContainEqual({ kind: 'record_added', record });
  });

  it('are named, and the checkpoint whose leaves they add to stays valid', async () => {
    await trail.append(1, 60);
    const record = await trail.idOf('C-60');
    await decoy(record, 2, 77, `(SELECT recorded_at FROM audit_logs WHERE id = ${record})`);
    await trail.append(1, 61);
    await atRest();
    expect(await trail.findings()).toEqual([
      { kind: 'seal_stray', record, checkpoint: 2, leaf: 77 },
      { kind: 'record_added', record },
    ]);
  });

  it.each([77, -1])(
    'are set aside where their leaf is not one of the tree of their checkpoint: %s',
    async (leaf) => {
      await trail.append(1, 60);
      const record = await trail.idOf('C-60');
      await trail.tamper('ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_leaf_index');
      await decoy(record, 2, leaf, `(SELECT recorded_at FROM audit_logs WHERE id = ${record})`);
      const last = (await trail.checkpoints()).length;
      expect(await resume(last)).toMatchObject({ checkpoints_set_aside: 0, seals_set_aside: 1 });
      await trail.sealAll();
      expect(await trail.findings()).toEqual([]);
    },
  );

  it('are named for records that do not exist', async () => {
    await decoy('999999', 0);
    expect(await trail.findings()).toEqual([
      { kind: 'seal_stray', record: '999999', checkpoint: 0, leaf: 0 },
    ]);
  });

  it('keep no other record from being sealed, and the lag grows with an alarm until sealing is resumed', async () => {
    // As if the checkpoints had been read later: the next one would say that the trail is complete up to a later time.
    const completeTo = readCheckpoint((await trail.checkpoints())[2]!)!.complete_to ?? 0;
    await until('the checkpoints can be later, and still not of a time to come', async () => {
      const [clock] = await trail.superuser.query<{ now: number }[]>(
        'SELECT extract(epoch FROM clock_timestamp())::float8 AS now',
      );
      return Math.floor(clock!.now) - 60 > completeTo;
    });
    await trail.tamper('UPDATE audit_checkpoints SET read_at = clock_timestamp()');
    const record = await nextId();
    await decoy(record, 9999, 0);
    await trail.append(1, 60);
    expect(await trail.idOf('C-60')).toBe(record);
    await watched('the record shows as waiting', (metrics) => lagOf(metrics) > 0.6);
    await trail.append(1, 61);
    await watched(
      'the other is sealed, and the first still waits',
      (metrics, log) =>
        lagOf(metrics) > 1 &&
        alarmOf(metrics, 'unsealable_records') &&
        log.includes('keep audit records from being sealed'),
    );
    const { checkpoint } = await sealOf('C-61');
    expect(checkpoint).toBe(4);
    const last = readCheckpoint((await trail.checkpoints())[3]!)!;
    // A record that waits may still be sealed later, whatever its time.
    expect(last.complete_to).toBe(readCheckpoint((await trail.checkpoints())[2]!)!.complete_to);

    const resumed = await resume(4);
    expect(resumed).toEqual({ after: 4, epoch: 2, checkpoints_set_aside: 0, seals_set_aside: 1 });
    await watched(
      'all is sealed',
      (metrics) => lagOf(metrics) === 0 && !alarmOf(metrics, 'unsealable_records'),
    );
    expect(await trail.findings()).toEqual([]);
    expect((await sealOf('C-60')).epoch).toBe(2);
  });

  const sealOf = async (customer: string): Promise<{ checkpoint: number; epoch: number }> => {
    const [row] = await trail.superuser.query<{ checkpoint: number; epoch: number }[]>(
      `SELECT number::int AS checkpoint, epoch FROM audit_seals JOIN audit_checkpoints ON number = checkpoint
       WHERE audit_id = $1`,
      [await trail.idOf(customer)],
    );
    return row!;
  };

  async function resume(after: number): Promise<object> {
    const owner = await trail.database.dataSource([]).then(() => trail.superuser);
    return new TrailResume(owner, await readRecordedKeys(owner)).resume(SYSTEM, after);
  }

  /** A checkpoint that fits in every way but is not signed by a key that the server has. */
  async function falseCheckpoint(changes: Partial<CheckpointClaims> = {}): Promise<string> {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { kid } = trail.keyRing.active();
    const last = (await trail.checkpoints()).at(-1)!;
    const { number, epoch } = readCheckpoint(last)!;
    const claims: CheckpointClaims = {
      number: number + 1,
      epoch,
      size: 1,
      root: 'A'.repeat(43),
      previous: checkpointHash(last),
      complete_to: Math.floor(Date.now() / 1000),
      iat: Math.floor(Date.now() / 1000),
      ...changes,
    };
    return signCheckpoint(new PemSigner(kid, privateKey, publicKey), claims);
  }

  it('include those of a false checkpoint: no other is built on it, and sealing can be resumed', async () => {
    await trail.append(1, 60);
    const record = await trail.idOf('C-60');
    const jws = await falseCheckpoint();
    await until('it is taken', async () => {
      const [row] = await trail.application
        .query<{ written: boolean }[]>(
          `SELECT audit_append_checkpoint($1, ARRAY[$2]::bigint[], ARRAY[${HASH}]) AS written`,
          [jws, record],
        )
        .catch(() => [{ written: false }]);
      return row!.written;
    });
    await watched('the record that it seals waits', (metrics) => lagOf(metrics) > 0.6);
    await trail.append(1, 61);
    await expect(trail.sealOnce()).rejects.toThrow(/not one that a key of this server signed/);
    await watched(
      'both records wait',
      (metrics, log) =>
        lagOf(metrics) > 0.6 &&
        alarmOf(metrics, 'untrusted_checkpoint') &&
        log.includes('is not one that a key of this server signed'),
    );
    expect(await trail.findings()).toContainEqual({ kind: 'checkpoint_forged', checkpoint: 4 });
    await expect(resume(4)).rejects.toThrow(/checkpoint 4 is forged/);
    await expect(resume(2)).rejects.toThrow(/checkpoint 3 follows, and it is valid/);
    await expect(resume(7)).rejects.toThrow(/there is no checkpoint 7/);
    expect(await resume(3)).toEqual({ after: 3, epoch: 2, checkpoints_set_aside: 1, seals_set_aside: 1 });
    await trail.sealAll();
    expect(await trail.findings()).toEqual([]);
    const [kept] = await trail.superuser.query<{ jws: string }[]>(
      'SELECT jws FROM audit_checkpoints_set_aside',
    );
    expect(kept!.jws).toBe(jws);
    const [event] = await trail.superuser.query<{ data: object }[]>(
      `SELECT event_data AS data FROM audit_logs WHERE event_type = 'audit_log.resumed'`,
    );
    expect(event!.data).toEqual({ after: 3, epoch: 2, checkpoints_set_aside: 1, seals_set_aside: 1 });
  });

  it('do not hide behind a false checkpoint of the highest position', async () => {
    const jws = await falseCheckpoint({ number: 4 });
    await trail.tamper(
      `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, read_at, next_xact, jws)
       SELECT 4, epoch, cluster, '18446744073709551615'::xid8, 9223372036854775807, now(), next_xact, '${jws}'
       FROM audit_checkpoints WHERE number = 3`,
    );
    await trail.append(1, 60);
    await watched(
      'the record waits',
      (metrics) => lagOf(metrics) > 0.6 && alarmOf(metrics, 'untrusted_checkpoint'),
    );
    expect(await trail.findings()).toContainEqual({ kind: 'checkpoint_forged', checkpoint: 4 });
    await resume(3);
    await trail.sealAll();
    expect(await trail.findings()).toEqual([]);
  });

  it('are removed with a chain whose end was lost, and its records are sealed again', async () => {
    await trail.tamper('DELETE FROM audit_checkpoints WHERE number = 3');
    await trail.append(1, 60);
    await watched('the records wait', (metrics) => lagOf(metrics) > 0.6);
    expect(await resume(2)).toMatchObject({ seals_set_aside: 5 });
    await trail.sealAll();
    expect(await trail.findings()).toEqual([]);
    const epochs = (await trail.checkpoints()).map((jws) => readCheckpoint(jws)!.epoch);
    expect(epochs.slice(0, 3)).toEqual([1, 1, 2]);
  });

  it('are removed with a chain that was lost completely', async () => {
    await trail.tamper('DELETE FROM audit_checkpoints');
    expect(await resume(0)).toMatchObject({ after: 0, epoch: 2, checkpoints_set_aside: 0 });
    await trail.sealAll();
    expect(await trail.findings()).toEqual([]);
    expect((await trail.checkpoints()).map((jws) => readCheckpoint(jws)!.epoch)).toContain(2);
  });

  it('are not believed although the database lists the key that signed, because the server does not have that key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { x } = publicKey.export({ format: 'jwk' });
    await trail.application.query(
      `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('mallory', 'EdDSA', $1, 'retired')`,
      [x],
    );
    await trail.append(1, 60);
    const last = (await trail.checkpoints()).at(-1)!;
    const jws = await signCheckpoint(new PemSigner('mallory', privateKey, publicKey), {
      ...readCheckpoint(last)!,
      number: 4,
      size: 1,
      previous: checkpointHash(last),
    });
    await until('it is taken', async () => {
      const [row] = await trail.application
        .query<{ written: boolean }[]>(
          `SELECT audit_append_checkpoint($1, ARRAY[$2]::bigint[], ARRAY[${HASH}]) AS written`,
          [jws, await trail.idOf('C-60')],
        )
        .catch(() => [{ written: false }]);
      return row!.written;
    });
    await trail.append(1, 61);
    await expect(trail.sealOnce()).rejects.toThrow(/it names mallory/);
  });

  it('are believed for a key in KEYS_DIR only after it is on record: a file alone adds no key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { x } = publicKey.export({ format: 'jwk' });
    const [, , third] = await trail.checkpoints();
    const jws = await signCheckpoint(new PemSigner('former', privateKey, publicKey), readCheckpoint(third!)!);
    await trail.tamper(`UPDATE audit_checkpoints SET jws = '${jws}' WHERE number = 3`);
    writeFileSync(
      join(trail.keysDir, 'former.public.pem'),
      publicKey.export({ format: 'pem', type: 'spki' }),
      { mode: 0o644 },
    );
    expect(await trail.keyRing.heldPublicKey('former')).toBeUndefined();
    expect(await trail.sealer.chainEnd.read()).toEqual({ last: 3, trusted: 2 });
    await trail.application.query(
      `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('former', 'EdDSA', $1, 'retired')`,
      [x],
    );
    await until(
      'the key is read from the database',
      async () => (await trail.keyRing.heldPublicKey('former'))?.equals(publicKey) === true,
    );
    expect(await trail.sealer.chainEnd.read()).toEqual({ last: 3, trusted: 3 });
  });
});
