import type { SeatMode } from '@aegis/license-token';

/**
 * What a license's seat row says, as it is under its lock: the terms, and what admissions keep there, so that neither an
 * admission with room nor a refusal reads the rows of other seats.
 */
export interface SeatAccount {
  readonly mode: SeatMode;
  readonly max: number;
  /** Admitted beyond `max`. */
  readonly overage: number;
  /** Further different fingerprints within 30 days; null where there is no limit. */
  readonly movesPer30Days: number | null;
  readonly takeOver: boolean;
  /** Of a floating license. */
  readonly leaseSeconds: number | null;
  /** Activations without an end on record; those whose lease is over are among them. */
  readonly open: number;
  /** No lease of an open activation ends before it; null: none of them ends. */
  readonly noLapseBefore: Date | null;
  /** At least as many as the different fingerprints that were admitted in the last 30 days. */
  readonly newcomers: number;
  /** Counting them again before it finds no fewer; null: unknown. */
  readonly newcomersFewerAt: Date | null;
  readonly lastFence: number;
}

/** Who asks for a seat, and what is known of the fingerprint. */
export interface Applicant {
  /** Its activation without an end on record. */
  readonly own: { readonly leaseEndsAt: Date | null } | null;
  /** Whether the fingerprint was admitted within the last 30 days: then it costs no move. */
  readonly isReturning: boolean;
  /** For so many days it gets an offline file, which holds the seat; absent where it gets none. */
  readonly fileDays?: number;
  /** Whether it takes the seat of another one where there is no room: an id, or the one that was least recently seen. */
  readonly takeOver: string | null;
  /** The live activation that would lose its seat; null if nobody can lose one. Undefined until it was looked for. */
  readonly victim?: { readonly id: string } | null;
}

/**
 * What must be looked up before it can be decided:
 *
 * - `own-lapse`: end its own activation, whose lease is over;
 * - `lapses`: end every activation of the license whose lease is over, and set `noLapseBefore` again;
 * - `newcomers`: count the fingerprints of the last 30 days again;
 * - `victim`: find the activation to take over.
 */
export type LookUp = 'own-lapse' | 'lapses' | 'newcomers' | 'victim';

/** What an applicant gets. */
export type SeatDecision =
  | { readonly kind: 'look-up'; readonly what: LookUp }
  | { readonly kind: 'renewed' }
  | {
      readonly kind: 'admitted';
      /** Beyond `max`. */
      readonly over: boolean;
      readonly fence: number;
      /** Null where it ends only when somebody ends it. */
      readonly leaseEndsAt: Date | null;
      /** The activation that ends for it. */
      readonly takenOver: string | null;
      /** The seat row afterwards. */
      readonly after: SeatAccount;
    }
  | {
      readonly kind: 'refused';
      readonly why: 'seats_exhausted' | 'moves_exhausted';
      readonly limit: number;
      readonly inUse: number;
      /** No seat and no move becomes free by itself before it; null: none does. */
      readonly nextFreeAt: Date | null;
    };

const DAY_MS = 24 * 60 * 60 * 1000;

/** Different fingerprints are counted over so much time. */
export const MOVES_WINDOW_MS = 30 * DAY_MS;

/**
 * Decides about one applicant, from what is on record under the lock of the seat row. Pure: where more must be known, it
 * says what, and is asked again when that is done.
 * @param account as it is after the previous applicant
 * @param now the database's clock, read after the lock was taken
 */
export function decideSeat(account: SeatAccount, applicant: Applicant, now: Date): SeatDecision {
  const { own, takeOver } = applicant;
  if (own !== null) return hasLapsed(own, now) ? lookUp('own-lapse') : { kind: 'renewed' };

  const limit = account.max + account.overage;
  const isFull = account.open >= limit;
  // Those whose lease is over take no room, and put nobody beyond the maximum.
  if (account.open >= account.max && isReached(account.noLapseBefore, now)) return lookUp('lapses');
  // An activation that ends for it makes room only if the limit is not exceeded already.
  const takesOver = isFull && account.open === limit && account.takeOver && takeOver !== null;
  if (isFull && !takesOver) return seatsExhausted(account);
  const move = decideMove(account, applicant, now);
  if (move !== null) return move;
  if (!takesOver) return admit(account, applicant, null, now);
  if (applicant.victim === undefined) return lookUp('victim');
  if (applicant.victim === null) return seatsExhausted(account);
  return admit(account, applicant, applicant.victim.id, now);
}

/** Whether the lease of an activation is over. */
export function hasLapsed({ leaseEndsAt }: { readonly leaseEndsAt: Date | null }, now: Date): boolean {
  return isReached(leaseEndsAt, now);
}

/** @returns null where the applicant may come as far as moves are concerned */
function decideMove(account: SeatAccount, { isReturning }: Applicant, now: Date): SeatDecision | null {
  const { max, overage, movesPer30Days, newcomers, newcomersFewerAt } = account;
  if (movesPer30Days === null || isReturning) return null;
  const limit = max + overage + movesPer30Days;
  if (newcomers < limit) return null;
  if (newcomersFewerAt === null || isReached(newcomersFewerAt, now)) return lookUp('newcomers');
  return { kind: 'refused', why: 'moves_exhausted', limit, inUse: newcomers, nextFreeAt: newcomersFewerAt };
}

function seatsExhausted({ max, overage, open, noLapseBefore }: SeatAccount): SeatDecision {
  return {
    kind: 'refused',
    why: 'seats_exhausted',
    limit: max + overage,
    inUse: open,
    nextFreeAt: noLapseBefore,
  };
}

function admit(
  account: SeatAccount,
  { isReturning, fileDays }: Applicant,
  takenOver: string | null,
  now: Date,
): SeatDecision {
  const others = takenOver === null ? account.open : account.open - 1;
  const fence = Math.max(account.lastFence + 1, now.getTime());
  const leaseEndsAt = fileDays === undefined ? leaseEnd(account, now) : fileEnd(fileDays, now);
  const newcomers = isReturning ? account.newcomers : account.newcomers + 1;
  return {
    kind: 'admitted',
    over: others >= account.max,
    fence,
    leaseEndsAt,
    takenOver,
    after: {
      ...account,
      open: others + 1,
      noLapseBefore: earlier(account.noLapseBefore, leaseEndsAt),
      newcomers,
      newcomersFewerAt:
        account.newcomers === 0 ? new Date(now.getTime() + MOVES_WINDOW_MS) : account.newcomersFewerAt,
      lastFence: fence,
    },
  };
}

/**
 * The end of an offline file, a whole second as tokens have it.
 * @param days of 86,400 seconds
 */
export function fileEnd(days: number, now: Date): Date {
  return new Date(Math.floor((now.getTime() + days * DAY_MS) / 1000) * 1000);
}

function leaseEnd({ mode, leaseSeconds }: SeatAccount, now: Date): Date | null {
  if (mode === 'fixed') return null;
  if (leaseSeconds === null) throw new Error('a floating license must have the length of its leases');
  return new Date(now.getTime() + leaseSeconds * 1000);
}

function lookUp(what: LookUp): SeatDecision {
  return { kind: 'look-up', what };
}

function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

/** @param end the first millisecond after; null is never reached */
function isReached(end: Date | null, now: Date): boolean {
  return end !== null && end <= now;
}
