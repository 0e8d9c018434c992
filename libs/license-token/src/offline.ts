import { type OfflineSeat, offlineSeat, type ShownActivation } from './activations/offline-seat';
import type { LicenseClaims } from './claims/claims';
import { type ClockState, type ClockTrust, guardClock, type ProvenTimes } from './clock-guard';
import { judge, type Evidence, type OfflineRecord, type Question } from './judge';
import { hasExpired, type KeySet, type KeySetRefused } from './key-set';
import { proofByKeySet } from './key-set-proof';
import { parseToken } from './parse';
import { lastListed, newestListOf, type StatusList } from './status-lists/status-list-reader';
import { shownToken } from './text/shown-token';
import type { Verdict } from './verdict';

/** What an installation that can't ask the server judges by. */
export interface OfflineTrust {
  /** From `openKeySet` or `openAnyKeySet`: nothing else is trusted, and this only until its `exp`. */
  keySet: KeySet | KeySetRefused;
  /** Values of `iss` that are taken. */
  acceptedIssuers: readonly string[];
  /**
   * From `openStatusList`; the newest that the license names is read. Absent: there is no list, which is no reason to
   * refuse. Empty: there is one, and it can't be used.
   */
  statusLists?: readonly StatusList[];
  /** Seconds from the `iat` of a list for which it is used; absent: until its `exp`. */
  maxOffline?: number;
  /** The seat that the installation holds, where it holds one. */
  activation?: ShownActivation;
  now: Date;
}

/**
 * How much is known of a license's revocation: by a list that is fresh; by one that is not, or that an offline file allows
 * to be missing; nothing.
 */
export type Revocation = 'fresh' | 'stale' | 'none';

/** A verdict without the server. */
export interface OfflineVerdict extends Verdict {
  /** `none` also while the token is not proven. */
  revocation: Revocation;
  /** `unknown` where the clock is not guarded, where what the guard remembered is lost, and where the clock was set back. */
  clock: ClockTrust;
}

/** A verdict, and what the guard of the clock remembers from now on. */
export interface GuardedVerdict {
  verdict: OfflineVerdict;
  /** As before while the license is not proven. */
  state: ClockState | null;
}

interface KnownOffline {
  evidence: Evidence;
  revocation: Revocation;
  /** Null while the license is not proven. */
  proven: ProvenTimes | null;
}

/** What status lists say of a license. */
interface Listed {
  record: OfflineRecord;
  revocation: Revocation;
  /** The one that says it. */
  list?: StatusList;
}

const NO_SEAT: OfflineSeat = { seat: null, mayLackLists: false, proven: { signed: [], lists: [] } };

/** `Verdict.error` in place of the one that `UNKNOWN_KEY` has: the license may be good. */
const NO_KEY_SET: Readonly<Record<KeySetRefused['refused'], string>> = {
  malformed: 'The key set of this installation cannot be read. Get it again.',
  signature_invalid: 'The key set of this installation is not signed by the root key. Get it again.',
  expired: 'The key set of this installation has expired. Get a new one.',
  outdated: 'The key set of this installation is older than one that it has had. Get a new one.',
};

/**
 * Judges a license without the server: by its signature, its claims and the keys of a signed key set. Only a status
 * list says whether it was revoked, suspended or superseded: one that is there must be of this license and not too old.
 * Offline, a compromised key is never trusted: only the server's record shows that a token is older than the compromise.
 * The activation token of an offline file is the vendor's leave to go without a newer list until its `exp`: while it
 * counts, the lists that are given count past their own end.
 * @param token as received; white space around it is ignored
 * @returns `UNKNOWN_KEY` for every token, no matter who signed it, once the key set has expired; `MALFORMED` and
 * `KEY_COMPROMISED`, which no newer key set would change, stay
 * @throws DOMException `NotSupportedError` where WebCrypto has no Ed25519
 */
export async function judgeOffline(
  token: string,
  question: Question,
  trust: OfflineTrust,
): Promise<OfflineVerdict> {
  const { evidence, revocation } = await knownOffline(token, trust);
  return verdictOf(question, evidence, trust, { revocation, clock: 'unknown' });
}

/**
 * As `judgeOffline`, with a guard of the local clock: `CLOCK_SET_BACK` where it is behind what was seen before, or behind
 * what the texts prove that are shown now.
 * @param before what the guard remembers; null where it remembers nothing
 * @throws DOMException `NotSupportedError` where WebCrypto has no Ed25519
 */
export async function judgeGuarded(
  token: string,
  question: Question,
  trust: OfflineTrust,
  before: ClockState | null,
): Promise<GuardedVerdict> {
  const { evidence, revocation, proven } = await knownOffline(token, trust);
  if (proven === null || evidence.proof !== 'signature_holds') {
    const verdict = verdictOf(question, evidence, trust, { revocation, clock: 'unknown' });
    return { verdict, state: before };
  }
  const { isSetBack, clock, state } = guardClock(before, proven, trust.now);
  const guarded: Evidence = isSetBack ? { ...evidence, record: { refused: 'CLOCK_SET_BACK' } } : evidence;
  return { verdict: verdictOf(question, guarded, trust, { revocation, clock }), state };
}

function verdictOf(
  question: Question,
  evidence: Evidence,
  { keySet, now }: OfflineTrust,
  offline: Pick<OfflineVerdict, 'revocation' | 'clock'>,
): OfflineVerdict {
  const verdict = Object.assign(judge(question, evidence, now), offline);
  if (verdict.code !== 'UNKNOWN_KEY') return verdict;
  if ('refused' in keySet) return { ...verdict, error: NO_KEY_SET[keySet.refused] };
  return hasExpired(keySet, now) ? { ...verdict, error: NO_KEY_SET.expired } : verdict;
}

async function knownOffline(shown: string, trust: OfflineTrust): Promise<KnownOffline> {
  const { keySet, acceptedIssuers, activation, now } = trust;
  const parsed = parseToken(shownToken(shown));
  if ('malformed' in parsed) return unproven('malformed');
  if ('refused' in keySet) return unproven('unknown_key');
  const proof = await proofByKeySet(parsed, keySet, now);
  if (proof === 'unknown_key' || proof === 'signature_invalid') return unproven(proof);
  const { claims } = parsed;
  const { seat, mayLackLists, proven } = activation
    ? await offlineSeat(claims, activation, { keySet, acceptedIssuers, now })
    : NO_SEAT;
  const { record, revocation, list } = whatListsSay(claims, trust, mayLackLists);
  const evidence: Evidence = {
    proof: 'signature_holds',
    claims,
    key: proof === 'compromised' ? { compromised: true, after: null } : { compromised: false },
    acceptedIssuers,
    record,
    activation: seat,
  };
  if (proof === 'compromised') return { evidence, revocation: 'none', proven: null };
  return {
    evidence,
    revocation,
    proven: {
      signed: [claims.iat, ...proven.signed],
      lists: [...(list ? [secondsOf(list.issued_at)] : []), ...proven.lists],
    },
  };
}

/**
 * @param mayLackLists by leave of an offline file: then a list may be missing, and what one said last counts, no matter how
 * old it is
 */
function whatListsSay(
  claims: LicenseClaims,
  { statusLists, maxOffline = Infinity, now }: OfflineTrust,
  mayLackLists: boolean,
): Listed {
  if (claims.status === undefined) return { record: 'offline', revocation: 'none' };
  const list = newestListOf(statusLists ?? [], claims);
  const listed = list ? lastListed(list, claims) : 'unknown';
  if (list === undefined || listed === 'unknown') {
    if (mayLackLists) return { record: 'offline', revocation: 'stale' };
    const record = statusLists === undefined ? 'offline' : ({ refused: 'STATUS_LIST_INVALID' } as const);
    return { record, revocation: 'none' };
  }
  const end = Math.min(list.expires_at.getTime(), list.issued_at.getTime() + maxOffline * 1000);
  // An invalid time is past every end.
  if (!mayLackLists && !(now.getTime() < end))
    return { record: { refused: 'STATUS_LIST_STALE' }, revocation: 'stale', list };
  return { record: { listed }, revocation: now < list.fresh_until ? 'fresh' : 'stale', list };
}

function unproven(proof: 'malformed' | 'unknown_key' | 'signature_invalid'): KnownOffline {
  return { evidence: { proof }, revocation: 'none', proven: null };
}

function secondsOf(time: Date): number {
  return time.getTime() / 1000;
}
