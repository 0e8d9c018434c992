import { RestoreNotReconciled } from '@aegis/database';
import { runOutsideRequests } from '@aegis/logging';
import { DURATION_BUCKETS, type Histogram, Metrics } from '@aegis/metrics';
import { KeyRing } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import { type CompressedText, compressText } from './compressed-text';
import {
  type Content,
  LIFETIME_S,
  type SignedStatusList,
  StatusListIssuer,
  TTL_S,
} from './status-list-issuer';
import { MOST_LISTS } from './status-list-queries';
import { StatusListRecords, type Survey } from './status-list-records';
import { StatusListNotFound, type StatusListTooLarge, StatusListUnavailable } from './status-lists.errors';

/** A list is no longer served in the last hour of its life: a client could not keep it. */
const SERVED_FOR_MS = (LIFETIME_S - 3600) * 1000;
/**
 * A list that is known to have changed is not served for longer without the change: so long a client may have kept it
 * anyway, and behind a proxy another server may have a newer one.
 */
const SERVED_WITHOUT_CHANGE_MS = TTL_S * 1000;
/** Below it, reading the changes that are not folded costs nothing that could be measured. */
const FOLDED_FROM = 100;
/** Lists beyond `MOST_LISTS` that are kept because somebody asked for them, those asked for last. */
const MOST_ASKED = 100;

interface ServedList extends SignedStatusList {
  answer: CompressedText;
  /** Before it was read, by the process's clock. */
  madeAt: number;
  /** When a survey first showed a change that it does not say, by the process's clock. */
  changedAt?: number;
}

/**
 * The signed status lists as this process serves them, from memory. Lists are read one refresh after another, so what
 * replaces a list was always read later: a revocation that was served once is never taken back.
 */
@Injectable()
export class StatusLists {
  private readonly served = new Map<number, ServedList>();
  /** Numbers that somebody asked for since the last survey began. Anyone may ask for any. */
  private waiting = new Set<number>();
  /** Lists beyond `MOST_LISTS` that exist and somebody asked for, the last ones at the end. */
  private kept = new Set<number>();
  /** Lists that were asked for and exist, but are more than `MOST_ASKED`. */
  private excess: ReadonlySet<number> = new Set();
  private gap?: string;
  private tooLarge: ReadonlyMap<number, StatusListTooLarge> = new Map();
  private running: Promise<unknown> = Promise.resolve();
  private next?: Promise<void>;
  private readonly rebuilds: Histogram;

  constructor(
    private readonly issuer: StatusListIssuer,
    private readonly records: StatusListRecords,
    private readonly keyRing: KeyRing,
    metrics: Metrics,
  ) {
    const age = metrics.gauge({
      name: 'aegis_status_list_age_seconds',
      help: 'Age of the oldest status list that is served; 0 while no list is served.',
      collect: () => {
        age.set(this.ageOfOldest());
      },
    });
    this.rebuilds = metrics.histogram({
      name: 'aegis_status_list_rebuild_seconds',
      help: 'Time to read, compress and sign the status lists that were due at once.',
      buckets: DURATION_BUCKETS,
    });
  }

  /**
   * @throws StatusListNotFound, StatusListUnavailable, StatusListTooLarge; where the list is not in memory also what
   * the database or the signer throw
   */
  async find(list: number): Promise<CompressedText> {
    // A token is handed out as soon as it is on record, and its list may be asked for right then.
    if (!this.served.has(list)) {
      this.waiting.add(list);
      await this.refresh();
    } else if (this.kept.delete(list)) this.kept.add(list);
    const served = this.served.get(list);
    if (!served && this.excess.has(list)) throw new StatusListUnavailable(list);
    if (!served) throw this.tooLarge.get(list) ?? new StatusListNotFound(list);
    const now = performance.now();
    if (now - served.madeAt > SERVED_FOR_MS) throw new StatusListUnavailable(list);
    if (served.changedAt !== undefined && now - served.changedAt > SERVED_WITHOUT_CHANGE_MS)
      throw this.tooLarge.get(list) ?? new StatusListUnavailable(list);
    return served.answer;
  }

  /** What of the lists that exist the server alone does not write; undefined when there is nothing. */
  get irregularity(): string | undefined {
    return this.gap;
  }

  /** Why lists could not be rebuilt by the last refresh, though all others were: the signer does not take them. */
  get unsigned(): readonly StatusListTooLarge[] {
    return [...this.tooLarge.values()];
  }

  /**
   * Rebuilds the lists that have changed, are older than their ttl, or were not signed by the active key. Until then,
   * or if that fails, the last lists are served; those that have changed for `TTL_S` at most. Everything is read
   * after this call: callers that come while a refresh is running share the next one.
   */
  refresh(): Promise<void> {
    this.next ??= this.afterRunning();
    return this.next;
  }

  private async afterRunning(): Promise<void> {
    await this.running;
    this.next = undefined;
    const work = runOutsideRequests(() => this.refreshNow()).catch((error: unknown) => {
      // What was read before it was known may say of a revoked license that it is valid.
      if (error instanceof RestoreNotReconciled) this.served.clear();
      throw error;
    });
    this.running = work.catch(() => undefined);
    return work;
  }

  private async refreshNow(): Promise<void> {
    const { waiting } = this;
    this.waiting = new Set();
    const survey = await this.records.survey([...this.kept, ...waiting]);
    this.keep(survey, waiting);
    const versions = new Map([...survey.versions].filter(([list]) => !this.excess.has(list)));
    for (const list of this.served.keys()) if (!versions.has(list)) this.served.delete(list);
    this.gap = irregularityOf(survey);
    this.noteChanges(versions);
    const due = this.dueLists(versions);
    if (due.length > 0) await this.make(due);
    if (survey.unfolded >= FOLDED_FROM) await this.records.fold();
  }

  /** Numbers that were made up are forgotten: they must not push out a list that exists. */
  private keep({ versions }: Survey, waiting: ReadonlySet<number>): void {
    const others = new Set([...versions.keys()].slice(MOST_LISTS));
    const asked = [...new Set([...this.kept, ...waiting])].filter((list) => others.has(list));
    this.kept = new Set(asked.slice(-MOST_ASKED));
    this.excess = new Set(asked.slice(0, -MOST_ASKED));
  }

  /** A list that the signer does not take keeps no other from being made. */
  private async make(due: readonly number[]): Promise<void> {
    const startedAt = performance.now();
    const tooLarge = new Map<number, StatusListTooLarge>();
    const known = (list: number): Content | undefined => this.served.get(list)?.content;
    const signedLists = this.issuer.issue(due, known, (error) => tooLarge.set(error.list, error));
    for await (const signed of signedLists)
      this.served.set(signed.list, {
        ...signed,
        answer: await compressText(signed.jws),
        madeAt: startedAt,
      });
    this.tooLarge = tooLarge;
    this.rebuilds.observe((performance.now() - startedAt) / 1000);
  }

  private noteChanges(versions: ReadonlyMap<number, number>): void {
    for (const [list, served] of this.served)
      if (served.version !== versions.get(list)) served.changedAt ??= performance.now();
  }

  /** Those that have changed come first: the others say what they said. */
  private dueLists(versions: ReadonlyMap<number, number>): number[] {
    const { kid } = this.keyRing.active();
    const changed: number[] = [];
    const aged: number[] = [];
    for (const [list, version] of versions) {
      const served = this.served.get(list);
      if (served?.version !== version) changed.push(list);
      else if (served.kid !== kid || performance.now() - served.madeAt >= TTL_S * 1000) aged.push(list);
    }
    return [...changed, ...aged];
  }

  /** In seconds; 0 while there is none. */
  private ageOfOldest(): number {
    const now = performance.now();
    return Math.max(0, ...[...this.served.values()].map(({ madeAt }) => (now - madeAt) / 1000));
  }
}

/**
 * Lists of licenses fill one after another, so that numbers are missing only where something else wrote tokens or used up
 * numbers. Those of activations, whose numbers are higher, retire.
 */
function irregularityOf({ last, versions }: Survey): string | undefined {
  if (versions.size >= MOST_LISTS)
    return `there are ${MOST_LISTS} status lists or more: those beyond are signed when somebody asks for them`;
  const existing = last === null ? 0 : [...versions.keys()].filter((list) => list <= last).length;
  return last === null || last < existing
    ? undefined
    : `status lists up to ${last} are named by tokens, but only ${existing} of them exist: numbers were used up, or something else wrote tokens`;
}
