/** A text that someone else chose, on one line and without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/** Lines without what a terminal would obey. The texts of others in them were made `printable` before. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
