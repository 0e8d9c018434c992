import { csv, withoutFormula } from './csv';

describe('cells of CSV', () => {
  it.each(['\n', '\r', '\r\n', '"', ',', 'a\nb', '\n\n'])('are quoted with %j within', (text) => {
    expect(csv([['x', text, 'y']])).toBe(`x,"${text.replaceAll('"', '""')}",y\r\n`);
  });

  it.each([
    '=1+1',
    '=cmd|calc!A0',
    '+cmd',
    '-2+3',
    '@SUM(A1)',
    '\tx',
    '\rx',
    '-',
    '+',
    '+1+1',
    '--1',
    '-abc',
    '\uFF1D1+1',
    '\uFF0Bcmd',
    '\uFF0D2+3',
    '\uFF20SUM(A1)',
    '\uFF0B49 30 1234567',
    ' \uFF1D1+1',
    '\u3000\uFF20SUM(A1)',
    ' =1+1',
    '\u00A0@SUM(A1)',
    '\uFEFF-2+3',
    '\u200B=1+1',
    '\u2060=1+1',
    '\u00AD\u3164=1+1',
    '\u0000=1+1',
    '\uFE661+1',
    '\uFE62cmd',
  ])('are escaped if a spreadsheet would run them: %j', (text) => {
    expect(withoutFormula(text)).toBe(`'${text}`);
  });

  it('are escaped for every character whose compatibility form is the sign of a formula', () => {
    const signs = Array.from({ length: 0x110000 }, (_, point) => point)
      .filter((point) => point < 0xd800 || point > 0xdfff)
      .map((point) => String.fromCodePoint(point))
      .filter((character) => /^[=+\-@\u2212]/.test(character.normalize('NFKC')));
    expect(signs.length).toBeGreaterThan(10);
    expect(signs.filter((sign) => withoutFormula(`${sign}x`) === `${sign}x`)).toEqual([]);
    expect(signs.filter((sign) => withoutFormula(`a;${sign}x`) === `a;${sign}x`)).toEqual([]);
  });

  it.each([
    [`x;=cmd|' /C calc'!A0`, `x;'=cmd|' /C calc'!A0`],
    ['x; =1+1', "x;' =1+1"],
    ['x\t=1+1', "x\t'=1+1"],
    ['x\n=1+1', "x\n'=1+1"],
    ['x\r\n@SUM(A1)', "x\r\n'@SUM(A1)"],
    ['\n\uFF1D1+1', "'\n'\uFF1D1+1"],
    ['x;"=1+1"', `x;'"=1+1"`],
    ['x;\u200B\uFE661', "x;'\u200B\uFE661"],
    ['x;;=1;=2', "x;;'=1;'=2"],
    ['=1;=2', "'=1;'=2"],
    ['-1;=2', "'-1;'=2"],
    ['-1\n+cmd', "'-1\n'+cmd"],
  ])('are escaped if a spreadsheet with another separator would begin a cell: %j', (text, escaped) => {
    expect(withoutFormula(text)).toBe(escaped);
  });

  it('are written in linear time', () => {
    const long = withoutFormula(`x${'\t'.repeat(200_000)}y;${' '.repeat(200_000)}y`);
    expect(long.length === 400_004).toBe(true);
  });

  it.each([
    '',
    'a; b',
    'Mozilla/5.0 (X11; Linux x86_64; rv:1)',
    'tel; +49 30 1234567; -5; x',
    'a\n\nb',
    'a;b=1',
    'a=1',
    "'=1",
    '-1',
    '+1',
    '-12.50',
    '+49 30 1234567',
    '+1 (555) 010-9999',
    '+49/30/12',
    '1-2',
    ' a=1',
    ' -1',
    ' +49 30 1234567',
    'a\uFF1D1',
  ])('stay as they are otherwise: %j', (text) => {
    expect(withoutFormula(text)).toBe(text);
  });
});
