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
    '\n\uFF1D1+1',
    ' =1+1',
    '\u00A0@SUM(A1)',
    '\uFEFF-2+3',
  ])('are escaped where a spreadsheet would run them: %j', (text) => {
    expect(withoutFormula(text)).toBe(`'${text}`);
  });

  it.each([
    '',
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
