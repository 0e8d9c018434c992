import type { LicenseClaims } from '../claims/claims';
import type { KeySet } from '../key-set';
import { proofByKeySet } from '../key-set-proof';
import { lastListed, listedStatus, newestListOf, type StatusList } from '../status-lists/status-list-reader';
import type { ProvenTimes } from '../clock-guard';
import type { ActivationClaims } from './activation-claims';
import { activationFingerprint } from './activation-fingerprint';
import { parseActivation } from './activation-token';
import { liveSeat, type SeatEvidence } from './seat-evidence';

/** What an installation that can't ask the server shows of the seat that it holds. */
export interface ShownActivation {
  /** The activation token as received. */
  token: string;
  /** The installation's own identity, the text that it was activated with. */
  fingerprint: string;
  /** Of the offline request that it made; a token that answers a request must have the same. */
  nonce?: string;
  /** From `openStatusList`; the newest that the activation token names is read. */
  statusLists?: readonly StatusList[];
}

/** By what an installation proves activation tokens. */
interface SeatTrust {
  keySet: KeySet;
  acceptedIssuers: readonly string[];
  now: Date;
}

/** What an activation token proves. */
export interface OfflineSeat {
  seat: SeatEvidence;
  /** It is that of an offline file and counts: the vendor's leave to go without newer status lists. */
  mayLackLists: boolean;
  /** What the activation token and its list prove of the time, where the activation is this installation's. */
  proven: ProvenTimes;
}

const NOTHING: ProvenTimes = { signed: [], lists: [] };
const INVALID: OfflineSeat = {
  seat: { refused: 'ACTIVATION_INVALID' },
  mayLackLists: false,
  proven: NOTHING,
};
const MISMATCH: OfflineSeat = {
  seat: { refused: 'ACTIVATION_MISMATCH' },
  mayLackLists: false,
  proven: NOTHING,
};

/**
 * What the activation token of an installation proves for a license.
 * @param license claims of the license, whose signature holds
 */
export async function offlineSeat(
  license: LicenseClaims,
  shown: ShownActivation,
  { keySet, acceptedIssuers, now }: SeatTrust,
): Promise<OfflineSeat> {
  const parsed = parseActivation(shown.token);
  if ('malformed' in parsed || (await proofByKeySet(parsed, keySet, now)) !== 'holds') return INVALID;
  const { claims } = parsed;
  if (!acceptedIssuers.includes(claims.iss)) return INVALID;
  if (claims.sub.toLowerCase() !== license.jti.toLowerCase()) return INVALID;
  if (claims.fp !== (await activationFingerprint(license.jti, shown.fingerprint))) return MISMATCH;
  if (claims.nonce !== undefined && claims.nonce !== shown.nonce) return MISMATCH;
  const newest = newestListOf(shown.statusLists ?? [], claims);
  const list = newest && lastListed(newest, claims) !== 'unknown' ? newest : undefined;
  const seat = {
    id: claims.jti,
    ended: isListedEnded(claims, list, now),
    lease_ends_at: new Date(claims.exp * 1000),
    over: false,
  };
  return {
    seat,
    mayLackLists: claims.nonce !== undefined && liveSeat(seat, now) !== null,
    proven: { signed: [claims.iat], lists: list ? [list.issued_at.getTime() / 1000] : [] },
  };
}

/** Of an offline file, a list counts past its own end: what it said last is still the newest that is known. */
function isListedEnded(claims: ActivationClaims, list: StatusList | undefined, now: Date): boolean {
  if (list === undefined) return false;
  const listed = claims.nonce === undefined ? listedStatus(list, claims, now) : lastListed(list, claims);
  return listed === 'revoked' || listed === 'suspended';
}
