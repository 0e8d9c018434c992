import { openStatusList, publicKeyOf, type StatusList } from '@aegis/license-token';
import { type CurrentKeys, readCurrentKeys } from '../keys/trusted-keys';
import { textOption } from '../option-checks';
import { randomShare } from '../random-share';
import { type Schedule, scheduleByTimer } from '../timers';
import { withEd25519 } from '../unsupported-error';
import { type FetchedStatusList, fetchStatusList, type FetchStatusListOptions } from './fetch-status-list';

/** Where a program keeps the text of the last good list: a file, a row, `localStorage`. */
export interface TextStorage {
  /** What was saved last; null where nothing was. */
  load(): unknown;
  save(text: string): unknown;
}

export interface StatusListKeeperOptions {
  /** Of the list: `statusListUri(token)`. */
  uri: string;
  /** As for `verifyLicense`: a list by another key is not kept. */
  keys: CurrentKeys;
  /** Without one, the list is kept in memory only. */
  storage?: TextStorage;
  timeoutMs?: number;
  fetch?: FetchStatusListOptions['fetch'];
  /** Called after each attempt. */
  onRefresh?: (result: Refreshed) => void;
  /** Seconds since 1970; the local clock by default. */
  now?: () => number;
  /** In place of the platform's timer. */
  schedule?: Schedule;
  /** From 0 to 1, without 1. */
  random?: () => number;
}

/** What an attempt to get a newer list came to; where it was not `kept`, the list before is still there. */
export type Refreshed =
  | { outcome: 'kept' | 'unchanged'; serverDate: string | null }
  /**
   * `invalid`: not a list that a trusted key signed; `other_list`: of another address; `older`: than the one that is kept;
   * `from_the_future`: by more than 60 s, so that each later one would seem to be older.
   */
  | {
      outcome: 'refused';
      reason: 'invalid' | 'other_list' | 'older' | 'from_the_future';
      serverDate: string | null;
    }
  | Extract<FetchedStatusList, { outcome: 'failed' }>;

interface Kept {
  text: string;
  list: StatusList;
  etag: string | null;
}

/** A clock that is behind by less gets a list that was just signed. */
const CLOCK_TOLERANCE_S = 60;
const SHORTEST_S = 60;
const LONGEST_S = 3_600;
/** Of a delay, at random on top. */
const JITTER = 0.2;

/**
 * Keeps the status list of a license: fetches a newer one after each `ttl`, at random moments, and keeps the last good one
 * whatever happens. Give `statusList` to `verifyLicense`.
 */
export class StatusListKeeper {
  private kept: Kept | null = null;
  private failures = 0;
  private cancel: (() => void) | null = null;
  private isRunning = false;
  private readonly openKeys;

  /** @throws TypeError that names an option that is wrong */
  constructor(private readonly options: StatusListKeeperOptions) {
    textOption(options.uri, 'uri');
    this.openKeys = readCurrentKeys(options.keys);
  }

  /** Text of the last good list; undefined where there was none yet. */
  get statusList(): string | undefined {
    return this.kept?.text;
  }

  /**
   * Reads the list that was kept, and begins to fetch newer ones, until `stop()`. A storage that fails has no list.
   * @throws UnsupportedError where the platform has no Ed25519
   */
  async start(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    await this.restore();
    const freshFor = this.kept ? this.kept.list.fresh_until.getTime() / 1000 - this.now() : 0;
    // A timer of the platform takes no more than 24 days, and then fires at once.
    this.plan(Math.min(Math.max(freshFor, 0), LONGEST_S));
  }

  /** Ends the fetching of lists. The one that is kept stays. */
  stop(): void {
    this.isRunning = false;
    this.cancel?.();
    this.cancel = null;
  }

  /**
   * Tries once to get a newer list, now.
   * @throws UnsupportedError where the platform has no Ed25519
   */
  async refresh(): Promise<Refreshed> {
    const { uri, timeoutMs, fetch } = this.options;
    const etag = this.kept?.etag ?? undefined;
    const fetched = await fetchStatusList(uri, { etag, timeoutMs, fetch });
    const result = fetched.outcome === 'fetched' ? await this.take(fetched) : fetched;
    this.failures = result.outcome === 'kept' || result.outcome === 'unchanged' ? 0 : this.failures + 1;
    return result;
  }

  private async take({
    text,
    etag,
    serverDate,
  }: Extract<FetchedStatusList, { outcome: 'fetched' }>): Promise<Refreshed> {
    const list = await this.open(text);
    const reason = list === null ? 'invalid' : this.refuses(list);
    if (list === null || reason !== null)
      return { outcome: 'refused', reason: reason ?? 'invalid', serverDate };
    this.kept = { text, list, etag };
    try {
      await this.options.storage?.save(text);
    } catch {
      // It is kept in memory, and the next one is saved again.
    }
    return { outcome: 'kept', serverDate };
  }

  private refuses({ uri, issued_at }: StatusList): 'other_list' | 'older' | 'from_the_future' | null {
    if (uri !== this.options.uri) return 'other_list';
    if (issued_at.getTime() / 1000 > this.now() + CLOCK_TOLERANCE_S) return 'from_the_future';
    return this.kept && issued_at < this.kept.list.issued_at ? 'older' : null;
  }

  private async restore(): Promise<void> {
    let text: unknown;
    try {
      text = await this.options.storage?.load();
    } catch {
      return;
    }
    if (typeof text !== 'string' || this.kept !== null) return;
    const list = await this.open(text);
    // It may be from the future, once the clock is set back: it still keeps an older one from its place.
    if (list?.uri === this.options.uri) this.kept = { text, list, etag: null };
  }

  private open(text: string): Promise<StatusList | null> {
    return withEd25519(async () => {
      const keySet = await this.openKeys();
      if ('refused' in keySet) return null;
      const now = new Date(this.now() * 1000);
      const list = await openStatusList(text, (kid) => publicKeyOf(keySet, kid, now));
      return 'refused' in list ? null : list;
    });
  }

  private now(): number {
    return this.options.now?.() ?? Date.now() / 1000;
  }

  private plan(delayS: number): void {
    if (!this.isRunning) return;
    const { schedule = scheduleByTimer, random = randomShare } = this.options;
    const jitter = 1 + JITTER * random();
    this.cancel = schedule(() => void this.work(), Math.round(delayS * jitter * 1000));
  }

  private async work(): Promise<void> {
    let delayS = LONGEST_S;
    try {
      const result = await this.refresh();
      delayS = this.delayAfter(result);
      this.options.onRefresh?.(result);
    } catch {
      // A callback that throws, and a platform without Ed25519, must not end the loop.
    } finally {
      this.plan(delayS);
    }
  }

  private delayAfter(result: Refreshed): number {
    switch (result.outcome) {
      case 'kept':
      case 'unchanged':
        return this.ttl();
      case 'refused':
        return this.backoff();
      case 'failed':
        return Math.max(result.retryAfter ?? 0, this.backoff());
    }
  }

  /** Of a list that was confirmed just now. */
  private ttl(): number {
    if (this.kept === null) return SHORTEST_S;
    const { fresh_until, issued_at } = this.kept.list;
    const ttl = (fresh_until.getTime() - issued_at.getTime()) / 1000;
    return Math.min(Math.max(ttl, SHORTEST_S), LONGEST_S);
  }

  private backoff(): number {
    return Math.min(SHORTEST_S * 2 ** Math.min(this.failures - 1, 10), LONGEST_S);
  }
}
