import { type Check, objectOf, optional, numericDate } from '../claims/claim-shape';
import { text } from '../claims/plain-text';
import { type Malformed, parseCompactJws, type SignedText } from '../text/compact-jws';

/** `typ` of a Token Status List; `application/statuslist+jwt` is its media type. */
export const STATUS_LIST_TYPE = 'statuslist+jwt';

/** Bits that one status takes. */
const STATUS_BITS = [1, 2, 4, 8] as const;

export type StatusBits = (typeof STATUS_BITS)[number];

/** What a status means (draft-ietf-oauth-status-list, section 7.1). 1 stands for superseded tokens too. */
export const STATUS_VALUES = { valid: 0, revoked: 1, suspended: 2 } as const;

/**
 * Most characters of a list as it is read. Lists of 131,072 tokens, as they are issued here, take 47,000 where the
 * states of their tokens are random.
 */
const MAX_STATUS_LIST_LENGTH = 262_144;

/** Claims of a Token Status List. Times are seconds since 1970 (NumericDate), whole numbers. */
export interface StatusListClaims {
  /** Its own address: what the tokens in it name as `status.status_list.uri`. */
  sub: string;
  iat: number;
  /** First second at which it is no longer valid. */
  exp: number;
  /** Seconds for which it may be used before a newer one should be asked for. */
  ttl?: number;
  /** `lst`: zlib (RFC 1950) in base64url; the statuses by index, the first in the lowest bits of the first byte. */
  status_list: { bits: StatusBits; lst: string };
}

/** A status list whose form is right. Nothing in it is verified yet. */
export interface ParsedStatusList extends SignedText {
  claims: StatusListClaims;
}

const CLAIMS = Object.entries({
  sub: text,
  iat: numericDate,
  exp: numericDate,
  ttl: optional((value) => Number.isSafeInteger(value) && Number(value) > 0),
  status_list: objectOf({ bits: (value) => STATUS_BITS.includes(value as StatusBits), lst: text }),
} satisfies Record<keyof StatusListClaims, Check>);

/**
 * Reads a Token Status List as JWT (draft-ietf-oauth-status-list, section 5.1). Only `typ: statuslist+jwt` passes: a
 * license, a key set or a checkpoint never does, though the same key signed it. Verifies no signature, inflates
 * nothing, and never throws.
 * @param jws as received, not trimmed
 */
export function parseStatusList(jws: string): ParsedStatusList | Malformed {
  const parsed = parseCompactJws(jws, {
    maxLength: MAX_STATUS_LIST_LENGTH,
    typ: STATUS_LIST_TYPE,
    mayLackTyp: false,
  });
  if ('malformed' in parsed) return parsed;
  const { header, payload, signingInput, signature } = parsed;
  const broken = CLAIMS.find(([name, check]) => !check(payload[name]));
  if (broken) return { malformed: `claim ${broken[0]} is missing or of the wrong type` };
  return { header, claims: payload as unknown as StatusListClaims, signingInput, signature };
}
