import {
  LICENSE_TYPES,
  type LicenseType,
  SERVER_VERDICT_CODES,
  type ServerVerdictCode,
} from '@aegis/license-token';
import { readUpToDate } from '@aegis/replicas';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { endsWithinSql, graceEndsWithinSql, type StoredStatus, ValidationCounts } from '@aegis/licensing';

/** Counts at one moment. */
export interface Statistics {
  customers: { total: number; active: number; inactive: number };
  licenses: {
    total: number;
    active: number;
    expired: number;
    suspended: number;
    revoked: number;
    by_type: Record<LicenseType, number>;
    /** Active ones that end within so many days; those in grace have ended. */
    expiring_7d: number;
    expiring_30d: number;
    expiring_90d: number;
  };
  validations: { last_24h: { total: number; valid: number; by_code: Record<ServerVerdictCode, number> } };
  audit_logs: { total: number };
  generated_at: Date;
}

/** Times, in days, within which licenses are counted that end. The longest one is the last. */
const SOON = { '7d': 7, '30d': 30, '90d': 90 } as const;
type Soon = keyof typeof SOON;
const TIMES = Object.keys(SOON) as Soon[];

interface CountedRows {
  /** Of each counter its sums over the days before today, and before the last one of each time. */
  counters: Partial<
    Record<string, { before_today: number | null } & Record<`before_${Soon}`, number | null>>
  > | null;
  /** Active ones whose end was today; without grace they have expired. */
  ended_today: number;
  ended_today_without_grace: number;
  /** Active ones whose grace ended today. */
  grace_ended_today: number;
  /** Of each time, those that end on its last day, within it. */
  ending_on_last_day: Record<Soon, number>;
}

interface Counted extends CountedRows {
  by_code: Partial<Record<ServerVerdictCode, number>> | null;
  generated_at: Date;
}

const STATUSES: readonly StoredStatus[] = ['active', 'suspended', 'revoked'];

@Injectable()
export class StatisticsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly validationCounts: ValidationCounts,
  ) {}

  /**
   * All counts of one snapshot: exact, except for other processes' last second of validations. Reads no large table:
   * counts are kept as rows change, and only licenses that end today, with their grace or without, or on the last of 7, 30 or
   * 90 days, are looked at. A read replica answers, if it has all that was committed before the call.
   * @param at decides what has expired; now, by the database's clock, unless given
   */
  async read(at?: Date): Promise<Statistics> {
    await this.validationCounts.flush();
    const [counted] = await readUpToDate(this.dataSource, (on) =>
      on.query<Counted[]>(STATEMENT, [at ?? null, SERVER_VERDICT_CODES]),
    );
    if (!counted) throw new Error('the database did not count');
    return {
      ...rowCounts(counted),
      validations: { last_24h: validations(counted.by_code ?? {}) },
      generated_at: counted.generated_at,
    };
  }

  /** Counts of licenses now, of one snapshot, without the rest. */
  async licenses(): Promise<Statistics['licenses']> {
    const [counted] = await this.dataSource.query<CountedRows[]>(`SELECT ${ROW_COUNTS}`, [null]);
    if (!counted) throw new Error('the database did not count');
    return rowCounts(counted).licenses;
  }
}

type RowCounts = Pick<Statistics, 'customers' | 'licenses' | 'audit_logs'>;

function rowCounts(counted: CountedRows): RowCounts {
  const total = (counter: string): number => counted.counters?.[counter]?.before_90d ?? 0;
  const beforeToday = (counter: string): number => counted.counters?.[counter]?.before_today ?? 0;
  const ofType = (type: LicenseType): number =>
    sum(STATUSES.map((status) => total(`licenses.${type}.${status}`)));
  const ofStatus = (status: StoredStatus): number =>
    sum(LICENSE_TYPES.map((type) => total(`licenses.${type}.${status}`)));

  const ended = beforeToday('licenses.ending');
  const inGrace = beforeToday('licenses.grace_begins') - beforeToday('licenses.grace_ends');
  const expired = ended - inGrace + counted.ended_today_without_grace + counted.grace_ended_today;
  const expiring = (time: Soon): number =>
    (counted.counters?.['licenses.ending']?.[`before_${time}`] ?? 0) +
    counted.ending_on_last_day[time] -
    ended -
    counted.ended_today;
  const active = total('customers.active');
  const inactive = total('customers.inactive');
  return {
    customers: { total: active + inactive, active, inactive },
    licenses: {
      total: sum(LICENSE_TYPES.map(ofType)),
      active: ofStatus('active') - expired,
      expired,
      suspended: ofStatus('suspended'),
      revoked: ofStatus('revoked'),
      by_type: { perpetual: ofType('perpetual'), subscription: ofType('subscription'), demo: ofType('demo') },
      expiring_7d: expiring('7d'),
      expiring_30d: expiring('30d'),
      expiring_90d: expiring('90d'),
    },
    audit_logs: { total: total('audit_logs') },
  };
}

function validations(
  counts: Partial<Record<ServerVerdictCode, number>>,
): Statistics['validations']['last_24h'] {
  const byCode = Object.fromEntries(SERVER_VERDICT_CODES.map((code) => [code, counts[code] ?? 0])) as Record<
    ServerVerdictCode,
    number
  >;
  return { total: sum(Object.values(byCode)), valid: byCode.VALID, by_code: byCode };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

// Conditions are written out, not taken from a subquery: so the planner sees how few rows they leave.
const NOW = 'coalesce($1::timestamptz, statement_timestamp())';
/** Of days as the verdicts' warning counts them, whatever the session's time zone does meanwhile. */
const endOf = (time: Soon): string => `(${NOW} + interval '${24 * SOON[time]} hours')`;
const dayOf = (moment: string): string => `(${moment} AT TIME ZONE 'UTC')::date`;

const startOfDay = (moment: string): string => `date_trunc('day', ${moment}, 'UTC')`;

/** Active licenses that end on the day of `moment`, up to and with that. */
const endingOnDayOf = (moment: string): string => `
  (SELECT count(*)::integer FROM licenses WHERE ${endsWithinSql('licenses', startOfDay(moment), moment)})`;
const endedTodayWithoutGrace = `
  (SELECT count(*)::integer FROM licenses
   WHERE ${endsWithinSql('licenses', startOfDay(NOW), NOW)} AND grace_days = 0)`;
const graceEndedToday = `
  (SELECT count(*)::integer FROM licenses WHERE ${graceEndsWithinSql('licenses', startOfDay(NOW), NOW)})`;

const beforeEnd = (time: Soon): string => `'before_${time}', before_${time}`;
const SUMS_BEFORE_ENDS = TIMES.map(
  (time) => `sum(count) FILTER (WHERE day < ${dayOf(endOf(time))}) AS before_${time}`,
).join(', ');
const ENDING_ON_LAST_DAYS = TIMES.map((time) => `'${time}', ${endingOnDayOf(endOf(time))}`).join(', ');

const ROW_COUNTS = `
    (SELECT json_object_agg(counter, json_build_object('before_today', before_today, ${TIMES.map(beforeEnd).join(', ')}))
     FROM (SELECT counter, sum(count) FILTER (WHERE day < ${dayOf(NOW)}) AS before_today,
                  ${SUMS_BEFORE_ENDS}
           FROM (SELECT day, counter, count FROM statistics_counts
                 UNION ALL
                 SELECT day, counter, delta FROM statistics_deltas) AS known
           WHERE day < ${dayOf(endOf('90d'))} GROUP BY counter) AS summed) AS counters,
    ${endingOnDayOf(NOW)} AS ended_today,
    ${endedTodayWithoutGrace} AS ended_today_without_grace,
    ${graceEndedToday} AS grace_ended_today,
    json_build_object(${ENDING_ON_LAST_DAYS}) AS ending_on_last_day`;

const STATEMENT = `
  SELECT ${ROW_COUNTS},
    (SELECT json_object_agg(code, count)
     FROM (SELECT code, sum(count) AS count FROM validation_counts
           WHERE minute > statement_timestamp() - interval '24 hours' AND minute <= statement_timestamp()
             AND code = ANY ($2::text[]) GROUP BY code) AS v) AS by_code,
    date_trunc('milliseconds', ${NOW}) AS generated_at`;
