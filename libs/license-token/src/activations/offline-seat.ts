import type { LicenseClaims } from '../claims/claims';
import type { KeySet } from '../key-set';
import { proofByKeySet } from '../key-set-proof';
import { lastListed, listedStatus, type StatusList } from '../status-lists/status-list-reader';
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
  /** The one that the activation token names, from `openStatusList`, where there is one. */
  statusList?: StatusList;
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
}

const INVALID: OfflineSeat = { seat: { refused: 'ACTIVATION_INVALID' }, mayLackLists: false };
const MISMATCH: OfflineSeat = { seat: { refused: 'ACTIVATION_MISMATCH' }, mayLackLists: false };

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
  const seat = {
    id: claims.jti,
    ended: isListedEnded(claims, shown.statusList, now),
    lease_ends_at: new Date(claims.exp * 1000),
    over: false,
  };
  return { seat, mayLackLists: claims.nonce !== undefined && liveSeat(seat, now) !== null };
}

/** Of an offline file, a list counts past its own end: what it said last is still the newest that is known. */
function isListedEnded(claims: ActivationClaims, list: StatusList | undefined, now: Date): boolean {
  if (list === undefined) return false;
  const listed = claims.nonce === undefined ? listedStatus(list, claims, now) : lastListed(list, claims);
  return listed === 'revoked' || listed === 'suspended';
}
