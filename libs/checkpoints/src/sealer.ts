import { transaction } from '@aegis/database';
import { KeyRing } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { checkpointHash, signCheckpoint } from './checkpoint';
import { LEAF_COLUMNS, type LeafFields, leafOf } from './leaf';
import { leafHash, rootHash } from './merkle-tree';

const SEALER_LOCK = '4702394921427289933';
/** Leaves of one checkpoint at most: a proof reads them all. */
const MOST_LEAVES = 4096;

interface Base {
  number: string;
  epoch: number;
  sealed_xact: string;
  sealed_id: string;
  jws: string | null;
  /** The trail has come from another cluster or database: the xids of its records mean nothing here. */
  moved: boolean;
  cluster: string;
  now: number;
}

type Unsealed = LeafFields & { xact: string; horizon: string };

/** Seals audit records: builds signed checkpoints over them. */
@Injectable()
export class Sealer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyRing: KeyRing,
  ) {}

  /**
   * Seals what can be sealed, one checkpoint at a time. Of several processes one seals, the others leave it to that one.
   * @param goesOn asked before each checkpoint
   * @returns how many records it sealed
   */
  async seal(goesOn: () => boolean = () => true): Promise<number> {
    let sealed = 0;
    let more = true;
    while (more && goesOn()) {
      const size = await transaction(this.dataSource, (tx) => this.sealOnce(tx));
      sealed += size;
      more = size === MOST_LEAVES;
    }
    return sealed;
  }

  private async sealOnce(tx: EntityManager): Promise<number> {
    const [lock] = await tx.query<{ held: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS held', [
      SEALER_LOCK,
    ]);
    if (lock?.held !== true) return 0;
    const base = await readBase(tx);
    const records = base.moved ? await unsealedOfAnyTime(tx) : await unsealedSince(tx, base);
    const last = records.at(-1);
    if (last === undefined) return 0;
    const leaves = records
      .map((record) => ({ record, hash: leafHash(leafOf(record)) }))
      .sort((one, other) => (BigInt(one.record.id) < BigInt(other.record.id) ? -1 : 1));
    const number = Number(base.number) + 1;
    // A moved trail stays so until the last of its records is sealed: only then do xids count again.
    const settled = base.moved && records.length < MOST_LEAVES;
    const jws = await signCheckpoint(this.keyRing.active(), {
      number,
      epoch: base.epoch + (settled ? 1 : 0),
      size: leaves.length,
      root: rootHash(leaves.map(({ hash }) => hash)).toString('base64url'),
      previous: base.jws === null ? null : checkpointHash(base.jws),
      iat: base.now,
    });
    await tx.query(
      `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, jws)
       SELECT $1, $2, $3, $4::xid8, $5, $6`,
      base.moved
        ? [
            number,
            base.epoch + (settled ? 1 : 0),
            settled ? base.cluster : '',
            settled ? last.horizon : '0',
            0,
            jws,
          ]
        : [number, base.epoch, base.cluster, last.xact, last.id, jws],
    );
    await tx.query(
      `INSERT INTO audit_seals (audit_id, recorded_at, checkpoint, leaf_index, leaf_hash)
       SELECT audit_id, recorded_at, $1, index - 1, leaf_hash
       FROM unnest($2::bigint[], $3::timestamptz[], $4::bytea[]) WITH ORDINALITY AS leaf (audit_id, recorded_at, leaf_hash, index)`,
      [
        number,
        leaves.map(({ record }) => record.id),
        leaves.map(({ record }) => record.recorded_at),
        leaves.map(({ hash }) => hash),
      ],
    );
    return leaves.length;
  }
}

async function readBase(tx: EntityManager): Promise<Base> {
  const [base] = await tx.query<Base[]>(`
    SELECT coalesce(last.number, 0) AS number, coalesce(last.epoch, 1) AS epoch,
           coalesce(last.sealed_xact, '0'::xid8)::text AS sealed_xact, coalesce(last.sealed_id, 0) AS sealed_id,
           last.jws, here.cluster, coalesce(last.cluster <> here.cluster, false) AS moved,
           floor(extract(epoch FROM clock_timestamp()))::float8 AS now
    FROM (SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) AS cluster
          FROM pg_control_system()) AS here
    LEFT JOIN (SELECT * FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last ON true`);
  if (base === undefined) throw new Error('The database did not tell which one it is.');
  return base;
}

/** Below the horizon every transaction has ended: none can bring a record there any more, however late it commits. */
function unsealedSince(tx: EntityManager, { sealed_xact, sealed_id }: Base): Promise<Unsealed[]> {
  return tx.query<Unsealed[]>(
    `SELECT ${LEAF_COLUMNS}, record.xact::text AS xact, pg_snapshot_xmin(pg_current_snapshot())::text AS horizon
     FROM audit_logs AS record
     WHERE (record.xact, record.id) > ($1::xid8, $2::bigint) AND record.xact < pg_snapshot_xmin(pg_current_snapshot())
       AND NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = record.id)
     ORDER BY record.xact, record.id LIMIT ${MOST_LEAVES}`,
    [sealed_xact, sealed_id],
  );
}

/** Every committed record that no checkpoint seals, whatever its xid says. */
function unsealedOfAnyTime(tx: EntityManager): Promise<Unsealed[]> {
  return tx.query<Unsealed[]>(
    `SELECT ${LEAF_COLUMNS}, record.xact::text AS xact, pg_snapshot_xmin(pg_current_snapshot())::text AS horizon
     FROM audit_logs AS record
     WHERE NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = record.id)
     ORDER BY record.id LIMIT ${MOST_LEAVES}`,
  );
}
