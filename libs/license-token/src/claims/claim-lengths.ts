import type { LicenseClaims } from './claims';

/**
 * Longest texts that a token is read with, in characters (code points, as PostgreSQL counts them). They are never
 * narrower than what any version could issue, and keep what a token says within the columns and indexes that record it.
 */
const LONGEST: readonly [
  claim: string,
  maxLength: number,
  read: (claims: LicenseClaims) => string | undefined,
][] = [
  ['customer.id', 50, ({ customer }) => customer.id],
  ['customer.name', 255, ({ customer }) => customer.name],
  ['module.technical_name', 100, ({ module }) => module.technical_name],
  ['instance_fingerprint', 100, ({ instance_fingerprint }) => instance_fingerprint],
];

/**
 * Finds the claim that is too long to be recorded. Only the issuer checks patterns (`lintClaims`): tokens of older
 * versions do not follow them.
 * @param claims present and of the right type
 * @returns the first such claim and the rule, without its value; null when there is none
 */
export function overlongClaim(claims: LicenseClaims): string | null {
  for (const [claim, maxLength, read] of LONGEST) {
    const text = read(claims) ?? '';
    // A text has no more code points than UTF-16 units.
    if (text.length > maxLength && Array.from(text).length > maxLength)
      return `${claim} is longer than ${maxLength} characters`;
  }
  return null;
}
