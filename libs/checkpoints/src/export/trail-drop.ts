import { type Actor, AuditLog } from '@aegis/audit';
import { limitStatements, sqlState, SqlState } from '@aegis/database';
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import type { CheckpointKeys } from '../verification/checkpoint-keys';
import { jwsFrom, openCheckpoint, provenCompleteTo } from '../checkpoint';
import { TrailNotDroppable } from '../checkpoints.errors';
import { readDropped } from '../verification/dropped-records';
import { ExportVerification } from '../verification/export-verification';
import { readUnproven, type UnprovenRecord } from './unproven-records';

/** Shorter than the application waits for a lock: writers queue behind a drop that waits. */
const LOCK_TIMEOUT_MS = 300;
const ATTEMPTS = 50;
const PAUSE_MS = 300;

interface Month {
  partition: string;
  since: string;
  until: string;
  records: number;
}

/** What an export must prove. */
interface Going {
  /** Milliseconds since 1970. */
  since: number;
  before: Date;
  records: number;
  /** Ids of those that no export can prove. */
  unproven: ReadonlySet<string>;
}

/** What was dropped. */
export interface DroppedMonths {
  partitions: string[];
  records: number;
}

/** Drops months of the trail that are sealed and exported. Needs the role that owns the schema. */
export class TrailDrop {
  private readonly keys: CheckpointKeys;

  /** @param keys that checkpoints are verified with */
  constructor(
    private readonly owner: DataSource,
    keys: CheckpointKeys,
  ) {
    // A checkpoint of a compromised key is valid here if the database's own chain has it: see `assertOurs`.
    this.keys = async (kid, jws) => {
      const key = await keys(kid, jws);
      return key && { publicKey: key.publicKey };
    };
  }

  /**
   * @param before the first moment of a month: earlier records are dropped
   * @param exported lines of an export that contains all of them, except for records that no export can prove
   * @param unproven ids of these records; the record of the drop keeps the rest of their proofs
   * @throws TrailNotDroppable when a record is not sealed, not proven by the export, or has no event yet
   */
  async drop(
    actor: Actor,
    before: Date,
    exported: AsyncIterable<string> | Iterable<string>,
    unproven: ReadonlySet<string> = new Set(),
  ): Promise<DroppedMonths> {
    const months = await this.months(before);
    const [first] = months;
    if (first === undefined) return { partitions: [], records: 0 };
    await this.assertSealed(months, before);
    await this.assertEventsMade(months);
    const records = months.reduce((sum, month) => sum + month.records, 0);
    const since = Date.parse(first.since);
    const without = await readUnproven(this.owner, unproven, { since, before, keys: this.keys });
    const sha256 = await this.assertExported(exported, { since, before, records, unproven });
    for (let attempt = 1; ; attempt += 1)
      try {
        await this.owner.transaction((tx) =>
          dropMonths(tx, actor, before, months, { sha256, unproven: without }),
        );
        return { partitions: months.map(({ partition }) => partition), records };
      } catch (error) {
        if (attempt === ATTEMPTS || sqlState(error) !== SqlState.lockNotAvailable) throw error;
        await pause(PAUSE_MS);
      }
  }

  /** Partitions that end by then, oldest first. */
  private async months(before: Date): Promise<Month[]> {
    const partitions = await this.owner.query<Omit<Month, 'records'>[]>(
      `SELECT partition, since, until FROM (
         SELECT child.relname AS partition,
                (regexp_match(pg_get_expr(child.relpartbound, child.oid), $$FROM \\('([^']+)'\\)$$))[1]::timestamptz AS since,
                (regexp_match(pg_get_expr(child.relpartbound, child.oid), $$TO \\('([^']+)'\\)$$))[1]::timestamptz AS until
         FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
         WHERE inhparent = 'audit_logs'::regclass AND child.relkind = 'r') AS bounds
       WHERE until <= $1 ORDER BY until`,
      [before],
    );
    const months: Month[] = [];
    for (const one of partitions) months.push({ ...one, records: await count(this.owner.manager, one) });
    return months;
  }

  private async assertSealed(months: readonly Month[], before: Date): Promise<void> {
    const [last] = await this.owner.query<{ jws: string }[]>(
      `SELECT ${jwsFrom('jws')} AS jws FROM audit_checkpoints ORDER BY number DESC LIMIT 1`,
    );
    const claims =
      last && (await openCheckpoint(last.jws, async (kid) => (await this.keys(kid, last.jws))?.publicKey));
    if (last && claims === undefined)
      throw new TrailNotDroppable('none of these keys signed the last checkpoint: verify the trail');
    const completeTo = (claims && provenCompleteTo(claims)) ?? 0;
    if (completeTo * 1000 < before.getTime())
      throw new TrailNotDroppable('no checkpoint says yet that the trail is complete up to then');
    for (const { partition } of months) {
      const [row] = await this.owner.query<{ unsealed: number }[]>(
        `SELECT count(*)::int AS unsealed FROM ${partition} AS record WHERE NOT EXISTS (
           SELECT FROM audit_seals AS seal JOIN audit_checkpoints ON number = seal.checkpoint
           WHERE seal.audit_id = record.id AND seal.recorded_at = record.recorded_at)`,
      );
      if (row?.unsealed !== 0)
        throw new TrailNotDroppable(`${row?.unsealed} record(s) of ${partition} are not sealed`);
    }
  }

  /** Nobody could make their events any longer. */
  private async assertEventsMade(months: readonly Month[]): Promise<void> {
    for (const { partition } of months) {
      const [row] = await this.owner.query<{ waiting: number }[]>(
        `SELECT count(*)::int AS waiting FROM event_outbox AS noted
         JOIN ${partition} AS record ON record.id = noted.record_id AND record.recorded_at = noted.recorded_at`,
      );
      if (row?.waiting !== 0)
        throw new TrailNotDroppable(
          `${row?.waiting} record(s) of ${partition} wait to become events: let a server run that knows their types`,
        );
    }
  }

  /**
   * Every record that the export proves, by a checkpoint that is also in the database, is sealed here, and is counted
   * once: so if their number, with the records that no export can prove, is the number of all records, nothing is
   * missing.
   * @returns SHA-256 of the export, hex
   */
  private async assertExported(
    exported: AsyncIterable<string> | Iterable<string>,
    { since, before, records, unproven }: Going,
  ): Promise<string> {
    const hash = createHash('sha256');
    const checkpoints = new Map<number, string>();
    let proven = 0;
    let isOfUnproven = false;
    const verification = new ExportVerification(this.keys, {
      found: ({ kind, line, record }) => {
        if (kind === 'record_unproven' && record !== undefined && unproven.has(record)) isOfUnproven = true;
        // The end counts them too. Other missing records show in the number of proven records.
        else if (kind !== 'export_cut' || !isOfUnproven)
          throw new TrailNotDroppable(`the export is not sound: line ${line}, ${kind}`);
      },
      checkpoint: (number, jws) => checkpoints.set(number, createHash('sha256').update(jws).digest('hex')),
      record: ({ recorded_at }) => {
        const at = Date.parse(recorded_at);
        if (at >= since && at < before.getTime()) proven += 1;
      },
    });
    await verification.verify(hashed(exported, hash));
    await this.assertOurs(checkpoints);
    const expected = records - unproven.size;
    if (proven !== expected)
      throw new TrailNotDroppable(
        `the export proves ${proven} of ${expected} record(s) that would go; records that no export can prove are to be named`,
      );
    return hash.digest('hex');
  }

  private async assertOurs(checkpoints: ReadonlyMap<number, string>): Promise<void> {
    const [row] = await this.owner.query<{ number: string }[]>(
      `SELECT number FROM unnest($1::bigint[], $2::text[]) AS exported (number, hash)
       WHERE NOT EXISTS (SELECT FROM audit_checkpoints AS here
                         WHERE here.number = exported.number AND encode(sha256(convert_to(${jwsFrom('here.jws')}, 'UTF8')), 'hex') = exported.hash)
       LIMIT 1`,
      [[...checkpoints.keys()], [...checkpoints.values()]],
    );
    if (row)
      throw new TrailNotDroppable(`checkpoint ${row.number} of the export is not the one that is here`);
  }
}

async function dropMonths(
  tx: EntityManager,
  actor: Actor,
  before: Date,
  months: readonly Month[],
  { sha256, unproven }: { sha256: string; unproven: readonly UnprovenRecord[] },
): Promise<void> {
  await limitStatements(tx, { lockMs: LOCK_TIMEOUT_MS });
  // Counting takes longer for longer months. Meanwhile nobody may change them, but new records are still written.
  for (const month of months) {
    await tx.query(`LOCK TABLE ${month.partition} IN SHARE MODE`);
    if ((await count(tx, month)) !== month.records)
      throw new TrailNotDroppable(`${month.partition} has changed meanwhile`);
  }
  await tx.query('LOCK TABLE audit_logs IN ACCESS EXCLUSIVE MODE');
  const droppedBefore = (await readDropped(tx))?.records ?? 0;
  const records = months.reduce((sum, month) => sum + month.records, 0);
  await new AuditLog().append(tx, {
    type: 'audit_log.dropped',
    actor,
    data: {
      until: before.toISOString(),
      partitions: months.map(({ partition }) => partition),
      records,
      records_in_all: droppedBefore + records,
      export_sha256: sha256,
      ...(unproven.length > 0 && { unproven }),
    },
  });
  // The record is for people. Verification uses the table of drops, which only the owner can write.
  await tx.query(
    `INSERT INTO audit_drops (audit_id, recorded_at, dropped_until, records)
     SELECT id, recorded_at, $1, $2 FROM audit_logs
     WHERE xact = pg_current_xact_id() AND event_type = 'audit_log.dropped' ORDER BY id DESC LIMIT 1`,
    [before, records],
  );
  await tx.query(
    `INSERT INTO statistics_deltas (day, counter, delta) VALUES ('-infinity', 'audit_logs', -$1::bigint)`,
    [records],
  );
  for (const { partition } of months) await tx.query(`DROP TABLE ${partition}`);
}

async function count(tx: EntityManager, { partition }: Pick<Month, 'partition'>): Promise<number> {
  const [row] = await tx.query<{ records: number }[]>(`SELECT count(*)::int AS records FROM ${partition}`);
  return row?.records ?? 0;
}

async function* hashed(
  lines: AsyncIterable<string> | Iterable<string>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<string> {
  for await (const line of lines) {
    hash.update(`${line}\n`);
    yield line;
  }
}
