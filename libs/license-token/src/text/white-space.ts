const WHITE_SPACE = /^\p{White_Space}$/u;

/**
 * A text without white space (Unicode's property White_Space) at its ends, as it comes with a token that was read from
 * a file or pasted. Nothing within it changes.
 */
export function withoutOuterWhiteSpace(text: string): string {
  // Not by one pattern: its search for the end would try every run of blanks within, in quadratic time.
  let start = 0;
  let end = text.length;
  while (start < end && isWhite(text, start)) start++;
  while (end > start && isWhite(text, end - 1)) end--;
  return text.slice(start, end);
}

function isWhite(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  // Visible ASCII, as all of a token is: spares the hot path the pattern.
  return !(code > 0x20 && code < 0x7f) && WHITE_SPACE.test(text.charAt(at));
}
