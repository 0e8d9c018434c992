import { type AuditLog } from '@aegis/audit';
import { sentTogether } from '@aegis/database';
import type { ActivationPlaces } from '@aegis/status-lists';
import type { EntityManager } from 'typeorm';
import type { ActivationRow } from '../activation-rows';
import { readSeatsById } from './end-seat';
import { lockFreeSeats, readCountedSeats } from './seat-accounts';
import { lapseSome } from './seat-look-ups';
import type { SeatAct } from './seat-applicant';
import { SeatRound } from './seat-round';
import { SeatWrites } from './seat-writes';

/** An activation whose lease may be over. */
export interface Lapse {
  readonly act: SeatAct;
  readonly id: string;
}

/**
 * Puts the lapses of activations of any licenses on record, in one transaction: after an outage, all leases are over at once.
 * @returns the rows in the same order, as they are now; null where the license has no such activation, undefined where
 * somebody else has locked its seats
 */
export async function lapseTogether(
  tx: EntityManager,
  lapses: readonly Lapse[],
  audit: AuditLog,
  places: ActivationPlaces,
): Promise<(ActivationRow | null | undefined)[]> {
  const licenseIds = [...new Set(lapses.map(({ act }) => act.subject.licenseId))];
  // Sent together, in this order: what is read is read after the locks were taken.
  const [free, { now, seats }] = await sentTogether(
    lockFreeSeats(tx, licenseIds),
    readCountedSeats(tx, licenseIds),
  );
  const ids = lapses.flatMap(({ act, id }) => (free.has(act.subject.licenseId) ? [id] : []));
  const writes = new SeatWrites(tx, audit, places);
  const acts = new Map(lapses.map(({ act, id }) => [id, act]));
  const rounds = new Map<string, SeatRound>();
  for (const [licenseId, counted] of seats)
    rounds.set(licenseId, new SeatRound(tx, licenseId, counted, now, writes));
  for (const ended of await lapseSome(tx, ids, licenseIds, now)) {
    const act = acts.get(ended.id);
    if (act) rounds.get(ended.licenseId)?.noteLapses(act, [ended]);
  }
  await writes.finish();
  const rows = new Map((await readSeatsById(tx, ids)).map((row) => [row.id, row]));
  return lapses.map(({ act: { subject }, id }) => {
    if (!free.has(subject.licenseId)) return undefined;
    const row = rows.get(id);
    return row?.license_id === subject.licenseId ? row : null;
  });
}
