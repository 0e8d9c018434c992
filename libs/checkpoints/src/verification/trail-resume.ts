import { type Actor, AuditLog } from '@aegis/audit';
import { limitStatements, sqlState, SqlState } from '@aegis/database';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import {
  checkpointHash,
  isFalselyComplete,
  isLessComplete,
  jwsFrom,
  provenCompleteTo,
  readCheckpoint,
} from '../checkpoint';
import { TrailNotResumable } from '../checkpoints.errors';
import { readCheckpoints, type StoredCheckpoint } from '../tree/sealed-records';
import { type CheckpointKeys, judgeCheckpoint } from './checkpoint-keys';

const SEALER_LOCK = '4702394921427289933';
const LOCK_TIMEOUT_MS = 300;
const ATTEMPTS = 50;
const PAUSE_MS = 300;
const CHECKPOINT_COLUMNS =
  'number, epoch, cluster, sealed_xact, sealed_id, jws, created_at, read_at, next_xact';

/** How sealing resumes after a break. */
export interface Resumed {
  /** Number of the checkpoint that the next one follows; 0 for none. */
  after: number;
  /** The new epoch. */
  epoch: number;
  checkpoints_set_aside: number;
  seals_set_aside: number;
}

/**
 * Resumes sealing after the chain of checkpoints was tampered with, or a part of it was lost. Needs the role that
 * owns the schema.
 */
export class TrailResume {
  /** @param keys that checkpoints are verified with */
  constructor(
    private readonly owner: DataSource,
    private readonly keys: CheckpointKeys,
  ) {}

  /**
   * Moves the checkpoints after a given one, and every seal without a remaining checkpoint, to separate tables, and
   * records the break. The records are sealed again, in a new epoch.
   * @param after number of the last valid checkpoint; 0 when there is none
   * @throws TrailNotResumable when that checkpoint is not valid, or the next one is valid. A checkpoint is not valid
   * if it is the first to claim that the trail is complete up to a time after its own, or if it claims less than the
   * previous one
   */
  async resume(actor: Actor, after: number): Promise<Resumed> {
    for (let attempt = 1; ; attempt += 1)
      try {
        return await this.owner.transaction((tx) => this.setAside(tx, actor, after));
      } catch (error) {
        if (attempt === ATTEMPTS || sqlState(error) !== SqlState.lockNotAvailable) throw error;
        await pause(PAUSE_MS);
      }
  }

  private async setAside(tx: EntityManager, actor: Actor, after: number): Promise<Resumed> {
    await limitStatements(tx, { lockMs: LOCK_TIMEOUT_MS, statementMs: 0 });
    await tx.query('SELECT pg_advisory_xact_lock($1)', [SEALER_LOCK]);
    await this.assertIsLast(tx, after);
    const [row] = await tx.query<{ epoch: number }[]>(
      `SELECT greatest(1, (SELECT max(epoch) FROM audit_checkpoints), (SELECT max(epoch) FROM audit_breaks)) + 1 AS epoch`,
    );
    const epoch = row?.epoch ?? 1;
    const checkpoints = await withoutTrigger(
      tx,
      'audit_checkpoints',
      `gone AS (DELETE FROM audit_checkpoints WHERE number > $1 RETURNING ${CHECKPOINT_COLUMNS}),
       aside AS (INSERT INTO audit_checkpoints_set_aside (set_aside_by, ${CHECKPOINT_COLUMNS})
                 SELECT $2, gone.* FROM gone RETURNING 1)`,
      [after, epoch],
    );
    const seals = await withoutTrigger(
      tx,
      'audit_seals',
      `stray AS (
         SELECT audit_id FROM audit_seals AS seal
         WHERE NOT EXISTS (SELECT FROM audit_checkpoints WHERE number = seal.checkpoint)
         UNION
         SELECT audit_id
         FROM (SELECT number, audit_checkpoint_size(${jwsFrom('jws')}) AS size FROM audit_checkpoints) AS sealing
         JOIN audit_seals AS seal ON seal.checkpoint = sealing.number
         WHERE sealing.size > 0 AND NOT (seal.leaf_index >= 0 AND seal.leaf_index < sealing.size)),
       gone AS (DELETE FROM audit_seals AS seal USING stray WHERE seal.audit_id = stray.audit_id
                RETURNING seal.audit_id, seal.recorded_at, seal.checkpoint, seal.leaf_index, seal.leaf_hash),
       aside AS (INSERT INTO audit_seals_set_aside (set_aside_by, audit_id, recorded_at, checkpoint, leaf_index, leaf_hash)
                 SELECT $1, gone.* FROM gone RETURNING 1)`,
      [epoch],
    );
    await tx.query('DELETE FROM audit_unsealable');
    await tx.query(
      `INSERT INTO audit_breaks (epoch, after_checkpoint, checkpoints_set_aside, seals_set_aside, actor)
       VALUES ($1, $2, $3, $4, $5)`,
      [epoch, after, checkpoints, seals, actor.name],
    );
    const resumed = { after, epoch, checkpoints_set_aside: checkpoints, seals_set_aside: seals };
    await new AuditLog().append(tx, { type: 'audit_log.resumed', actor, data: resumed });
    return resumed;
  }

  private async assertIsLast(tx: EntityManager, after: number): Promise<void> {
    const [first, second] = await readCheckpoints(tx, Math.max(1, after), 2);
    const [last, next] = after === 0 ? [undefined, first] : [first, second];
    if (after > 0) await this.assertHolds(last, after);
    if (next?.number !== String(after + 1)) return;
    const judged = await judgeCheckpoint(next.jws, this.keys);
    const previous = last === undefined ? null : checkpointHash(last.jws);
    const before = last && readCheckpoint(last.jws);
    if (
      judged.state === 'trusted' &&
      judged.claims.number === after + 1 &&
      judged.claims.previous === previous &&
      !isFalselyComplete(judged.claims, before) &&
      !isLessComplete(judged.claims, before === undefined ? null : provenCompleteTo(before))
    )
      throw new TrailNotResumable(
        `checkpoint ${after + 1} follows, and it is valid; name the last valid checkpoint`,
      );
  }

  private async assertHolds(checkpoint: StoredCheckpoint | undefined, number: number): Promise<void> {
    if (checkpoint?.number !== String(number))
      throw new TrailNotResumable(`there is no checkpoint ${number}`);
    const judged = await judgeCheckpoint(checkpoint.jws, this.keys);
    if (judged.state === 'unknown')
      throw new TrailNotResumable(
        `the key ${judged.kid}, which signed checkpoint ${number}, is not among these keys`,
      );
    if (judged.state === 'forged' || judged.claims.number !== number)
      throw new TrailNotResumable(`checkpoint ${number} is forged; name the last valid checkpoint`);
  }
}

/**
 * @param parts of a WITH clause, the last of which is `aside`
 * @returns how many rows were set aside
 */
async function withoutTrigger(
  tx: EntityManager,
  table: 'audit_checkpoints' | 'audit_seals',
  parts: string,
  parameters: unknown[],
): Promise<number> {
  const trigger = `${table}_append_only`;
  await tx.query(`ALTER TABLE ${table} DISABLE TRIGGER ${trigger}`);
  const [row] = await tx.query<{ count: number }[]>(
    `WITH ${parts} SELECT count(*)::int AS count FROM aside`,
    parameters,
  );
  await tx.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${trigger}`);
  return row?.count ?? 0;
}
