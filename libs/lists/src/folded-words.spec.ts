import { beginningPattern, fold, foldedBeginnings } from './folded-words';

describe('texts that are folded', () => {
  it.each([
    ['Éclair', 'eclair'],
    ['E\u0301clair', 'eclair'],
    ['STRASSE', 'strasse'],
    ['Straße', 'strasse'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['İstanbul', 'istanbul'],
    ['ﬁne', 'fine'],
    ['Ａｃｍｅ', 'acme'],
    ['  a \t\n\u3000b ', 'a b'],
    ['\u0301', ''],
  ])('have no case, no accents and no compatibility forms: %j', (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  it('do not change when they are folded again, no matter which characters they have', () => {
    const changed: string[] = [];
    for (let point = 0; point < 0x110000; point += 1) {
      if (point >= 0xd800 && point < 0xe000) continue;
      const folded = fold(`a${String.fromCodePoint(point)}b`);
      if (fold(folded) !== folded || /[\n\0]/.test(folded)) changed.push(point.toString(16));
    }
    expect(changed).toEqual([]);
  });

  it('begin with the folded form of what they began with', () => {
    const text = 'ΟΔΟΣ Éclair & Straße İz ﬁne ＡＣＭＥ';
    const characters = Array.from(text);
    for (let length = 1; length <= characters.length; length += 1)
      expect(fold(text).startsWith(fold(characters.slice(0, length).join('')))).toBe(true);
  });
});

describe('beginnings that are kept of texts', () => {
  it.each([
    [['Ada Lovelace'], ['ada lovelace', 'lovelace']],
    [
      ['C-42', null, 'a.b@c.example'],
      ['c-42', '42', 'a.b@c.example', 'b@c.example', 'c.example', 'example'],
    ],
    [["O'Brien (Köln)"], ["o'brien (koln)", 'brien (koln)', '(koln)', 'koln)']],
    [['100% x'], ['100% x', 'x']],
    [['Ada', 'ADA'], ['ada']],
    [[null, undefined, '', ' '], []],
  ])('begin after a space, and where a letter or digit follows something else: %j', (texts, beginnings) => {
    expect(foldedBeginnings(texts)).toEqual(beginnings);
  });

  it('are limited in length and in number', () => {
    const words = (text: number): string =>
      Array.from({ length: 500 }, (_, word) => `\u{1F98A}${text}x${word}`).join(' ');
    const beginnings = foldedBeginnings([1, 2, 3, 4].map(words));
    expect(beginnings).toHaveLength(80);
    expect(Math.max(...beginnings.map((beginning) => Array.from(beginning).length))).toBe(200);
  });

  it('are searched for without wildcards, up to the length that is kept, and never with an empty text', () => {
    expect(beginningPattern('Ä%_\\')).toBe('a\\%\\_\\\\%');
    expect(beginningPattern('É'.repeat(300))).toBe(`${'e'.repeat(200)}%`);
    for (const text of [' ', '\u0301', '']) expect(beginningPattern(text)).toBe('');
  });
});
