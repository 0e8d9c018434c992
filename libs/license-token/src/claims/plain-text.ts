/** NUL can't be stored by PostgreSQL, and a lone surrogate is not Unicode text (RFC 7493 section 2.1). */
const NO_TEXT = /[\0\p{Surrogate}]/u;

/** Whether a value is a text that can be stored. */
export function text(value: unknown): boolean {
  return typeof value === 'string' && !NO_TEXT.test(value);
}
