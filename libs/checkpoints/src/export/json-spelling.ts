const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const FIRST_BEYOND_ASCII = 0x7f;
const UNICODE_ESCAPE = 0x1_0000;
const OTHER_ESCAPE = 0x2_0000;

/**
 * Whether two valid JSON texts are the same except for the spelling of characters beyond ASCII: tools differ in whether they
 * escape them, and in the case of the digits (`é`, `\u00e9`, `\u00E9`). Nothing is copied: one of the texts may be made of
 * millions of escapes.
 */
export function areSpelledAlike(one: string, other: string): boolean {
  let at = 0;
  let otherAt = 0;
  while (at < one.length && otherAt < other.length) {
    if (characterAt(one, at) !== characterAt(other, otherAt)) return false;
    at += widthAt(one, at);
    otherAt += widthAt(other, otherAt);
  }
  return at >= one.length && otherAt >= other.length;
}

/** A number for the character or the escape that begins here; the same for a character beyond ASCII and its escape. */
function characterAt(json: string, at: number): number {
  const code = json.charCodeAt(at);
  if (code >= FIRST_BEYOND_ASCII) return UNICODE_ESCAPE + code;
  if (code !== BACKSLASH) return code;
  const escaped = json.charCodeAt(at + 1);
  if (escaped !== LETTER_U) return OTHER_ESCAPE + escaped;
  return UNICODE_ESCAPE + parseInt(json.slice(at + 2, at + 6), 16);
}

function widthAt(json: string, at: number): number {
  if (json.charCodeAt(at) !== BACKSLASH) return 1;
  return json.charCodeAt(at + 1) === LETTER_U ? 6 : 2;
}
