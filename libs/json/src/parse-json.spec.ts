import type { InvalidInput } from '@aegis/errors';
import type { JsonBounds } from './json-bounds';
import { parseJson } from './parse-json';

const BOUNDS: JsonBounds = { lists: new Map(), freeNames: new Set(['entitlements']), values: 1_000 };

function fieldsRefused(text: string): string[] {
  try {
    parseJson(text, BOUNDS);
    return [];
  } catch (error) {
    return [...(error as InvalidInput).errors].map(({ field }) => field);
  }
}

describe('a field whose names are of the caller', () => {
  it('keeps names that every object inherits as its own', () => {
    const text = '{"entitlements":{"__proto__":1,"constructor":2,"toString":3,"hasOwnProperty":4}}';
    const { entitlements } = parseJson(text, BOUNDS) as { entitlements: object };
    expect(Object.entries(entitlements)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
      ['toString', 3],
      ['hasOwnProperty', 4],
    ]);
    expect(Object.getPrototypeOf(entitlements)).toBe(Object.prototype);
  });

  it.each([
    ['next to it', '{"constructor":1,"entitlements":{}}', ['constructor']],
    ['within its values', '{"entitlements":{"a":{"constructor":1}}}', ['entitlements.a.constructor']],
    ['in a list in its place', '{"entitlements":[{"toString":1}]}', ['entitlements.0.toString']],
    ['in another field', '{"other":{"valueOf":1}}', ['other.valueOf']],
    [
      'in a member of its name in another field',
      '{"other":{"entitlements":{"constructor":1}}}',
      ['other.entitlements.constructor'],
    ],
    [
      'of its name in a list',
      '{"other":[{"entitlements":{"constructor":1}}]}',
      ['other.0.entitlements.constructor'],
    ],
    [
      'of its name within it',
      '{"entitlements":{"entitlements":{"constructor":1}}}',
      ['entitlements.entitlements.constructor'],
    ],
  ])('leaves reserved names refused %s', (_where, text, fields) => {
    expect(fieldsRefused(text)).toEqual(fields);
  });

  it('takes no name twice, and no name with half a character', () => {
    expect(() => parseJson('{"entitlements":{"a":1,"\\u0061":2}}', BOUNDS)).toThrow(/duplicate name/);
    expect(fieldsRefused('{"entitlements":{"a\\ud800":1}}')).toHaveLength(1);
  });
});
