import fc from 'fast-check';
import type { JsonBounds } from './json-bounds';
import { parseJson } from './parse-json';

const BOUNDS: JsonBounds = { lists: new Map([['items', 1_000]]), freeNames: new Set(), values: 12_108 };
const STRUCTURAL = [':', ',', '[', ']', '{', '}', ' ', '1', '""', '"a"'];
/** Escaped, a name must be read to know how long it is, and whether a list of that name is known. */
const NAMES = ['\\u0061'.repeat(64), '\\u0069tems', '\\u0061'.repeat(11), 'items'];

/** How often JSON texts are read while a body is looked at, the body itself included. */
function readingsOf(body: string, bounds: JsonBounds): number {
  const reader = jest.spyOn(JSON, 'parse');
  try {
    parseJson(body, bounds);
  } catch {
    // Refused, as nearly all of these are.
  }
  const readings = reader.mock.calls.length;
  reader.mockRestore();
  return readings;
}

/** What is refused, and with which words. */
function refusalOf(body: string, bounds: JsonBounds): string {
  try {
    parseJson(body, bounds);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a scan of JSON', () => {
  const units = STRUCTURAL.flatMap((one) => STRUCTURAL.map((other) => one + other));

  it.each(NAMES)('reads the name %s no more than twice, whatever is repeated after it', (name) => {
    const dear = ['', ':', ':['].flatMap((after) =>
      [...STRUCTURAL, ...units]
        .map((unit) => `{"${name}"${after}${unit.repeat(5_000)}`)
        // For its length, for the list that it holds, and the body.
        .filter((body) => readingsOf(body, BOUNDS) > 3),
    );
    expect(dear.map((body) => body.slice(-40))).toEqual([]);
  });

  it('refuses a colon that does not follow its own name', () => {
    expect(refusalOf('{"a"::1}', BOUNDS)).toBe('The body is not JSON: see line 1, column 6.');
    expect(refusalOf('{"a":1:2}', BOUNDS)).toBe('The body is not JSON: see line 1, column 7.');
    expect(refusalOf(':', BOUNDS)).toBe('The body is not JSON: see line 1, column 1.');
  });

  it('stops at more members than there may be values', () => {
    const reader = jest.spyOn(JSON, 'parse');
    expect(
      refusalOf(`{${'"a":'.repeat(101)}`, { lists: new Map(), freeNames: new Set(), values: 100 }),
    ).not.toBe('');
    expect(reader).not.toHaveBeenCalled();
    reader.mockRestore();
  });

  it('limits the elements of a list by the name of its member', () => {
    const long = `[${'1,'.repeat(500)}1]`;
    expect(parseJson(`{"x":[1],"items":${long}}`, BOUNDS)).toHaveProperty('items.length', 501);
    expect(parseJson(`{"x":[1],"\\u0069tems":${long}}`, BOUNDS)).toHaveProperty('items.length', 501);
    expect(() => parseJson(`{"items":[1],"x":${long}}`, BOUNDS)).toThrow();
  });

  it('takes all JSON that is within the bounds', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(
          !/"(?:__|constructor|toString|valueOf|hasOwn|isProto|propertyIs|toLocale|prototype)/.test(text),
        );
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});
