const SCHEME = /^[a-z][a-z0-9+.-]*:\//;
/** White space of any kind, controls, invisible characters, and the backslash, which some parsers take for a slash. */
const NOT_PLAIN = /[\s\p{Cc}\p{Cf}\\]/u;

/**
 * Whether every parser of URLs reads this text alike. The WHATWG parser removes white space and control characters,
 * lowers the case of the scheme, and adds slashes that are missing; database drivers and clients of services do not,
 * so that what was checked would not be what is used.
 */
export function isPlainUrl(text: string): boolean {
  if (NOT_PLAIN.test(text) || !SCHEME.test(text) || !URL.canParse(text)) return false;
  return !text.startsWith('http') || /^https?:\/\/[^/]/.test(text);
}
