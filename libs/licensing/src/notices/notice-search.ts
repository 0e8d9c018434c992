import type { LicenseType } from '@aegis/license-token';
import type { DataSource } from 'typeorm';
import { endSql, graceEndSql, storedActiveSql } from '../state/license-status';
import { EXPIRED, IN_GRACE, type NoticeNumber } from './notice';

/** The time whose notices are due: those of moments after `from`, up to `until`. */
export interface NoticeWindow {
  from: Date;
  until: Date;
}

/** Which licenses a notice is due of. */
export interface NoticeSearch {
  number: NoticeNumber;
  /** SQL of the moment that an index has, in its order: an end of a row `l` of `licenses`. */
  indexed: string;
  /** Days of 24 hours from the moment of the notice to that one. */
  days: number;
  /** The same of the notice that follows: once its moment has come, this one is no longer due. None unless given. */
  next?: number;
  /** SQL condition on `l` that the index has itself. */
  indexHas?: string;
  /** SQL condition on `l`; `$2` is the end of the window. */
  where?: string;
  /** Of licenses of these types; of all unless given. */
  types?: readonly LicenseType[];
}

/** A license that a notice is due of, as it was read. */
export interface NoticeCandidate {
  id: string;
  expires_at: Date;
  grace_days: number;
}

/** Where a search continues: after this license. */
export interface NoticePlace {
  id: string;
  indexed: Date;
}

/** What a part of a search found. */
export interface FoundNotices {
  candidates: NoticeCandidate[];
  /** Undefined where there is no more to look through. */
  next: NoticePlace | undefined;
}

const END = endSql('l');
const GRACE_END = graceEndSql('l');
const DAY = `interval '24 hours'`;

/**
 * The searches that find every notice which is due.
 * @param daysOf at how many days before its end a license of a type is noticed, in falling order; a type that is absent
 * has no end
 */
export function noticeSearches(daysOf: ReadonlyMap<LicenseType, readonly number[]>): NoticeSearch[] {
  const searches = new Map<string, NoticeSearch & { types: LicenseType[] }>();
  for (const [type, list] of daysOf)
    list.forEach((days, index) => {
      const next = list[index + 1] ?? 0;
      // Types with the same next notice are searched together.
      const known = searches.get(`${days} ${next}`);
      if (known) known.types.push(type);
      else searches.set(`${days} ${next}`, { number: days, indexed: END, days, next, types: [type] });
    });
  return [
    ...searches.values(),
    { number: IN_GRACE, indexed: END, days: 0, where: `l.grace_days > 0 AND ${GRACE_END} > $2` },
    { number: EXPIRED, indexed: END, days: 0, where: 'l.grace_days = 0' },
    { number: EXPIRED, indexed: GRACE_END, days: 0, indexHas: 'l.grace_days > 0' },
  ];
}

/**
 * Finds licenses that a notice is due of, as far as can be said without their locks: active ones whose moment is in the
 * window, and was still ahead when they got their present end, by issue, import or renewal, or were reinstated. However
 * many end at the same moment, a statement looks through few of them: all may have been noticed already.
 * @param after where the search came to before
 * @param most licenses that are looked through at most
 */
export async function findNotices(
  dataSource: DataSource,
  { number, indexed, days, next, indexHas = 'true', where = 'true', types }: NoticeSearch,
  { from, until }: NoticeWindow,
  after: NoticePlace | undefined,
  most: number,
): Promise<FoundNotices> {
  const rows = await dataSource.query<
    (NoticeCandidate & NoticePlace & { is_due: boolean; is_last: boolean })[]
  >(
    `SELECT id, expires_at, grace_days, indexed, is_due, is_last FROM (
       SELECT l.id, l.expires_at, l.grace_days, l.indexed, l.place = $9 AS is_last, ${where}
              AND ${storedActiveSql('l')} AND ($7::text[] IS NULL OR l.license_type = ANY($7::text[]))
              AND coalesce(n.silent_until, l.created_at) < l.indexed - $3::integer * ${DAY}
              AND NOT coalesce(n.given <= $8::integer AND n.expires_at = l.expires_at, false) AS is_due
       FROM (
         SELECT l.id, l.expires_at, l.grace_days, l.status, l.license_type, l.created_at, ${indexed} AS indexed,
                row_number() OVER (ORDER BY ${indexed}, l.id) AS place
         FROM licenses AS l
         WHERE ${indexed} > $1::timestamptz + $3::integer * ${DAY} AND ${indexed} <= $2::timestamptz + $3::integer * ${DAY}
           AND ($4::integer IS NULL OR ${indexed} > $2::timestamptz + $4::integer * ${DAY}) AND ${indexHas}
           AND ($5::timestamptz IS NULL OR (${indexed}, l.id) > ($5::timestamptz, $6::uuid))
         ORDER BY ${indexed}, l.id LIMIT $9) AS l
       LEFT JOIN expiry_notices AS n ON n.license_id = l.id) AS looked_through
     WHERE is_due OR is_last`,
    [from, until, days, next ?? null, after?.indexed ?? null, after?.id ?? null, types ?? null, number, most],
  );
  return { candidates: rows.filter((row) => row.is_due), next: rows.find((row) => row.is_last) };
}
