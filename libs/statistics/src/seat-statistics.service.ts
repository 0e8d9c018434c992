import { readUpToDate } from '@aegis/replicas';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** What admissions decided on one day (UTC). */
export interface SeatDayCounts {
  /** YYYY-MM-DD. */
  day: string;
  /**
   * The most seats that were taken when somebody was admitted or refused; of several licenses, that of the one with the
   * most. A seat whose lease was over counts until somebody needed it.
   */
  peak: number;
  admissions: number;
  /** For want of a seat, or of a move. */
  refusals: number;
}

/** Seats at one moment, and on the days before. */
export interface SeatStatistics {
  license_id: string | null;
  /** Installations that hold a seat. */
  live: number;
  /** Those among them that were admitted beyond `max`. */
  over: number;
  /** The last 30 with an admission or a refusal, the latest first. */
  days: SeatDayCounts[];
  generated_at: Date;
}

const DAYS_SHOWN = 30;

/** @param ofLicense SQL of a condition on the license */
function statement(ofLicense: string): string {
  return `
  SELECT $1::uuid AS license_id, counted.live, counted.over, coalesce(days.days, '[]') AS days,
         date_trunc('milliseconds', statement_timestamp()) AS generated_at
  FROM (SELECT count(*)::float8 AS live, count(*) FILTER (WHERE over)::float8 AS over FROM activations
        WHERE ended_at IS NULL AND (lease_ends_at IS NULL OR lease_ends_at > statement_timestamp())
          AND ${ofLicense}) AS counted,
       (SELECT json_agg(json_build_object('day', day, 'peak', peak, 'admissions', admissions, 'refusals', refusals)
                        ORDER BY day DESC) AS days
        FROM (SELECT day, max(peak) AS peak, sum(admissions) AS admissions, sum(refusals) AS refusals FROM seat_days
              WHERE day > (statement_timestamp() AT TIME ZONE 'UTC')::date - ${DAYS_SHOWN} AND ${ofLicense}
              GROUP BY day) AS by_day) AS days`;
}

const OF_LICENSE = statement('license_id = $1');
const OF_ALL = statement('$1::uuid IS NULL');

/** Counts seats. */
@Injectable()
export class SeatStatisticsService {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Counts who holds a seat now, which reads each activation that has not ended, and adds up the last 30 days. A read replica
   * answers, if it has all that was committed before the call.
   * @param licenseId of one license; null: all of them
   */
  async read(licenseId: string | null): Promise<SeatStatistics> {
    const [counted] = await readUpToDate(this.dataSource, (on) =>
      on.query<SeatStatistics[]>(licenseId === null ? OF_ALL : OF_LICENSE, [licenseId]),
    );
    if (!counted) throw new Error('the database did not count');
    return counted;
  }
}
