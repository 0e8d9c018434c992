import fc from 'fast-check';
import { jsonFault } from './json-fault';
import { parseJson } from './parse-json';

const refusal = (text: string): string => {
  try {
    parseJson(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the answer to a body that is not JSON', () => {
  it.each([
    ['a trailing comma', '{"a": 1,\n "b": 2,\n}', 'line 2, column 8: no comma may stand after the last one'],
    ['a trailing comma in a list', '[1, 2, ]', 'line 1, column 6: no comma may stand after the last one'],
    [
      'a pasted line break',
      '{"token": "abc\ndef"}',
      'line 1, column 15: a line break in a text must be written \\n',
    ],
    ['a name without quotes', '{token: 1}', 'line 1, column 2: a name must be in double quotes'],
    ['single quotes', `{"token": 'x'}`, 'line 1, column 11: a text must be in double quotes'],
    ['a missing comma', '{"a": 1 "b": 2}', 'line 1, column 9'],
    ['a missing end', '{"a": [1, 2', 'line 1, column 12'],
    ['more behind it', '{} {}', 'line 1, column 4'],
    ['a word', 'secret at position 3', 'line 1, column 1'],
    ['only white space', '  ', 'line 1, column 3'],
  ])('says where, and repeats nothing: %s', (_, text, where) => {
    expect(refusal(text)).toBe(`The body is not JSON: see ${where}.`);
  });

  it('finds a fault exactly where the engine refuses the text', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '"a"',
        '1',
        '-',
        '0',
        '.5',
        'e3',
        'true',
        'nul',
        ' ',
        '\n',
        '\\',
        '\\u00',
        'x',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        expect(jsonFault(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(jsonFault(text)).toBeUndefined();
      }),
    );
  });
});
