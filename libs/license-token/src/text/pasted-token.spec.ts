import { cleanPaste } from './pasted-token';

/** Three parts of base64url; the last character of a signature is one of AQgw. */
const TOKEN = `eyJ${'aB-_9'.repeat(20)}.eyJ${'Zz09-'.repeat(60)}.${'q_-W'.repeat(21)}dQ`;

const folded = (width: number, end: string): string =>
  (TOKEN.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(end);

describe('cleanPaste', () => {
  it.each([
    ['as it is', TOKEN, []],
    ['with blanks and line breaks around', ` \r\n\t${TOKEN}\n`, ['white_space']],
    ['folded by a mail program', folded(76, '\r\n'), ['white_space']],
    ['with a no-break space and an em space within', TOKEN.replace('.', '\u00a0.\u2003'), ['white_space']],
    ['in quotation marks', `"${TOKEN}"`, ['quotes']],
    ['in typographic quotation marks', `\u201e${TOKEN}\u201c`, ['quotes']],
    ['in code marks with a comma', `\`${TOKEN}\`,`, ['quotes']],
    ['in angle brackets', `<${TOKEN}>`, ['quotes']],
    ['after Bearer', `Bearer ${TOKEN}`, ['bearer', 'white_space']],
    ['after a whole header', `Authorization: bearer  ${TOKEN}\r\n`, ['bearer', 'white_space']],
    ['after Bearer, in quotes, with blanks', `" Bearer ${TOKEN} "`, ['bearer', 'quotes', 'white_space']],
    ['with zero-width spaces', `\u200b${TOKEN.replace('.', '\u200b.\u2060')}`, ['invisible_characters']],
    ['with soft hyphens', TOKEN.replaceAll('Z', '\u00adZ'), ['invisible_characters']],
    ['after a byte order mark', `\ufeff${TOKEN}`, ['byte_order_mark']],
    ['as quoted-printable', folded(75, '=\r\n'), ['soft_line_breaks']],
    ['as quoted-printable with blanks that a gateway added', folded(75, '= \n'), ['soft_line_breaks']],
    [
      'in a frame as of PEM',
      `-----BEGIN AEGIS LICENSE-----\n${folded(64, '\n')}\n-----END AEGIS LICENSE-----\n`,
      ['frame', 'white_space'],
    ],
    [
      'in an indented frame within a mail',
      `Hello,\n  -----BEGIN LICENSE-----\r\n  ${folded(64, '\r\n  ')}\r\n  -----END LICENSE-----\r\nRegards`,
      ['frame', 'white_space'],
    ],
    [
      'in a frame of which a program made long dashes',
      `\u2014\u2014-BEGIN LICENSE\u2014\u2014-\n${TOKEN}\n\u2014\u2014-END LICENSE\u2014\u2014-`,
      ['frame', 'white_space'],
    ],
    ['in a frame on one line', `-----BEGIN LICENSE-----${TOKEN}-----END LICENSE-----`, ['frame']],
    ['in the reply to a reply', `> > ${folded(60, '\n> > ')}`, ['reply_marks', 'white_space']],
  ])('finds the token %s', (_, text, removed) => {
    expect(cleanPaste(text)).toEqual({ token: TOKEN, removed });
  });

  it.each(['', ' ', 'hello', 'hello world', '"', 'Bearer', 'Bearer ', '-----BEGIN X-----', 'BEGIN'])(
    'makes no token of %j',
    (text) => {
      expect(cleanPaste(text).token).not.toMatch(/\./);
    },
  );

  it.each(['-', '=', '> ', '"', ' ', '\u200b', 'BEGIN ', 'BEGIN A-', '--END ', '--END A', 'Bearer ', '=\n'])(
    'takes a text full of %j in linear time',
    (text) => {
      expect(cleanPaste(text.repeat(65_536 / text.length)).token.length).toBeLessThanOrEqual(65_536);
    },
  );
});
