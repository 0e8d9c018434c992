import { PreparedStatement } from '@aegis/database';
import type { EntityManager } from 'typeorm';
import type { SeatHolder } from '../activations.errors';
import { MOVES_WINDOW_MS } from './decide-seat';

/** What is on record of a fingerprint that asks. */
export interface KnownFingerprint {
  /** Its activation without an end on record. */
  readonly own: { readonly id: string; readonly leaseEndsAt: Date | null } | null;
  readonly isReturning: boolean;
}

/** An activation that lost its seat. */
export interface EndedSeat {
  readonly id: string;
  readonly fp: Buffer;
  readonly endedAt: Date;
}

/** Lapses that one transaction puts on record; what is left is found by the next one. */
const MOST_LAPSES = 1_000;
const MOST_HOLDERS = 20;
/** Of so many the holders are chosen: a refusal must not read 100,000 rows. */
const HOLDERS_LOOKED_AT = 1_000;

const KNOWN = new PreparedStatement<{
  id: string | null;
  lease_ends_at: Date | null;
  is_returning: boolean;
}>(
  'activations-known',
  `SELECT a.id, a.lease_ends_at,
          EXISTS (SELECT FROM activations AS earlier
                  WHERE earlier.license_id = asked.license_id AND earlier.fp = asked.fp
                    AND earlier.admitted_at > clock_timestamp() - $3 * interval '1 millisecond') AS is_returning
   FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS asked (license_id, fp, position)
   LEFT JOIN activations AS a ON a.license_id = asked.license_id AND a.fp = asked.fp AND a.ended_at IS NULL
   ORDER BY asked.position`,
);

// The condition is on the updated row: PostgreSQL checks it again after it has waited for a heartbeat.
const LAPSED = `a.ended_at IS NULL AND a.lease_ends_at <= $2`;
const LAPSE = `UPDATE activations AS a SET ended_at = a.lease_ends_at, ended_by = 'lease'`;

const LAPSE_ONE = new PreparedStatement<{ id: string; fp: Buffer; ended_at: Date }>(
  'activations-lapse-one',
  `${LAPSE} WHERE a.id = $1 AND ${LAPSED} RETURNING a.id, a.fp, a.ended_at`,
);

const LAPSE_SOME = new PreparedStatement<{ id: string; license_id: string; fp: Buffer; ended_at: Date }>(
  'activations-lapse-some',
  `${LAPSE} WHERE a.id = ANY($1) AND a.license_id = ANY($3) AND ${LAPSED}
   RETURNING a.id, a.license_id, a.fp, a.ended_at`,
);

const LAPSE_ALL = new PreparedStatement<{ id: string; fp: Buffer; ended_at: Date }>(
  'activations-lapse',
  `${LAPSE}
   WHERE a.id = ANY (ARRAY(SELECT id FROM activations
                           WHERE license_id = $1 AND ended_at IS NULL AND lease_ends_at <= $2 LIMIT ${MOST_LAPSES}))
     AND ${LAPSED}
   RETURNING a.id, a.fp, a.ended_at`,
);

const FIRST_LAPSE = new PreparedStatement<{ first: Date | null }>(
  'activations-first-lapse',
  `SELECT min(lease_ends_at) AS first FROM activations WHERE license_id = $1 AND ended_at IS NULL`,
);

const NEWCOMERS = new PreparedStatement<{ count: number; first: Date | null }>(
  'activations-newcomers',
  `SELECT count(*)::integer AS count, min(latest) AS first
   FROM (SELECT max(admitted_at) AS latest FROM activations
         WHERE license_id = $1 AND admitted_at > $2 GROUP BY fp) AS fingerprints`,
);

/** Live, and not held by an offline file. */
const WITHIN_REACH = `ended_at IS NULL AND (lease_ends_at IS NULL OR lease_ends_at > $2)
  AND (offline_until IS NULL OR offline_until <= $2)`;

const VICTIM = new PreparedStatement<{ id: string; fp: Buffer }>(
  'activations-victim',
  `SELECT id, fp FROM activations WHERE license_id = $1 AND ${WITHIN_REACH} AND ($3::uuid IS NULL OR id = $3)
   ORDER BY last_seen_at, id LIMIT 1`,
);

const HOLDERS = new PreparedStatement<SeatHolder>(
  'activations-holders',
  `SELECT id, name, last_seen_at
   FROM (SELECT id, name, last_seen_at FROM activations
         WHERE license_id = $1 AND ${WITHIN_REACH} LIMIT ${HOLDERS_LOOKED_AT}) AS holders
   ORDER BY last_seen_at, id LIMIT ${MOST_HOLDERS}`,
);

const OWN = new PreparedStatement<{ id: string; lease_ends_at: Date | null }>(
  'activations-own',
  `SELECT id, lease_ends_at FROM activations WHERE id = $1 AND ended_at IS NULL`,
);

/**
 * What is on record of fingerprints, each of one license.
 * @param asked digests, in any number
 * @returns in the same order
 */
export async function knownFingerprints(
  tx: EntityManager,
  asked: readonly { readonly licenseId: string; readonly fp: Buffer }[],
): Promise<KnownFingerprint[]> {
  const rows = await KNOWN.run(tx, [
    asked.map(({ licenseId }) => licenseId),
    asked.map(({ fp }) => fp),
    MOVES_WINDOW_MS,
  ]);
  return rows.map(({ id, lease_ends_at, is_returning }) => ({
    own: id === null ? null : { id, leaseEndsAt: lease_ends_at },
    isReturning: is_returning,
  }));
}

/**
 * Ends an activation whose lease is over.
 * @param now read under the lock of the seat row
 * @returns null where it has been renewed meanwhile, or has ended
 */
export async function lapseOne(tx: EntityManager, id: string, now: Date): Promise<EndedSeat | null> {
  const [row] = await LAPSE_ONE.run(tx, [id, now]);
  return row ? { id: row.id, fp: row.fp, endedAt: row.ended_at } : null;
}

/**
 * Ends those activations whose leases are over.
 * @param licenseIds whose seat rows are locked; activations of others stay
 * @param now read under these locks
 */
export async function lapseSome(
  tx: EntityManager,
  ids: readonly string[],
  licenseIds: readonly string[],
  now: Date,
): Promise<(EndedSeat & { licenseId: string })[]> {
  const rows = await LAPSE_SOME.run(tx, [ids, now, licenseIds]);
  return rows.map(({ id, license_id, fp, ended_at }) => ({
    ...{ id, fp, endedAt: ended_at },
    licenseId: license_id,
  }));
}

/**
 * Ends activations of a license whose leases are over: at most 1,000, so that the transaction stays short.
 * @returns them, and the earliest end of the leases that are left
 */
export async function lapseAll(
  tx: EntityManager,
  licenseId: string,
  now: Date,
): Promise<{ ended: EndedSeat[]; noLapseBefore: Date | null }> {
  const rows = await LAPSE_ALL.run(tx, [licenseId, now]);
  const [left] = await FIRST_LAPSE.run(tx, [licenseId]);
  return {
    ended: rows.map(({ id, fp, ended_at }) => ({ id, fp, endedAt: ended_at })),
    noLapseBefore: left?.first ?? null,
  };
}

/** Counts the fingerprints of the last 30 days, and says when there are fewer of them. */
export async function countNewcomers(
  tx: EntityManager,
  licenseId: string,
  now: Date,
): Promise<{ newcomers: number; newcomersFewerAt: Date | null }> {
  const [row] = await NEWCOMERS.run(tx, [licenseId, new Date(now.getTime() - MOVES_WINDOW_MS)]);
  return {
    newcomers: row?.count ?? 0,
    newcomersFewerAt: row?.first ? new Date(row.first.getTime() + MOVES_WINDOW_MS) : null,
  };
}

/** @param wanted an id, or `oldest`: the one that was least recently seen */
export async function findVictim(
  tx: EntityManager,
  licenseId: string,
  wanted: string,
  now: Date,
): Promise<{ id: string; fp: Buffer } | null> {
  const [row] = await VICTIM.run(tx, [licenseId, now, wanted === 'oldest' ? null : wanted]);
  return row ?? null;
}

/** Those that could be taken over, the least recently seen first: at most 20, of 1,000 that are looked at. */
export function seatHolders(tx: EntityManager, licenseId: string, now: Date): Promise<SeatHolder[]> {
  return HOLDERS.run(tx, [licenseId, now]);
}

/** Reads an activation again. @returns null where it has ended */
export async function readOwn(tx: EntityManager, id: string): Promise<KnownFingerprint['own']> {
  const [row] = await OWN.run(tx, [id]);
  return row ? { id: row.id, leaseEndsAt: row.lease_ends_at } : null;
}
