import { text } from './plain-text';

/** What one entitlement says. */
export type EntitlementValue = boolean | number | string;

/** What a license allows beyond running, by code. Codes may be names that every object inherits: read own properties only. */
export type Entitlements = Readonly<Record<string, EntitlementValue>>;

export const MAX_ENTITLEMENTS = 100;
/** Of all entitlements of a license together, as JSON in UTF-8. */
export const MAX_ENTITLEMENTS_BYTES = 2_048;
/** Characters (code points) of one text. */
export const MAX_ENTITLEMENT_TEXT = 200;
export const ENTITLEMENT_CODE = /^[a-z][a-z0-9_.-]{0,49}$/;

const CODE_RULE = 'each code must be a letter of a-z and up to 49 of a-z 0-9 _ . -';
const VALUE_RULE = `must be true, false, a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, or a text of at most ${MAX_ENTITLEMENT_TEXT} characters`;

/**
 * Judges entitlements, for the input, the issuer's lint and every reader: what one of them accepts, all do.
 * @param value of any type
 * @returns the rules that it breaks, all at once, each beginning in lower case; codes are named and values are not. Empty
 * when it is sound
 */
export function brokenEntitlementRules(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return ['must be an object of codes and their values'];
  const entries = Object.entries(value);
  const rules: string[] = [];
  if (entries.length > MAX_ENTITLEMENTS) rules.push(`must have at most ${MAX_ENTITLEMENTS} entries`);
  if (entries.some(([code]) => !ENTITLEMENT_CODE.test(code))) rules.push(CODE_RULE);
  for (const [code, one] of entries)
    if (ENTITLEMENT_CODE.test(code) && !isEntitlementValue(one)) rules.push(`${code} ${VALUE_RULE}`);
  if (rules.length === 0 && bytesAsJson(value) > MAX_ENTITLEMENTS_BYTES)
    rules.push(`must take at most ${MAX_ENTITLEMENTS_BYTES} bytes as JSON`);
  return rules;
}

/**
 * The entitlements as a verdict shows them: 0 where a token says -0, which some languages tell apart.
 * @param entitlements sound ones
 */
export function withoutMinusZero(entitlements: Entitlements): Entitlements {
  const entries = Object.entries(entitlements);
  if (!entries.some(([, value]) => Object.is(value, -0))) return entitlements;
  return Object.fromEntries(entries.map(([code, value]) => [code, Object.is(value, -0) ? 0 : value]));
}

/**
 * The entitlements in the order in which PostgreSQL keeps them (`jsonb`: shorter codes first), so that an answer, a token
 * and a later read have the same bytes.
 * @param entitlements sound ones
 */
export function inStoredOrder(entitlements: Entitlements): Entitlements {
  const entries = Object.entries(entitlements);
  return Object.fromEntries(
    entries.toSorted(([one], [other]) => one.length - other.length || (one < other ? -1 : 1)),
  );
}

/**
 * Whether everything that was granted is granted still: nothing was removed, switched off, lowered, or replaced by
 * another text.
 * @param before what the former token says
 * @param after what the next one says
 */
export function takesAway(before: Entitlements, after: Entitlements): boolean {
  return Object.entries(before).some(([code, granted]) => {
    const now = Object.hasOwn(after, code) ? after[code] : undefined;
    if (typeof granted === 'number' && typeof now === 'number') return now < granted;
    return granted !== false && now !== granted;
  });
}

function isEntitlementValue(value: unknown): value is EntitlementValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  if (typeof value === 'string') return text(value) && hasAtMost(value, MAX_ENTITLEMENT_TEXT);
  return typeof value === 'boolean';
}

/** Whether a text has at most so many code points: it never has more of them than UTF-16 units. */
function hasAtMost(value: string, characters: number): boolean {
  return value.length <= characters || Array.from(value).length <= characters;
}

function bytesAsJson(value: object): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
