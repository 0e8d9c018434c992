/**
 * C0 and C1 controls, DEL, the line and paragraph separators of Unicode, and what sets the direction of text: what some
 * reader takes for the end of a line (Python's `splitlines`, `readline` of Node 24), or a terminal obeys.
 */
const CONTROL = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Text with its control characters spelled out as JSON does it: `\u001b`. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * A value as JSON (RFC 8259) that every reader takes for exactly one line. JSON itself escapes only the controls below
 * U+0020; the others are escaped too, which stands for the same text.
 * @param value an object or an array
 * @returns without a line feed at its end
 */
export function jsonLine(value: object): string {
  return escapeControls(JSON.stringify(value));
}
