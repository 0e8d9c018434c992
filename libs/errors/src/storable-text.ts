/** A NUL, or half of a surrogate pair: JSON can write them, PostgreSQL and UTF-8 can't hold them. */
const UNSTORABLE = /\u0000|\p{Surrogate}/u;

/** The rule that `isStorableText` checks, in words. */
export const STORABLE_TEXT_RULE = 'must not contain NUL or unpaired surrogates';

/** Whether a text holds neither NUL nor unpaired surrogates. */
export function isStorableText(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** The text with U+FFFD in place of what can't be stored, e.g. to name a field in an answer. */
export function asStorableText(text: string): string {
  return text.replace(/[\0\p{Surrogate}]/gu, '\ufffd');
}
