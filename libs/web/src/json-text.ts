import type { FieldError } from '@aegis/errors';
import { InvalidInput, MalformedRequest } from './web.errors';

/** Far deeper than any body of the contract. */
const MAX_DEPTH = 32;

/**
 * Names that JavaScript gives a meaning of its own: class-transformer drops some, and class-validator takes those
 * that every object inherits (`toString`) for known fields. No contract has such a field.
 */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
]);

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

/**
 * Reads JSON (RFC 8259) in which every name stands once and nothing nests deeper than 32 levels.
 * @param text the body, decoded
 * @returns the value; reserved names such as `__proto__` never reach it
 * @throws MalformedRequest when it is no JSON, nests too deep or doubles a name (400)
 * @throws InvalidInput naming fields with NUL, unpaired surrogates or reserved names (422)
 */
export function parseJson(text: string): unknown {
  const { members, depth } = measure(text);
  if (depth > MAX_DEPTH) throw new MalformedRequest(`The body nests deeper than ${MAX_DEPTH} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MalformedRequest('The body is no JSON.');
  }
  const errors: FieldError[] = [];
  const escapes = text.includes('\\u');
  // Of a doubled name only the last member survives parsing, however the name is escaped.
  if (inspect(value, '', escapes, errors) !== members && errors.length === 0)
    throw new MalformedRequest('The body holds a name twice in one object.');
  if (errors.length > 0) throw new InvalidInput(errors);
  return value;
}

/** Members and levels that are written: each member has one colon, each level one bracket, outside of strings. */
function measure(text: string): { members: number; depth: number } {
  let members = 0;
  let level = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // a string begins: skip to its end
        at = endOfString(text, at);
        break;
      case 0x3a: // :
        members++;
        break;
      case 0x7b: // {
      case 0x5b: // [
        level++;
        if (level > depth) depth = level;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        level--;
        break;
      default:
    }
  }
  return { members, depth };
}

/** Index of the quote that ends the string which begins at `start`; the text's end where none does. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote;
    at = quote + 1;
  }
}

/** Counts the members of a value, and collects the fields that break the rules for texts. */
function inspect(value: unknown, path: string, escapes: boolean, errors: FieldError[]): number {
  if (typeof value === 'string') {
    if (escapes && !isStorableText(value)) errors.push({ field: path, message: STORABLE_TEXT_RULE });
    return 0;
  }
  if (typeof value !== 'object' || value === null) return 0;
  const names = Object.keys(value);
  let members = Array.isArray(value) ? 0 : names.length;
  for (const name of names) {
    const inner = path === '' ? name : `${path}.${name}`;
    if (RESERVED_NAMES.has(name)) errors.push({ field: inner, message: 'is no known field' });
    else if (escapes && !isStorableText(name))
      errors.push({ field: asStorableText(inner), message: STORABLE_TEXT_RULE });
    members += inspect((value as Record<string, unknown>)[name], inner, escapes, errors);
  }
  return members;
}
