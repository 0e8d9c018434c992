/** What a guard remembers of the time, in seconds since 1970. The program keeps it. */
export interface ClockState {
  /** The latest time that a trusted signature proves. */
  trusted_at: number;
  /** The latest time that the local clock has shown. */
  seen_at: number;
}

/** Whether the local clock is known to have moved forward only. */
export type ClockTrust = 'ok' | 'unknown';

/** Times that the texts of one verification prove: `iat` of what a trusted key signed, in seconds since 1970. */
export interface ProvenTimes {
  /** Of the license, and of the activation of this installation. */
  signed: readonly number[];
  /** Of the status lists of both: these are made all the time, so that a new one shows what time it is. */
  lists: readonly number[];
}

/** What a guard says of the local clock, and what it remembers from now on. */
export interface GuardedClock {
  isSetBack: boolean;
  clock: ClockTrust;
  state: ClockState;
}

/** Clocks differ, and are corrected. */
const TOLERANCE_S = 300;
/** How far a status list may be from the local clock, for that to be believed again. */
const NEW_LIST_S = 3_600;
/** 9999-12-31T23:59:59Z */
const LAST_SECOND = 253_402_300_799;

/**
 * Reads what a storage kept.
 * @param value of any type
 * @returns null where it is not a state: then it is lost
 */
export function readClockState(value: unknown): ClockState | null {
  if (typeof value !== 'object' || value === null) return null;
  const { trusted_at, seen_at } = value as Record<string, unknown>;
  return isTime(trusted_at) && isTime(seen_at) ? { trusted_at, seen_at } : null;
}

/**
 * Judges the local clock by what was seen before, and by what signatures prove now.
 * @param before null: nothing is remembered, or what was remembered is lost
 * @param now the local clock
 */
export function guardClock(before: ClockState | null, proven: ProvenTimes, now: Date): GuardedClock {
  const second = Math.floor(now.getTime() / 1000);
  const { trusted_at, seen_at } = before ?? { trusted_at: 0, seen_at: 0 };
  const trusted = Math.max(trusted_at, ...proven.signed, ...proven.lists);
  const isNear = proven.lists.some((iat) => Math.abs(second - iat) <= NEW_LIST_S);
  // One day in a wrong year must not lock a customer out.
  const seen = isNear ? Math.min(seen_at, second) : seen_at;
  // An invalid time is before every other.
  const isSetBack = !(second >= Math.max(trusted, seen) - TOLERANCE_S);
  return {
    isSetBack,
    clock: before === null || isSetBack ? 'unknown' : 'ok',
    state: { trusted_at: trusted, seen_at: second > seen ? second : seen },
  };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_SECOND;
}
