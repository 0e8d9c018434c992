import { lockRow, PreparedStatement } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { LicenseSeats } from './license-seats.entity';
import { SEAT_FIELDS, type SeatTerms, termsOf } from './seat-terms';

/** A license and its seats. */
export interface SeatedLicense {
  id: string;
  seats: SeatTerms;
}

const COLUMNS = SEAT_FIELDS.join(', ');

const INSERT = new PreparedStatement(
  'license-seats-insert',
  `INSERT INTO license_seats (license_id, ${COLUMNS})
   SELECT license_id, ${COLUMNS} FROM jsonb_populate_recordset(NULL::license_seats, $1::jsonb)`,
);

/** Seats that are counted again have the fence that they had: it never becomes smaller. */
const WRITE = `
  INSERT INTO license_seats (license_id, ${COLUMNS})
  SELECT license_id, ${COLUMNS} FROM jsonb_populate_recordset(NULL::license_seats, $1::jsonb)
  ON CONFLICT (license_id) DO UPDATE SET counted = true, ${SEAT_FIELDS.map((name) => `${name} = excluded.${name}`).join(', ')}`;

/**
 * SQL of the seats of a license as JSON, with the fields in the order of answers; null where they are not counted.
 * @param license alias of its row
 */
export function seatsSql(license: string): string {
  const members = SEAT_FIELDS.map((name) => `'${name}', seats.${name}`).join(', ');
  return `(SELECT json_build_object(${members}) FROM license_seats AS seats
           WHERE seats.license_id = ${license}.id AND seats.counted)`;
}

/** Writes how many seats licenses have. Before a change, the license is locked. */
@Injectable()
export class SeatTermsStore {
  /** Puts the seats of new licenses on record, in the transaction that the licenses are written in. */
  async add(tx: EntityManager, licenses: readonly SeatedLicense[]): Promise<void> {
    await INSERT.run(tx, [rows(licenses)]);
  }

  /**
   * Locks the seats of a license against admissions until the transaction ends.
   * @returns null where they are not counted
   */
  async take(tx: EntityManager, licenseId: string): Promise<SeatTerms | null> {
    const seats = await lockRow(tx, LicenseSeats, { license_id: licenseId });
    return seats?.counted === true ? termsOf(seats) : null;
  }

  /**
   * Writes the seats of a license, which are counted from now on. Activations keep the mode that they were admitted in,
   * and none ends.
   */
  async write(tx: EntityManager, license: SeatedLicense): Promise<void> {
    await tx.query(WRITE, [rows([license])]);
  }

  /** Seats of the license are no longer counted; `endActivations` ends who is in them. */
  async clear(tx: EntityManager, licenseId: string): Promise<void> {
    await tx.query('UPDATE license_seats SET counted = false WHERE license_id = $1', [licenseId]);
  }
}

function rows(licenses: readonly SeatedLicense[]): string {
  return JSON.stringify(licenses.map(({ id, seats }) => ({ license_id: id, ...seats })));
}
