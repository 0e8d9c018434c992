import { MOST_RECORD_BYTES, recordBytes, recordColumnsWhere } from '@aegis/audit';
import { limitStatements, NOT_RECONCILED, sqlState, SqlState } from '@aegis/database';
import type { DataSource, EntityManager } from 'typeorm';
import { jwsFrom, readCheckpoint } from '../checkpoint';
import { THIS_CLUSTER } from '../cluster';
import { LEAF_COLUMNS, type LeafFields, MOST_LEAVES } from '../tree/leaf';

/** Largest difference between the clocks of hosts that run the database one after another. */
const CLOCK_TOLERANCE_SECONDS = 60;
/**
 * Bytes of text that one checkpoint seals at most, unless its first record alone has more: a process that ships a
 * checkpoint has all of it in memory, several times.
 */
const MOST_SEALED_BYTES = 8 * 1024 * 1024;
/**
 * How many records are read if reading `MOST_LEAVES` takes too long: even the largest ones of so few are read quickly.
 */
const FEW_LEAVES = 64;
/** A trail that has moved is searched as a whole. */
export const MOVED_TIMEOUT_MS = 600_000;

/** What the next checkpoint follows. */
export interface Base {
  /** Number of the last checkpoint, 0 before the first. */
  number: string;
  epoch: number;
  sealed_xact: string;
  sealed_id: string;
  /** The last checkpoint; null before the first. */
  jws: string | null;
  /**
   * The xids of unsealed records mean nothing here: the trail has come from another cluster or database, or sealing
   * continues after a break.
   */
  moved: boolean;
  /** Epoch of the last break; null without one. */
  break_epoch: number | null;
  /** The last checkpoint says that it sealed transactions that do not exist yet: its row was changed. */
  ahead: boolean;
  cluster: string;
  /** Below it every transaction has ended. */
  horizon: string;
  /** The database was restored, and is not reconciled with what was shipped. */
  not_reconciled: boolean;
}

/** What the next checkpoint is to seal. */
export interface Unsealed {
  base: Base;
  /** In the order of their ids. */
  records: LeafFields[];
  /** Of the next checkpoint. */
  epoch: number;
  /** See CheckpointClaims. */
  completeTo: number | null;
  /** After everything was read, by the database's clock: seconds since 1970. */
  readAt: number;
  /** Whether records may be left that could be sealed now: a checkpoint is full, or its records are large. */
  full: boolean;
}

type Row = LeafFields & {
  xact: string;
  /** Bytes of its texts, which are null if they are too large to be read. */
  bytes: number;
  /** How many records could be sealed, of those that were looked at. */
  found: number;
};

/** The next record is too large to be read. Those after it can't be sealed before it. */
export class RecordTooLarge extends Error {
  override readonly name = 'RecordTooLarge';
}

/**
 * Reads, in one snapshot, the records that the next checkpoint is to seal. The size of a record shows only when its
 * text is made: thousands of large ones take longer than the limit of a statement, and then fewer are read.
 */
export async function readUnsealed(dataSource: DataSource): Promise<Unsealed> {
  try {
    return await readSome(dataSource, MOST_LEAVES);
  } catch (error) {
    if (sqlState(error) !== SqlState.queryCanceled) throw error;
    return readSome(dataSource, FEW_LEAVES);
  }
}

/** @param most records that are looked at */
function readSome(dataSource: DataSource, most: number): Promise<Unsealed> {
  return dataSource.transaction('REPEATABLE READ', async (tx) => {
    const base = await readBase(tx);
    // The numbers of the next checkpoints belong to the lost ones until those are back.
    if (base.not_reconciled)
      return { base, records: [], epoch: base.epoch, completeTo: null, readAt: 0, full: false };
    const rows = base.moved ? await unsealedOfAnyTime(tx, most) : await unsealedSince(tx, base, most);
    const [first, last] = [rows.at(0), rows.at(-1)];
    if (first !== undefined && first.bytes > MOST_RECORD_BYTES)
      throw new RecordTooLarge(`The audit record ${first.id} is too large to be read and sealed.`);
    const full = first !== undefined && (first.found === most || rows.length < first.found);
    const completeTo =
      last === undefined
        ? null
        : await completeUpTo(tx, base, rows.length, last, full ? last.xact : base.horizon);
    const records = rows.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
    // Must be the last statement: to search a trail that has moved takes minutes, and a checkpoint is written only if
    // its time is the present.
    const readAt = await readClock(tx);
    return { base, records: distinct(records), epoch: epochAfter(base, full), completeTo, readAt, full };
  });
}

async function readClock(tx: EntityManager): Promise<number> {
  const [clock] = await tx.query<{ now: number }[]>(
    'SELECT extract(epoch FROM clock_timestamp())::float8 AS now',
  );
  if (clock === undefined) throw new Error('The database did not say what time it is.');
  return clock.now;
}

async function readBase(tx: EntityManager): Promise<Base> {
  const [base] = await tx.query<Base[]>(`
    SELECT coalesce(last.number, 0) AS number, coalesce(last.epoch, break.epoch, 1) AS epoch,
           coalesce(last.sealed_xact, '0'::xid8)::text AS sealed_xact, coalesce(last.sealed_id, 0) AS sealed_id,
           ${jwsFrom('last.jws')} AS jws, here.cluster, break.epoch AS break_epoch,
           coalesce(last.cluster <> here.cluster, false) OR coalesce(break.epoch > coalesce(last.epoch, 0), false) AS moved,
           coalesce(last.cluster = here.cluster AND last.sealed_xact >= pg_snapshot_xmax(pg_current_snapshot()), false)
             AS ahead,
           pg_snapshot_xmin(pg_current_snapshot())::text AS horizon, ${NOT_RECONCILED} AS not_reconciled
    FROM (SELECT max(epoch) AS epoch FROM audit_breaks) AS break,
         (SELECT ${THIS_CLUSTER} AS cluster) AS here
    LEFT JOIN (SELECT * FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last ON true`);
  if (base === undefined) throw new Error('The database did not say which one it is.');
  return base;
}

/** Below the horizon every transaction has ended: no late commit can add a record there. */
function unsealedSince(
  tx: EntityManager,
  { sealed_xact, sealed_id, horizon }: Base,
  most: number,
): Promise<Row[]> {
  const condition = '(logged.xact, logged.id) > ($1::xid8, $2::bigint) AND logged.xact < $3::xid8';
  return tx.query<Row[]>(unsealed(condition, ['xact', 'id'], most), [sealed_xact, sealed_id, horizon]);
}

/** Every committed record that no checkpoint seals, no matter which xid it has. */
async function unsealedOfAnyTime(tx: EntityManager, most: number): Promise<Row[]> {
  await limitStatements(tx, { statementMs: MOVED_TIMEOUT_MS });
  return tx.query<Row[]>(unsealed('true', ['id'], most));
}

/**
 * SQL: the records without a seal that meet a condition, in an order: as many as are looked at and as fit into
 * `MOST_SEALED_BYTES`, and the first in any case.
 * @param condition on `logged`
 * @param most that are looked at, `MOST_LEAVES` at most
 */
function unsealed(condition: string, order: readonly string[], most: number): string {
  const by = (table: string): string => order.map((column) => `${table}.${column}`).join(', ');
  return `
    SELECT ${LEAF_COLUMNS}, record.xact::text AS xact, record.bytes, record.found
    FROM (
      SELECT *, count(*) OVER ()::int AS found,
             sum(bytes) OVER (ORDER BY ${order.join(', ')} ROWS UNBOUNDED PRECEDING) AS bytes_so_far
      FROM (
        SELECT logged.xact, size.bytes, ${recordColumnsWhere('logged', `size.bytes <= ${MOST_RECORD_BYTES}`)}
        -- First which records, then how large they are: a plan that sorts would find out the size of all that wait.
        FROM (SELECT * FROM audit_logs AS logged
              WHERE ${condition} AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = logged.id)
              ORDER BY ${by('logged')} LIMIT ${most}) AS logged
        -- OFFSET 0: found out once for each record, not once for each of its columns.
        CROSS JOIN LATERAL (SELECT ${recordBytes('logged')} AS bytes OFFSET 0) AS size) AS sized) AS record
    WHERE bytes_so_far <= ${MOST_SEALED_BYTES} OR bytes_so_far = bytes
    ORDER BY ${by('record')}`;
}

/** Each id belongs to one record; if a superuser gave two records the same id, the first is sealed. */
function distinct(records: readonly LeafFields[]): LeafFields[] {
  return records.filter(({ id }, index) => id !== records[index - 1]?.id);
}

/** The trail is treated as moved until the last of its records is sealed: only then do xids mean something again. */
function epochAfter({ epoch, number, moved, break_epoch }: Base, full: boolean): number {
  if (!moved || full) return epoch;
  return Math.max(number === '0' ? 1 : epoch + 1, break_epoch ?? 0);
}

/**
 * Finds an earlier checkpoint whose `next_xact` is not higher than what is sealed now: every transaction that had an
 * xid at its reading has ended and is sealed, so every later record was also recorded later.
 * @param count records that the next checkpoint seals
 * @param last of them
 * @param sealedBelow every record of a transaction below it is sealed with the next checkpoint
 */
async function completeUpTo(
  tx: EntityManager,
  base: Base,
  count: number,
  last: Row,
  sealedBelow: string,
): Promise<number | null> {
  const before = base.jws === null ? null : (readCheckpoint(base.jws)?.complete_to ?? null);
  if (base.moved || (await isAnyLeftOut(tx, base, count, last))) return before;
  const [known] = await tx.query<{ read_at: number; is_to_come: boolean }[]>(
    `SELECT extract(epoch FROM read_at)::float8 AS read_at, read_at > clock_timestamp() AS is_to_come
     FROM audit_checkpoints
     WHERE epoch = $1 AND cluster = $2 AND next_xact <= $3::xid8 ORDER BY number DESC LIMIT 1`,
    [base.epoch, base.cluster, sealedBelow],
  );
  // It was read while the clock was ahead: later records have earlier times. The next checkpoints have the present
  // time.
  if (known === undefined || known.is_to_come) return before;
  return Math.max(before ?? 0, Math.floor(known.read_at) - CLOCK_TOLERANCE_SECONDS);
}

/** Whether there are records older than the ones to seal now that stray seals prevent from being sealed. */
async function isAnyLeftOut(
  tx: EntityManager,
  { sealed_xact, sealed_id }: Base,
  count: number,
  last: Row,
): Promise<boolean> {
  const [row] = await tx.query<{ left_out: boolean }[]>(
    `SELECT EXISTS (SELECT FROM audit_unsealable)
         OR $5 < (SELECT count(*) FROM audit_logs
                  WHERE (xact, id) > ($1::xid8, $2::bigint) AND (xact, id) <= ($3::xid8, $4::bigint)) AS left_out`,
    [sealed_xact, sealed_id, last.xact, last.id, count],
  );
  return row?.left_out ?? true;
}
