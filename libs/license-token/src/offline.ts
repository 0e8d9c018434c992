import { judge, type Evidence, type Question } from './judge';
import { hasExpired, importEd25519, type KeySet } from './key-set';
import { parseToken } from './parse';
import { verifySignature } from './signature';
import { listedStatus, type StatusList } from './status-lists/status-list-reader';
import type { Verdict } from './verdict';

/** What an installation that can't ask the server judges by. */
export interface OfflineTrust {
  /** From `openKeySet`: nothing else is trusted, and this only until its `exp`. */
  keySet: KeySet;
  /** Values of `iss` that are taken. */
  acceptedIssuers: readonly string[];
  /** The license's own, from `openStatusList`, where there is one. */
  statusList?: StatusList;
  now: Date;
}

/** `Verdict.error` in place of the one that `UNKNOWN_KEY` has: the license may be good. */
const KEY_SET_EXPIRED = 'The key set of this installation has expired. Get a new one.';

/**
 * Judges a license without the server: by its signature, its claims and the keys of a signed key set. Only a status
 * list says whether it was revoked, suspended or superseded. Offline, a compromised key is never trusted: only the
 * server's record shows that a token is older than the compromise.
 * @param token as received
 * @returns `UNKNOWN_KEY` for every token, no matter who signed it, once the key set has expired; `MALFORMED` and
 * `KEY_COMPROMISED`, which no newer key set would change, stay
 */
export async function judgeOffline(token: string, question: Question, trust: OfflineTrust): Promise<Verdict> {
  const verdict = judge(question, await evidenceOf(token, trust), trust.now);
  return verdict.code === 'UNKNOWN_KEY' && hasExpired(trust.keySet, trust.now)
    ? { ...verdict, error: KEY_SET_EXPIRED }
    : verdict;
}

async function evidenceOf(
  token: string,
  { keySet, acceptedIssuers, statusList, now }: OfflineTrust,
): Promise<Evidence> {
  const parsed = parseToken(token);
  if ('malformed' in parsed) return { proof: 'malformed' };
  const { kid } = parsed.header;
  const { claims } = parsed;
  const record = statusList ? { listed: listedStatus(statusList, claims, now) } : ('offline' as const);
  const known = { claims, acceptedIssuers, record };
  if (keySet.compromised.some((one) => one.kid === kid))
    return { proof: 'signature_holds', ...known, key: { compromised: true, after: null } };
  const key = hasExpired(keySet, now) ? undefined : keySet.keys.find((one) => one.kid === kid);
  if (!key) return { proof: 'unknown_key' };
  const holds = await verifySignature(parsed, await importEd25519(key));
  return holds
    ? { proof: 'signature_holds', ...known, key: { compromised: false } }
    : { proof: 'signature_invalid' };
}
