/**
 * A JSON answer as it is sent: with a line feed at its end, which JSON allows (RFC 8259 section 2), so that a terminal's
 * prompt and the next answer begin on a line of their own.
 */
export function jsonAnswer(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
