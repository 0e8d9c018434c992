import { AuditLog } from '@aegis/audit';
import { Environment, expiryNoticeDays } from '@aegis/config';
import { lockByIdSql, transaction } from '@aegis/database';
import { Jobs } from '@aegis/jobs';
import type { LicenseType } from '@aegis/license-token';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { giveNotice, type NoticedLicense, type NoticeNumber } from './notice';
import {
  findNotices,
  type NoticeCandidate,
  type NoticePlace,
  type NoticeSearch,
  noticeSearches,
  type NoticeWindow,
} from './notice-search';

const PAUSE_MS = 15_000;
const JITTER_MS = 5_000;
/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const NOTICE_LOCK = '4702394921427289950';
/** Licenses that a statement looks through, and a transaction notices: short ones hold nobody up. */
const BATCH = 500;
/** Types of licenses that have an end. */
const TYPES_WITH_END = ['subscription', 'demo'] as const satisfies readonly LicenseType[];

const LOCK = lockByIdSql({
  columns: 'id, customer_id, module_name, expires_at, grace_days',
  table: 'licenses',
  strength: 'SHARE',
  where: `status = 'active'`,
});

/**
 * Gives notice of licenses that are about to end, are in grace or have expired, each once per term: docs/adr/0059. Every
 * replica runs it; the database lets one write at a time.
 */
@Injectable()
export class ExpiryNotices {
  private readonly searches: readonly NoticeSearch[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    environment: Environment,
    jobs: Jobs,
  ) {
    this.searches = noticeSearches(
      new Map(TYPES_WITH_END.map((type) => [type, expiryNoticeDays(environment, type)])),
    );
    jobs.add({
      name: 'expiry-notices',
      pauseMs: PAUSE_MS,
      jitterMs: JITTER_MS,
      failure: 'notices of the end of licenses could not be given; they are given later',
      run: (goesOn) => this.run(goesOn),
    });
  }

  /**
   * Gives every notice that is due now, by the database's clock.
   * @param goesOn whether to give more, asked before each batch
   * @returns how many were given
   */
  async run(goesOn: () => boolean): Promise<number> {
    const window = await this.window();
    let given = 0;
    for (const search of this.searches) {
      let after: NoticePlace | undefined;
      do {
        if (!goesOn()) return given;
        const { candidates, next } = await findNotices(this.dataSource, search, window, after, BATCH);
        const inBatch = candidates.length === 0 ? 0 : await this.give(search.number, candidates);
        // Another replica is at work: what it leaves is still due in the next run.
        if (inBatch === undefined) return given;
        given += inBatch;
        after = next;
      } while (after !== undefined);
    }
    await this.dataSource.query(
      `UPDATE expiry_notice_progress
       SET done_until = CASE WHEN done_until > clock_timestamp() THEN $1 ELSE greatest(done_until, $1) END`,
      [window.until],
    );
    return given;
  }

  /**
   * From the end of what was searched so far. It overlaps with that: a license whose transaction was open meanwhile is
   * found by the next search, and a notice that was given is not given again. What was searched while the clock was ahead
   * does not count.
   */
  private async window(): Promise<NoticeWindow> {
    const [window] = await this.dataSource.query<NoticeWindow[]>(
      `SELECT CASE WHEN greatest(begun_at, done_until) > until THEN until - interval '10 minutes'
                   ELSE greatest(begun_at, done_until - interval '10 minutes') END AS from, until
       FROM expiry_notice_progress, date_trunc('milliseconds', clock_timestamp()) AS until`,
    );
    if (window === undefined) throw new Error('expiry_notice_progress must have its row');
    return window;
  }

  /** @returns how many were given; undefined if another replica is giving notices right now */
  private give(number: NoticeNumber, found: readonly NoticeCandidate[]): Promise<number | undefined> {
    return transaction(this.dataSource, async (tx) => {
      if (!(await tryLock(tx))) return undefined;
      return giveNotice(tx, this.audit, number, await lockUnchanged(tx, found));
    });
  }
}

async function tryLock(tx: EntityManager): Promise<boolean> {
  const [row] = await tx.query<{ taken: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS taken', [
    NOTICE_LOCK,
  ]);
  return row?.taken === true;
}

/** Locks those that are still active and end when they did: another end has notices of its own. */
async function lockUnchanged(
  tx: EntityManager,
  found: readonly NoticeCandidate[],
): Promise<readonly NoticedLicense[]> {
  const read = new Map(found.map((license) => [license.id, license]));
  const locked = await tx.query<NoticedLicense[]>(LOCK, [[...read.keys()]]);
  return locked.filter(({ id, expires_at, grace_days }) => {
    const before = read.get(id);
    return before?.expires_at.getTime() === expires_at.getTime() && before.grace_days === grace_days;
  });
}
