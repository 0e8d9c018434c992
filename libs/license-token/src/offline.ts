import { type OfflineSeat, offlineSeat, type ShownActivation } from './activations/offline-seat';
import { judge, type Evidence, type Question } from './judge';
import { hasExpired, type KeySet } from './key-set';
import { proofByKeySet } from './key-set-proof';
import { parseToken } from './parse';
import { lastListed, listedStatus, type StatusList } from './status-lists/status-list-reader';
import type { Verdict } from './verdict';

/** What an installation that can't ask the server judges by. */
export interface OfflineTrust {
  /** From `openKeySet`: nothing else is trusted, and this only until its `exp`. */
  keySet: KeySet;
  /** Values of `iss` that are taken. */
  acceptedIssuers: readonly string[];
  /** The license's own, from `openStatusList`, where there is one. */
  statusList?: StatusList;
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
}

interface KnownOffline {
  evidence: Evidence;
  revocation: Revocation;
}

const NO_SEAT: OfflineSeat = { seat: null, mayLackLists: false };

/** `Verdict.error` in place of the one that `UNKNOWN_KEY` has: the license may be good. */
const KEY_SET_EXPIRED = 'The key set of this installation has expired. Get a new one.';

/**
 * Judges a license without the server: by its signature, its claims and the keys of a signed key set. Only a status
 * list says whether it was revoked, suspended or superseded. Offline, a compromised key is never trusted: only the
 * server's record shows that a token is older than the compromise. The activation token of an offline file is the vendor's
 * leave to go without a newer list until its `exp`: while it counts, the lists that are given count past their own end.
 * @param token as received
 * @returns `UNKNOWN_KEY` for every token, no matter who signed it, once the key set has expired; `MALFORMED` and
 * `KEY_COMPROMISED`, which no newer key set would change, stay
 */
export async function judgeOffline(
  token: string,
  question: Question,
  trust: OfflineTrust,
): Promise<OfflineVerdict> {
  const { evidence, revocation } = await knownOffline(token, trust);
  const verdict = { ...judge(question, evidence, trust.now), revocation };
  return verdict.code === 'UNKNOWN_KEY' && hasExpired(trust.keySet, trust.now)
    ? { ...verdict, error: KEY_SET_EXPIRED }
    : verdict;
}

async function knownOffline(token: string, trust: OfflineTrust): Promise<KnownOffline> {
  const { keySet, acceptedIssuers, statusList, activation, now } = trust;
  const parsed = parseToken(token);
  if ('malformed' in parsed) return unproven('malformed');
  const proof = await proofByKeySet(parsed, keySet, now);
  if (proof === 'unknown_key' || proof === 'signature_invalid') return unproven(proof);
  const { claims } = parsed;
  const { seat, mayLackLists } = activation ? await offlineSeat(claims, activation, trust) : NO_SEAT;
  const listed =
    statusList && (mayLackLists ? lastListed(statusList, claims) : listedStatus(statusList, claims, now));
  const evidence: Evidence = {
    proof: 'signature_holds',
    claims,
    key: proof === 'compromised' ? { compromised: true, after: null } : { compromised: false },
    acceptedIssuers,
    record: listed === undefined ? 'offline' : { listed },
    activation: seat,
  };
  if (proof === 'compromised') return { evidence, revocation: 'none' };
  if (statusList === undefined || listed === 'unknown')
    return { evidence, revocation: mayLackLists ? 'stale' : 'none' };
  return { evidence, revocation: now < statusList.fresh_until ? 'fresh' : 'stale' };
}

function unproven(proof: 'malformed' | 'unknown_key' | 'signature_invalid'): KnownOffline {
  return { evidence: { proof }, revocation: 'none' };
}
