import { withoutOuterWhiteSpace } from './white-space';

/** What copying, mail programs and editors add to a token. */
export const PASTE_REMAINS = [
  'byte_order_mark',
  'invisible_characters',
  'soft_line_breaks',
  'frame',
  'reply_marks',
  'bearer',
  'quotes',
  'white_space',
] as const;
export type PasteRemain = (typeof PASTE_REMAINS)[number];

/** A pasted text without what copying added, and what that was, in the order of `PASTE_REMAINS`. */
export interface CleanedPaste {
  token: string;
  removed: PasteRemain[];
}

const BYTE_ORDER_MARK = /\ufeff/g;
/** Zero-width characters, soft hyphens, marks of direction: none of them can be seen. */
const INVISIBLE = /[\p{Cf}\u180e]/gu;
/** Quoted-printable breaks a line by `=` at its end (RFC 2045 section 6.7). */
const SOFT_BREAK = /=[ \t]{0,8}(?:\r\n|\n|\r)/g;
/** As in PEM (RFC 7468); some programs make one long dash of several. */
const FRAME_BEGIN = /BEGIN [A-Z0-9 ]{1,60}[-\u2013\u2014]+/;
const FRAME_END = /[-\u2013\u2014]{2}\s?END [A-Z0-9 ]{1,60}[-\u2013\u2014]/;
const REPLY_MARK = /^[ \t]{0,8}(?:>[ \t]?)+/;
const BEARER = /^(?:authorization:\s{0,8})?bearer(?=\s)/i;
const QUOTES = `"'\`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a<>,;`;
const WHITE_SPACE = /\p{White_Space}/gu;

/**
 * Removes from a token what copying adds: white space anywhere, quotes, `Bearer`, invisible characters, a byte order
 * mark, the soft line breaks of quoted-printable, marks of a reply and a frame as of PEM. Each step takes time linear
 * in the length of the text. The rest is not judged.
 * @param text as pasted
 */
export function cleanPaste(text: string): CleanedPaste {
  const removed = new Set<PasteRemain>();
  let rest = text;
  const take = (remain: PasteRemain, cleaned: string): void => {
    if (cleaned !== rest) removed.add(remain);
    rest = cleaned;
  };
  take('byte_order_mark', rest.replace(BYTE_ORDER_MARK, ''));
  take('invisible_characters', rest.replace(INVISIBLE, ''));
  take('soft_line_breaks', rest.replace(SOFT_BREAK, ''));
  take('frame', withoutFrame(rest));
  take(
    'reply_marks',
    rest
      .split('\n')
      .map((line) => line.replace(REPLY_MARK, ''))
      .join('\n'),
  );
  // Quotes may stand around `Bearer` and within it.
  for (let before = ''; before !== rest;) {
    before = rest;
    take('white_space', withoutOuterWhiteSpace(rest));
    take('quotes', withoutOuterQuotes(rest));
    take('bearer', rest.replace(BEARER, ''));
  }
  take('white_space', rest.replace(WHITE_SPACE, ''));
  return { token: rest, removed: PASTE_REMAINS.filter((remain) => removed.has(remain)) };
}

function withoutFrame(text: string): string {
  const begin = FRAME_BEGIN.exec(text);
  if (begin === null) return text;
  const framed = text.slice(begin.index + begin[0].length);
  const end = FRAME_END.exec(framed);
  // Neither end of a token is a dash: it begins with a JSON object, and ends with spare bits that are zero.
  return end === null ? framed : withoutOuter(framed.slice(0, end.index), '-\u2013\u2014');
}

function withoutOuterQuotes(text: string): string {
  return withoutOuter(text, QUOTES);
}

function withoutOuter(text: string, characters: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && characters.includes(text.charAt(start))) start++;
  while (end > start && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
