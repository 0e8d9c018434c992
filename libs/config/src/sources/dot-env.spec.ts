import fc from 'fast-check';
import { parseDotEnv } from './dot-env';

const read = (text: string): Readonly<Record<string, string>> => {
  const { variables, problems } = parseDotEnv(Buffer.from(text));
  expect(problems).toEqual([]);
  return variables;
};

describe('a line of .env that is understood', () => {
  it.each([
    ['a plain value', 'A=x y', { A: 'x y' }],
    ['white space around', '  A = x  ', { A: 'x' }],
    ['export', 'export A=x', { A: 'x' }],
    ['no value', 'A=', { A: '' }],
    ['single quotes', `A='x # "y" \\n $z '`, { A: 'x # "y" \\n $z ' }],
    ['double quotes', `A="x # 'y'"`, { A: `x # 'y'` }],
    ['backquotes', 'A=`x"\'y`', { A: `x"'y` }],
    ['a comment after quotes', `A='x' # why`, { A: 'x' }],
    ['a quote within', `A=it's`, { A: `it's` }],
    ['a further =', 'A=v1:abc==', { A: 'v1:abc==' }],
    ['nothing expanded', 'A=$B${C}\\n', { A: '$B${C}\\n' }],
    ['comments and blank lines', '# one\n\n  # two\n \nA=x\n', { A: 'x' }],
    ['a byte order mark', '\uFEFFA=x\nB=y', { A: 'x', B: 'y' }],
    ['line ends of Windows', 'A=x\r\nB="y"\r\n', { A: 'x', B: 'y' }],
    ['Unicode', 'A=pässwörd', { A: 'pässwörd' }],
    ['names of other programs', 'a_b=1', { a_b: '1' }],
  ])('may have %s', (_, text, variables) => {
    expect(read(text)).toEqual(variables);
  });
});

describe('a line of .env that is not understood', () => {
  it.each([
    ['an unquoted # within a word', 'A=canary#7f3a', /single quotes/],
    ['an unquoted # after a blank', 'A=x # canary', /single quotes/],
    ['YAML', 'A: canary', /NAME=value/],
    ['YAML with =', 'A: canary=x', /NAME=value/],
    ['a name alone', 'canary', /NAME=value/],
    ['no name', '=canary', /NAME=value/],
    ['a blank within the name', 'A B=canary', /NAME=value/],
    ['a name that begins with a digit', '1A=canary', /NAME=value/],
    ['a hyphen in the name', 'A-B=canary', /NAME=value/],
    ['a separator of lines in the value', 'A=b\u2028canary', /NAME=value/],
    ['an invisible character in front of the name', '\u200bA=canary', /NAME=value/],
    ['a quote that is not closed', `A='canary`, /closing '/],
    ['a value over two lines', 'A="canary\nB"', /closing "/],
    ['text after the quotes', `A='canary'x`, /after the closing '/],
    ['a backslash in double quotes', 'A="canary\\n"', /backslash/],
    ['typographic quotes', 'A=“canary”', /typographic/],
    ['a control character', 'A=can\u0007ary', /control/],
    ['a carriage return alone', 'A=canary\rB=y', /control/],
    ['a name given twice', 'B=1\nB=canary', /line \d/],
  ])('is refused by its number: %s', (_, line, rule) => {
    const { problems } = parseDotEnv(Buffer.from(`# first\n${line}\nZ=z\n`));
    expect(problems.length).toBeGreaterThanOrEqual(1);
    expect(problems.every(({ line: number }) => [2, 3].includes(number))).toBe(true);
    expect(problems[0]?.rule).toMatch(rule);
    expect(JSON.stringify(problems)).not.toContain('canary');
  });

  it.each([
    ['UTF-16 LE', Buffer.from('\uFEFFA=x\nB=y\n', 'utf16le'), 1, /UTF-16/],
    ['UTF-16 BE', Buffer.from('\uFEFFA=x\nB=y\n', 'utf16le').swap16(), 1, /UTF-16/],
    ['UTF-16 without a byte order mark', Buffer.from('A=x\nB=y\n', 'utf16le'), 1, /UTF-16/],
    ['Latin-1', Buffer.from('A=x\nB=\xfc\n', 'latin1'), 2, /not UTF-8/],
  ])('is reported for a file in %s', (_, bytes, line, rule) => {
    expect(parseDotEnv(bytes).problems).toEqual([{ line, rule: expect.stringMatching(rule) }]);
  });

  it('is reported for each of them at once', () => {
    const { problems } = parseDotEnv(Buffer.from('A: 1\nB=2\nC=#3\n'));
    expect(problems.map(({ line }) => line)).toEqual([1, 3]);
  });
});

describe('whatever the value', () => {
  it('what single quotes hold is read as it is', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => !/['\0-\x1f\x7f]/.test(value));
    fc.assert(
      fc.property(text, (value) => {
        expect(read(`A='${value}'\n`)).toEqual({ A: value });
      }),
    );
  });

  it('without quotes it is read whole, or refused', () => {
    const text = fc.string().filter((value) => !/^\s*['"]/.test(value));
    fc.assert(
      fc.property(text, (value) => {
        const { variables, problems } = parseDotEnv(Buffer.from(`A=${value}\n`));
        if (problems.length === 0) expect(variables.A ?? '').toBe(value.trim());
      }),
    );
  });

  it('after quotes only white space, or white space and a comment, may follow', () => {
    fc.assert(
      fc.property(fc.string(), (rest) => {
        const { variables, problems } = parseDotEnv(Buffer.from(`A="b"${rest}\n`));
        if (problems.length === 0) {
          expect(variables).toEqual({ A: 'b' });
          expect(rest).toMatch(/^\s*$|^\s+#/);
        }
      }),
    );
    expect(parseDotEnv(Buffer.from('A="b"#c\n')).problems).toEqual([
      { line: 1, rule: 'has text after the closing "' },
    ]);
  });
});
