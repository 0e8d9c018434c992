import { withoutOuterWhiteSpace } from './white-space';

/** Every character with the property White_Space (Unicode 15, PropList.txt). */
const WHITE = [
  ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
  ...Array.from({ length: 11 }, (_, index) => 0x2000 + index),
].map((code) => String.fromCharCode(code));

describe('withoutOuterWhiteSpace', () => {
  it.each(WHITE)('removes %j at either end, and none within', (white) => {
    expect(withoutOuterWhiteSpace(`${white}${white}a${white}b${white}\r\n`)).toBe(`a${white}b`);
  });

  it.each(['\ufeff', '\u200b', '\u2060', '\0', '"', '\u180e'])(
    'leaves %j, which is not white space',
    (other) => {
      expect(withoutOuterWhiteSpace(`${other}a${other}`)).toBe(`${other}a${other}`);
    },
  );

  it('leaves nothing of blanks alone', () => {
    expect(withoutOuterWhiteSpace(' \n\t ')).toBe('');
    expect(withoutOuterWhiteSpace('')).toBe('');
  });

  it('takes a text full of blanks in linear time', () => {
    const text = `a${' '.repeat(2_000_000)}b`;
    expect(withoutOuterWhiteSpace(text)).toBe(text);
  });
});
