import type { LicenseClaims } from '../claims/claims';
import { decodeBase64url } from '../text/base64url';
import { inflate } from './inflate';
import { type CryptoKey, verifySignature } from '../signature';
import { parseStatusList, STATUS_VALUES, type StatusBits } from './status-list';

/** Most bytes that the statuses of a list may take: 2²⁰ tokens of eight bits. */
const MAX_STATUSES_BYTES = 1_048_576;

/** What a list says of a token; `unknown`: nothing. */
export type ListedStatus = keyof typeof STATUS_VALUES | 'unknown';

/** A status list whose signature holds. Keep the text that it was read from: this is not meant to be stored. */
export interface StatusList {
  /** What tokens in it name as their list. */
  uri: string;
  /** A client that has two lists of one uri trusts the later one, no matter in which order it got them. */
  issued_at: Date;
  /** From then on a newer one should be requested; until `expires_at` this one is still valid. */
  fresh_until: Date;
  /** From then on it says nothing. */
  expires_at: Date;
  bits: StatusBits;
  /** Inflated. */
  statuses: Uint8Array;
}

/** Why a text is not a status list to go by. */
export interface RefusedStatusList {
  refused: 'malformed' | 'unknown_key' | 'signature_invalid';
}

/**
 * Reads and verifies a Token Status List (draft-ietf-oauth-status-list, section 8.3) wherever WebCrypto and web
 * streams run. Whether it is of a token's own list, and whether it still counts, is asked with `listedStatus`.
 * @param jws as received
 * @param publicKey gives the Ed25519 key that a kid names, with usage `verify`; undefined for unknown and for
 * compromised ones, whose thief could sign lists that revoke nothing
 */
export async function openStatusList(
  jws: string,
  publicKey: (kid: string) => CryptoKey | undefined | Promise<CryptoKey | undefined>,
): Promise<StatusList | RefusedStatusList> {
  const parsed = parseStatusList(jws);
  if ('malformed' in parsed) return { refused: 'malformed' };
  const key = await publicKey(parsed.header.kid);
  if (key === undefined) return { refused: 'unknown_key' };
  if (!(await verifySignature(parsed, key))) return { refused: 'signature_invalid' };
  const { sub, iat, exp, ttl, status_list } = parsed.claims;
  const compressed = decodeBase64url(status_list.lst);
  const statuses = compressed && (await inflate(compressed, MAX_STATUSES_BYTES));
  if (!statuses) return { refused: 'malformed' };
  return {
    uri: sub,
    issued_at: new Date(iat * 1000),
    fresh_until: new Date(Math.min(exp, ttl === undefined ? exp : iat + ttl) * 1000),
    expires_at: new Date(exp * 1000),
    bits: status_list.bits,
    statuses,
  };
}

/**
 * Reads the status of a token in a list.
 * @param claims of a token with a valid signature
 * @param now the client's clock
 * @returns `unknown` if the token names no list or another one, its index is beyond the list, the list has expired,
 * or the status is not known here
 */
export function listedStatus(
  list: StatusList,
  { status }: Pick<LicenseClaims, 'status'>,
  now: Date,
): ListedStatus {
  return now < list.expires_at ? lastListed(list, { status }) : 'unknown';
}

/**
 * Reads the status of a token in a list that may have expired: for those that are allowed to go without a newer one.
 * @param claims of a token with a valid signature
 * @returns `unknown` if the token names no list or another one, its index is beyond the list, or the status is not known
 * here
 */
export function lastListed(list: StatusList, { status }: Pick<LicenseClaims, 'status'>): ListedStatus {
  if (status?.status_list.uri !== list.uri) return 'unknown';
  const value = statusAt(list, status.status_list.idx);
  const known = Object.entries(STATUS_VALUES).find(([, meaning]) => meaning === value);
  return known === undefined ? 'unknown' : (known[0] as ListedStatus);
}

/**
 * Of the lists that a token names, the one that was made last: a list that is older may lack a revocation.
 * @param claims of a token with a valid signature
 * @returns undefined where it names none of them
 */
export function newestListOf(
  lists: readonly StatusList[],
  { status }: Pick<LicenseClaims, 'status'>,
): StatusList | undefined {
  return lists
    .filter(({ uri }) => uri === status?.status_list.uri)
    .reduce<StatusList | undefined>(
      (newest, list) => (newest && newest.issued_at >= list.issued_at ? newest : list),
      undefined,
    );
}

/**
 * The value of one status (draft-ietf-oauth-status-list, section 4.1): indexes count from the lowest bits of a byte.
 * @returns undefined where the index is not a whole number within the list
 */
export function statusAt(
  { bits, statuses }: Pick<StatusList, 'bits' | 'statuses'>,
  index: number,
): number | undefined {
  const perByte = 8 / bits;
  if (!Number.isSafeInteger(index) || index < 0) return undefined;
  const byte = statuses[Math.floor(index / perByte)];
  return byte === undefined ? undefined : (byte >> ((index % perByte) * bits)) & ((1 << bits) - 1);
}
