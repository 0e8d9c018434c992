import { endActivations, forgetNames, type SeatTerms, SeatTermsStore } from '@aegis/activations';
import type { EntityManager } from 'typeorm';
import type { ReplayedRecord } from './record-data';

const SEATS = new SeatTermsStore();
/** As the reissue wrote it. */
const NO_LONGER_COUNTED = 'seats are no longer counted';

/** Puts the seats of a license on record that a record issued or imported. */
export async function createSeats(tx: EntityManager, id: string, seats: SeatTerms | null): Promise<void> {
  if (seats !== null) await SEATS.add(tx, [{ id, seats }]);
}

/**
 * Gives a license the seats of a record that renewed or reissued it. A record without any changes them only where it
 * says so: servers of the previous version renew licenses without a word of their seats.
 */
export async function replaceSeats(tx: EntityManager, id: string, { data }: ReplayedRecord): Promise<void> {
  const seats = data.seats('seats');
  if (seats !== null) await SEATS.write(tx, { id, seats });
  else if (data.textsOrNone('fields').includes('seats')) {
    await endActivations(tx, [id], { by: 'ended', reason: NO_LONGER_COUNTED });
    await SEATS.clear(tx, id);
  }
}

/**
 * Repeats a change of the numbers of seats.
 * @returns whether there is such a license
 */
export async function changeSeats(
  tx: EntityManager,
  { licenseId, at, data }: ReplayedRecord,
): Promise<boolean> {
  const [rows] = await tx.query<[{ id: string }[], number]>(
    'UPDATE licenses SET version = version + 1, updated_at = $2 WHERE id = $1 RETURNING id',
    [licenseId, at],
  );
  const seats = data.seats('after');
  for (const { id } of rows) if (seats !== null) await SEATS.write(tx, { id, seats });
  return rows.length > 0;
}

/** The activations of a customer's licenses end with its removal, and lose their names. */
export async function emptySeatsOf(tx: EntityManager, customerId: string): Promise<void> {
  // In the words of the index licenses_by_lower_customer.
  const licenses = await tx.query<{ id: string }[]>(
    `SELECT l.id FROM licenses AS l JOIN license_seats AS s ON s.license_id = l.id
     WHERE lower(l.customer_id COLLATE "C") = lower($1 COLLATE "C") AND l.customer_id = $1`,
    [customerId],
  );
  const ids = licenses.map(({ id }) => id);
  await endActivations(tx, ids, { by: 'customer_removed', reason: null });
  await forgetNames(tx, ids);
}
