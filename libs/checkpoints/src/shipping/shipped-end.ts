import { NOT_RECONCILED } from '@aegis/database';
import type { KeyRing } from '@aegis/signing';
import type { DataSource } from 'typeorm';
import { checkpointHash, isSignedBy, jwsFrom, parseCheckpoint, readCheckpoint } from '../checkpoint';
import type { AcknowledgedCheckpoint } from './checkpoint-sink';
import { isGivenUp, readLosses } from './known-checkpoints';
import type { ChainBase } from './shipped-chain';

/**
 * How the trail compares with the last checkpoint of a sink.
 *
 * - `here`: the trail has it, or the sink has none.
 * - `lost`: the trail does not have it, for a known reason: `aegis audit resume` set it aside, a restore was
 *   reconciled with an accepted loss, or no known key signed it.
 * - `restored`: the trail does not have it, and the reason is not known: an older state was restored, or the end was
 *   cut off.
 */
export type ShippedEndState = 'here' | 'lost' | 'restored';

/** The end of the trail, compared with what was shipped. */
export interface ShippedEnd {
  state: ShippedEndState;
  /** Number of the trail's last checkpoint; 0 without checkpoints. */
  last: number;
  /** Whether a restore is noted that is not reconciled. */
  isReconciled: boolean;
}

interface Row {
  last: number;
  /** The checkpoint of that number. */
  jws: string | null;
  /** Those of that number which were set aside. */
  set_aside: string[];
  not_reconciled: boolean;
}

/**
 * @param shipped what the sink has last
 * @param lastInCommon gives the number of the newest checkpoint that both have; undefined where that is not found
 */
export async function compareShippedEnd(
  dataSource: DataSource,
  keyRing: KeyRing,
  shipped: AcknowledgedCheckpoint | undefined,
  lastInCommon: () => Promise<number | undefined>,
): Promise<ShippedEnd> {
  const [row] = await dataSource.query<Row[]>(
    `SELECT (SELECT coalesce(max(number), 0) FROM audit_checkpoints)::float8 AS last,
            (SELECT ${jwsFrom('jws')} FROM audit_checkpoints WHERE number = $1) AS jws,
            array(SELECT ${jwsFrom('jws')} FROM audit_checkpoints_set_aside WHERE number = $1 LIMIT 100) AS set_aside,
            ${NOT_RECONCILED} AS not_reconciled`,
    [shipped?.number ?? 0],
  );
  if (row === undefined) throw new Error('The database did not say where the trail ends.');
  const end = { last: row.last, isReconciled: !row.not_reconciled };
  const isSame = (jws: string): boolean => shipped?.hash === null || shipped?.hash === checkpointHash(jws);
  if (shipped === undefined || (row.jws !== null && isSame(row.jws))) return { ...end, state: 'here' };
  if (row.set_aside.some(isSame)) return { ...end, state: 'lost' };
  if (!(await isOurs(keyRing, shipped))) return { ...end, state: 'lost' };
  const losses = await readLosses(dataSource);
  const at = shipped.jws === undefined ? undefined : readCheckpoint(shipped.jws)?.iat;
  // The acknowledgement of the sink in the database was corrected when the loss was accepted.
  if (losses.length === 0 || at === undefined) return { ...end, state: 'restored' };
  const after = await lastInCommon();
  return { ...end, state: isGivenUp(losses, { after, at }, row.last) ? 'lost' : 'restored' };
}

/** The acknowledgement of a sink in the database is only a hash; a file could come from anyone. */
async function isOurs(keyRing: KeyRing, { jws }: AcknowledgedCheckpoint): Promise<boolean> {
  if (jws === undefined) return true;
  const parsed = parseCheckpoint(jws);
  if (parsed === undefined) return false;
  const key = await keyRing.publicKeyOfAnyone(parsed.kid);
  return key !== undefined && isSignedBy(key, parsed);
}

/** @returns the highest number of these checkpoints that the trail has, the same ones; undefined when it has none */
export async function lastInTrail(
  database: Pick<DataSource, 'query'>,
  checkpoints: readonly AcknowledgedCheckpoint[],
): Promise<number | undefined> {
  const rows = await database.query<{ number: number; jws: string }[]>(
    `SELECT audit_checkpoints.number::float8 AS number, ${jwsFrom('jws')} AS jws FROM audit_checkpoints
     WHERE audit_checkpoints.number = ANY ($1::bigint[]) ORDER BY audit_checkpoints.number DESC`,
    [checkpoints.map(({ number }) => number)],
  );
  const hashes = new Set(checkpoints.map(({ hash }) => hash));
  return rows.find(({ jws }) => hashes.has(checkpointHash(jws)))?.number;
}

/** Notes that the database was restored: from now on nothing is validated or changed until it is reconciled. */
export async function noteRestore(
  dataSource: Pick<DataSource, 'query'>,
  begunBy: string,
  reason: string,
): Promise<void> {
  await dataSource.query('INSERT INTO restores (begun_by, reason) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    begunBy,
    reason,
  ]);
}

/** Where the database's own chain ends. */
export async function readChainBase(database: Pick<DataSource, 'query'>): Promise<ChainBase> {
  const [last] = await database.query<{ jws: string; number: number }[]>(
    `SELECT audit_checkpoints.number::float8 AS number, ${jwsFrom('jws')} AS jws FROM audit_checkpoints
     ORDER BY audit_checkpoints.number DESC LIMIT 1`,
  );
  if (last === undefined) return { number: 0, hash: null, iat: 0 };
  const { number, jws } = last;
  return { number, hash: checkpointHash(jws), iat: readCheckpoint(jws)?.iat ?? 0 };
}
