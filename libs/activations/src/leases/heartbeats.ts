import {
  lockByIdSql,
  MicroBatch,
  PreparedStatement,
  sentTogether,
  sharedTransaction,
  sqlState,
  SqlState,
  transaction,
} from '@aegis/database';
import type { DataSource, EntityManager } from 'typeorm';
import {
  activationColumns,
  type HeldRow,
  lastsSecondsSql,
  renewedLeaseSql,
  tokenEndSql,
} from '../activation-rows';
import { ActivationBusy } from '../activations.errors';

/** A heartbeat of an installation that has proven that the activation is its own. */
export interface Heartbeat {
  readonly activationId: string;
  /** Whether a token is given out for it. */
  readonly withToken: boolean;
  /** For how long the license gives a lease now. */
  readonly leaseSeconds: number;
  /** For how many days the license gives a fixed activation a token now. */
  readonly offlineDays: number;
}

/** The row of the heartbeat; null where it must be tried alone, or where the activation has ended. */
type Beat = HeldRow | null;

const ACTIVATIONS = { columns: 'id', table: 'activations', strength: 'NO KEY UPDATE' } as const;

const LEASE = renewedLeaseSql('a', 'beat.now', 'beat.lease_seconds');

/**
 * SQL that renews leases. The clock is read once for each row, when its lock is held: whatever was waited for, no lease
 * that is over is renewed. No column is changed that an index has.
 * @param locked SQL of the ids of the rows, each of them locked when it is returned
 */
function renewSql(locked: string): string {
  return `
    WITH locked AS MATERIALIZED (${locked})
    UPDATE activations AS a
    SET last_seen_at = beat.now, lease_ends_at = ${LEASE},
        token_expires_at = CASE WHEN beat.with_token
          THEN greatest(a.token_expires_at, ${tokenEndSql('a', 'beat.now', LEASE, 'beat.offline_days')})
          ELSE a.token_expires_at END
    FROM (SELECT locked.id, clock.now, given.with_token, given.lease_seconds, given.offline_days
          FROM locked
          JOIN unnest($1::uuid[], $2::boolean[], $3::integer[], $4::integer[])
               AS given (id, with_token, lease_seconds, offline_days) ON given.id = locked.id
          CROSS JOIN LATERAL (SELECT date_trunc('milliseconds', clock_timestamp()) AS now
                              WHERE locked.id IS NOT NULL) AS clock) AS beat
    WHERE a.id = beat.id AND a.ended_at IS NULL AND (a.lease_ends_at IS NULL OR a.lease_ends_at > beat.now)
    RETURNING ${activationColumns('a')},
              ${tokenEndSql('a', 'beat.now', 'a.lease_ends_at', 'beat.offline_days')} AS token_ends_at,
              ${lastsSecondsSql('a', 'beat.lease_seconds', 'beat.offline_days')} AS lasts_seconds`;
}

const RENEW_FREE = new PreparedStatement<HeldRow>(
  'heartbeats',
  renewSql(lockByIdSql({ ...ACTIVATIONS, skipLocked: true })),
);

const LOCK = new PreparedStatement('heartbeat-lock', lockByIdSql(ACTIVATIONS));

/** A later statement than the one that waited for the lock: it sees what the other transaction left. */
const RENEW_LOCKED = new PreparedStatement<HeldRow>('heartbeat-alone', renewSql(lockByIdSql(ACTIVATIONS)));

const LIVE = new PreparedStatement<{ id: string }>(
  'heartbeats-live',
  `SELECT id FROM activations
   WHERE id = ANY($1) AND ended_at IS NULL AND (lease_ends_at IS NULL OR lease_ends_at > clock_timestamp())`,
);

/** Renews leases: those that arrive together in one statement, which waits for no row. Then those whose row was locked. */
export class Heartbeats {
  private readonly batch: MicroBatch<Heartbeat, Beat>;

  constructor(private readonly dataSource: DataSource) {
    this.batch = new MicroBatch((beats) => renewFree(dataSource, beats), {
      name: 'heartbeats',
      maxSize: 500,
      maxConcurrent: 2,
    });
  }

  /**
   * Renews a lease, durably.
   * @returns the row, as it is now; null where the activation has ended or its lease is over
   */
  async renew(beat: Heartbeat): Promise<HeldRow | null> {
    return (
      (await this.batch.add(beat)) ??
      (await sharedTransaction(this.dataSource, (tx) => renewLocked(tx, beat)))
    );
  }

  /**
   * Renews leases for the caller of a request, who is judged again in each transaction. What others have locked is waited
   * for, but the waiting is over for all of them when it had no success for one.
   * @param beats in any order, of any licenses
   * @returns the rows in the same order; null where the activation has ended or its lease is over
   * @throws CallerRefused, CallerNarrowed
   */
  async renewForCaller(beats: readonly Heartbeat[]): Promise<(HeldRow | ActivationBusy | null)[]> {
    const rows: (HeldRow | ActivationBusy | null)[] = await this.renewFreeForCaller(beats);
    const locked = await this.live(beats.filter((_, index) => rows[index] === null));
    let isWaiting = true;
    for (const [index, beat] of beats.entries()) {
      if (rows[index] !== null || !locked.has(beat.activationId)) continue;
      rows[index] = isWaiting ? await this.renewLockedForCaller(beat) : new ActivationBusy();
      isWaiting &&= !(rows[index] instanceof ActivationBusy);
    }
    return rows;
  }

  private renewFreeForCaller(beats: readonly Heartbeat[]): Promise<Beat[]> {
    return transaction(this.dataSource, (tx) => renewFree(tx, beats));
  }

  private async renewLockedForCaller(beat: Heartbeat): Promise<HeldRow | ActivationBusy | null> {
    try {
      return await transaction(this.dataSource, (tx) => renewLocked(tx, beat));
    } catch (error) {
      if (sqlState(error) !== SqlState.lockNotAvailable) throw error;
      return new ActivationBusy();
    }
  }

  /** @returns ids of those that have not ended and whose lease is not over */
  private async live(beats: readonly Heartbeat[]): Promise<ReadonlySet<string>> {
    if (beats.length === 0) return new Set();
    const rows = await LIVE.run(this.dataSource, [beats.map(({ activationId }) => activationId)]);
    return new Set(rows.map(({ id }) => id));
  }
}

async function renewFree(on: DataSource | EntityManager, beats: readonly Heartbeat[]): Promise<Beat[]> {
  return inOrder(beats, await RENEW_FREE.run(on, values(onePerActivation(beats))));
}

/** Its row was locked, or changed in the same moment: this waits for that. */
async function renewLocked(tx: EntityManager, beat: Heartbeat): Promise<HeldRow | null> {
  const [, rows] = await sentTogether(
    LOCK.run(tx, [[beat.activationId]]),
    RENEW_LOCKED.run(tx, values([beat])),
  );
  return rows[0] ?? null;
}

/** Of several heartbeats of one activation, one that brings a token. */
function onePerActivation(beats: readonly Heartbeat[]): Heartbeat[] {
  const chosen = new Map<string, Heartbeat>();
  for (const beat of beats)
    if (beat.withToken || !chosen.has(beat.activationId)) chosen.set(beat.activationId, beat);
  return [...chosen.values()];
}

function values(beats: readonly Heartbeat[]): unknown[] {
  return [
    beats.map(({ activationId }) => activationId),
    beats.map(({ withToken }) => withToken),
    beats.map(({ leaseSeconds }) => leaseSeconds),
    beats.map(({ offlineDays }) => offlineDays),
  ];
}

function inOrder(beats: readonly Heartbeat[], rows: readonly HeldRow[]): Beat[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return beats.map(({ activationId }) => byId.get(activationId) ?? null);
}
