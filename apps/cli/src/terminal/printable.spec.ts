import { printable, printableLines } from './printable';

describe('a text that someone else chose', () => {
  it.each([
    ['line breaks of every kind', 'a\nb\rc\u0085d\u2028e\u2029f', 'a?b?c?d?e?f'],
    ['CR LF, which are two characters', 'a\r\nb', 'a??b'],
    ['tabs, which would shift a column', 'a\tb', 'a?b'],
    ['escape sequences', '\u001b[31mred\u001b]0;title\u0007', '?[31mred?]0;title?'],
    ['controls beyond ASCII', '\u009b31m\u007f\u0080', '?31m??'],
    ['overrides and isolates of direction', 'a\u202eb\u2067c\u200fd', 'a?b?c?d'],
    ['what is not visible', '\ufeffa\u200bb\u00ad\u{e0001}', '?a?b??'],
    ['nothing else', ' Zoë 🦊 שלום "\'\\ \u00a0', ' Zoë 🦊 שלום "\'\\ \u00a0'],
    ['nothing of an empty one', '', ''],
  ])('is printed without %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('is printed without any C0 or C1 control character', () => {
    for (let code = 0; code < 0xa0; code += 1) {
      const character = String.fromCharCode(code);
      const isControl = code < 0x20 || code >= 0x7f;
      expect(printable(character)).toBe(isControl ? '?' : character);
    }
  });
});

it('keeps its line breaks and loses every other control character', () => {
  expect(printableLines('one\n  two\u001b[2J\r\n\u2028')).toBe('one\n  two?[2J?\n?');
});
