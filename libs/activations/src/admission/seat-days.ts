import { PreparedStatement } from '@aegis/database';
import type { EntityManager } from 'typeorm';

interface SeatDay {
  now: Date;
  peak: number;
  admissions: number;
  refusals: number;
}

/** The seat rows of the licenses are locked, so that nobody waits here for anybody. */
const COUNT = new PreparedStatement(
  'seat-days',
  `INSERT INTO seat_days AS known (license_id, day, peak, admissions, refusals)
   SELECT license_id, (now AT TIME ZONE 'UTC')::date, peak, admissions, refusals
   FROM unnest($1::uuid[], $2::timestamptz[], $3::integer[], $4::integer[], $5::integer[])
        AS given (license_id, now, peak, admissions, refusals)
   ON CONFLICT (license_id, day) DO UPDATE
   SET peak = greatest(known.peak, excluded.peak), admissions = known.admissions + excluded.admissions,
       refusals = known.refusals + excluded.refusals`,
);

/** Counts for the statistics what one transaction decides, by license and day (UTC). */
export class SeatDays {
  private counted = new Map<string, SeatDay>();

  /** @param open activations without an end on record, with the one that was admitted */
  admitted(licenseId: string, now: Date, open: number): void {
    const day = this.dayOf(licenseId, now);
    day.admissions += 1;
    day.peak = Math.max(day.peak, open);
  }

  /** Of an applicant who found no room, or had no move left. */
  refused(licenseId: string, now: Date, open: number): void {
    const day = this.dayOf(licenseId, now);
    day.refusals += 1;
    day.peak = Math.max(day.peak, open);
  }

  /** Writes what was counted since the last time. */
  async flush(tx: EntityManager): Promise<void> {
    const days = [...this.counted];
    this.counted = new Map();
    if (days.length === 0) return;
    await COUNT.run(tx, [
      days.map(([licenseId]) => licenseId),
      days.map(([, { now }]) => now),
      days.map(([, { peak }]) => peak),
      days.map(([, { admissions }]) => admissions),
      days.map(([, { refusals }]) => refusals),
    ]);
  }

  /** One transaction has one clock. */
  private dayOf(licenseId: string, now: Date): SeatDay {
    const known = this.counted.get(licenseId);
    if (known) return known;
    const day = { now, peak: 0, admissions: 0, refusals: 0 };
    this.counted.set(licenseId, day);
    return day;
  }
}
