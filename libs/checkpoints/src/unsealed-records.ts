import type { DataSource, EntityManager } from 'typeorm';
import { readCheckpoint } from './checkpoint';
import { LEAF_COLUMNS, type LeafFields } from './leaf';

/** Leaves of one checkpoint at most: a proof reads them all. */
export const MOST_LEAVES = 4096;
/** Clocks of hosts that are the database one after another may differ by so much. */
const CLOCK_TOLERANCE_SECONDS = 60;
/** A trail that has moved is searched as a whole. */
const MOVED_TIMEOUT = '10min';

/** What the next checkpoint follows. */
export interface Base {
  /** Number of the last checkpoint, 0 before the first. */
  number: string;
  epoch: number;
  sealed_xact: string;
  sealed_id: string;
  /** The last checkpoint; null before the first. */
  jws: string | null;
  /** The trail has come from another cluster or database: the xids of its records mean nothing here. */
  moved: boolean;
  cluster: string;
  /** Seconds since 1970. */
  now: number;
  read_at: string;
  /** Below it every transaction has ended. */
  horizon: string;
  /** The first xid that no transaction has been given yet. */
  next_xact: string;
}

/** Where the next checkpoint's successor begins, as its row says it. */
export interface Position {
  epoch: number;
  cluster: string;
  sealed_xact: string;
  sealed_id: string;
  read_at: string;
  next_xact: string;
}

/** What the next checkpoint is to seal. */
export interface Unsealed {
  base: Base;
  /** In the order of their ids. */
  records: LeafFields[];
  position: Position;
  /** See CheckpointClaims. */
  completeTo: number | null;
}

type Row = LeafFields & { xact: string };

/** Reads, in one snapshot, the records that the next checkpoint is to seal. */
export function readUnsealed(dataSource: DataSource): Promise<Unsealed> {
  return dataSource.transaction('REPEATABLE READ', async (tx) => {
    const base = await readBase(tx);
    const rows = base.moved ? await unsealedOfAnyTime(tx) : await unsealedSince(tx, base);
    const full = rows.length === MOST_LEAVES;
    const last = rows.at(-1);
    const completeTo =
      last === undefined ? null : await completeUpTo(tx, base, full ? last.xact : base.horizon);
    const records = rows.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
    return { base, records, position: positionAfter(base, last, full), completeTo };
  });
}

async function readBase(tx: EntityManager): Promise<Base> {
  // The snapshot is taken after the statement arrived: whoever gets an xid from next_xact on records after read_at.
  const [base] = await tx.query<Base[]>(`
    SELECT coalesce(last.number, 0) AS number, coalesce(last.epoch, 1) AS epoch,
           coalesce(last.sealed_xact, '0'::xid8)::text AS sealed_xact, coalesce(last.sealed_id, 0) AS sealed_id,
           last.jws, here.cluster, coalesce(last.cluster <> here.cluster, false) AS moved,
           extract(epoch FROM statement_timestamp())::float8 AS now, statement_timestamp()::text AS read_at,
           pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
           pg_snapshot_xmax(pg_current_snapshot())::text AS next_xact
    FROM (SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS cluster
          FROM pg_control_system()) AS here
    LEFT JOIN (SELECT * FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last ON true`);
  if (base === undefined) throw new Error('The database did not tell which one it is.');
  return base;
}

/** Below the horizon every transaction has ended: none can bring a record there any more, however late it commits. */
function unsealedSince(tx: EntityManager, { sealed_xact, sealed_id, horizon }: Base): Promise<Row[]> {
  return tx.query<Row[]>(
    `SELECT ${LEAF_COLUMNS}, record.xact::text AS xact
     FROM audit_logs AS record
     WHERE (record.xact, record.id) > ($1::xid8, $2::bigint) AND record.xact < $3::xid8
       AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = record.id)
     ORDER BY record.xact, record.id LIMIT ${MOST_LEAVES}`,
    [sealed_xact, sealed_id, horizon],
  );
}

/** Every committed record that no checkpoint seals, whatever its xid says. */
async function unsealedOfAnyTime(tx: EntityManager): Promise<Row[]> {
  await tx.query(`SELECT set_config('statement_timeout', $1, true)`, [MOVED_TIMEOUT]);
  return tx.query<Row[]>(
    `SELECT ${LEAF_COLUMNS}, record.xact::text AS xact
     FROM audit_logs AS record
     WHERE NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = record.id)
     ORDER BY record.id LIMIT ${MOST_LEAVES}`,
  );
}

/** A moved trail stays so until the last of its records is sealed: only then do xids count again. */
function positionAfter(base: Base, last: Row | undefined, full: boolean): Position {
  const { epoch, cluster, read_at, next_xact } = base;
  if (base.moved && full) return { epoch, cluster: '', sealed_xact: '0', sealed_id: '0', read_at, next_xact };
  if (base.moved)
    return { epoch: epoch + 1, cluster, sealed_xact: base.horizon, sealed_id: '0', read_at, next_xact };
  const [sealed_xact, sealed_id] =
    last === undefined ? [base.sealed_xact, base.sealed_id] : [last.xact, last.id];
  return { epoch, cluster, sealed_xact, sealed_id, read_at, next_xact };
}

/**
 * An earlier checkpoint whose `next_xact` lies no higher than what is sealed now: whoever had an xid when it was read
 * has ended and is sealed, so that all that comes later was recorded later.
 * @param sealedBelow every record of a transaction below it is sealed with the next checkpoint
 */
async function completeUpTo(tx: EntityManager, base: Base, sealedBelow: string): Promise<number | null> {
  const before = base.jws === null ? null : (readCheckpoint(base.jws)?.complete_to ?? null);
  if (base.moved) return before;
  const [known] = await tx.query<{ read_at: number }[]>(
    `SELECT extract(epoch FROM read_at)::float8 AS read_at FROM audit_checkpoints
     WHERE epoch = $1 AND cluster = $2 AND next_xact <= $3::xid8 ORDER BY number DESC LIMIT 1`,
    [base.epoch, base.cluster, sealedBelow],
  );
  if (known === undefined) return before;
  return Math.max(before ?? 0, Math.floor(known.read_at) - CLOCK_TOLERANCE_SECONDS);
}
