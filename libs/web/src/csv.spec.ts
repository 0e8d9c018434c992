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
    ' =1',
  ])('stay as they are otherwise: %j', (text) => {
    expect(withoutFormula(text)).toBe(text);
  });
});
