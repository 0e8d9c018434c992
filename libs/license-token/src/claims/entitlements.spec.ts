import { brokenEntitlementRules, type Entitlements, inStoredOrder, takesAway } from './entitlements';

const CODE = 'each code must be a letter of a-z and up to 49 of a-z 0-9 _ . -';
const VALUE =
  'must be true, false, a whole number from 0 to 9007199254740991, or a text of at most 200 characters';
const codes = (count: number): Record<string, boolean> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, true]));
/** A text whose entitlements take so many bytes as JSON. */
const ofBytes = (bytes: number): Record<string, string> => {
  const pieces = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`t${index}`, 'x'.repeat(200)]));
  const rest = bytes - JSON.stringify({ ...pieces, z: '' }).length;
  return { ...pieces, z: 'x'.repeat(rest) };
};

describe('brokenEntitlementRules', () => {
  it.each<[string, unknown]>([
    ['none', {}],
    ['each kind of value', { a: true, b: false, c: 0, d: 9_007_199_254_740_991, e: '', f: 'pro' }],
    ['names that every object inherits', JSON.parse('{"constructor":true,"prototype":1}')],
    ['every character of a code', { 'a.b-c_d9': true }],
    ['a code of 50 characters', { [`a${'b'.repeat(49)}`]: true }],
    ['a text of 200 characters that take two units each', { a: '🚀'.repeat(200) }],
    ['100 entries', codes(100)],
    ['2,048 bytes', ofBytes(2_048)],
  ])('accepts %s', (_what, entitlements) => {
    expect(brokenEntitlementRules(entitlements)).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['null', null, 'must be an object of codes and their values'],
    ['a list', [], 'must be an object of codes and their values'],
    ['a text', 'a', 'must be an object of codes and their values'],
    ['101 entries', codes(101), 'must have at most 100 entries'],
    ['2,049 bytes', ofBytes(2_049), 'must take at most 2048 bytes as JSON'],
    [
      'characters of three bytes each',
      Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`t${index}`, '株'.repeat(200)])),
      'must take at most 2048 bytes as JSON',
    ],
    ['an empty code', { '': true }, CODE],
    ['a code in upper case', { Pro: true }, CODE],
    ['a code of 51 characters', { [`a${'b'.repeat(50)}`]: true }, CODE],
    ['a code that begins with a digit', { '1a': true }, CODE],
    ['a code and a line break', { 'a\n': true }, CODE],
    ['the prototype', JSON.parse('{"__proto__":true}'), CODE],
    ['null as a value', { a: null }, `a ${VALUE}`],
    ['an object as a value', { a: {} }, `a ${VALUE}`],
    ['a list as a value', { a: [] }, `a ${VALUE}`],
    ['a number below 0', { a: -1 }, `a ${VALUE}`],
    ['a fraction', { a: 1.5 }, `a ${VALUE}`],
    ['2^53', { a: 9_007_199_254_740_992 }, `a ${VALUE}`],
    ['a text of 201 characters', { a: 'x'.repeat(201) }, `a ${VALUE}`],
    ['NUL in a text', { a: 'x\0' }, `a ${VALUE}`],
    ['half a character', { a: '\ud800' }, `a ${VALUE}`],
  ])('refuses %s', (_what, entitlements, rule) => {
    expect(brokenEntitlementRules(entitlements)).toEqual([rule]);
  });

  it('names all rules that are broken at once, and no value', () => {
    expect(brokenEntitlementRules({ A: true, b: -7, c: [] })).toEqual([CODE, `b ${VALUE}`, `c ${VALUE}`]);
  });
});

describe('inStoredOrder', () => {
  it('sorts as PostgreSQL does: shorter codes first, then by their bytes', () => {
    const codesOf = Object.keys(inStoredOrder({ bb: 1, constructor: true, a_: 2, 'a-': 3, c: 4 }));
    expect(codesOf).toEqual(['c', 'a-', 'a_', 'bb', 'constructor']);
  });
});

describe('takesAway', () => {
  const own = (json: string): Entitlements => JSON.parse(json) as Entitlements;

  it.each([
    ['{"a":true}', '{}'],
    ['{"a":true}', '{"a":false}'],
    ['{"a":true}', '{"b":true}'],
    ['{"a":5}', '{"a":4}'],
    ['{"a":5}', '{"a":true}'],
    ['{"a":"pro"}', '{"a":"basic"}'],
    ['{"a":true,"b":1}', '{"a":true}'],
    ['{"constructor":true}', '{}'],
  ])('finds that %s becomes less by %s', (before, after) => {
    expect(takesAway(own(before), own(after))).toBe(true);
  });

  it.each([
    ['{}', '{"a":true}'],
    ['{"a":false}', '{}'],
    ['{"a":false}', '{"a":true}'],
    ['{"a":5}', '{"a":5}'],
    ['{"a":5}', '{"a":6,"b":"x"}'],
    ['{"a":"pro"}', '{"a":"pro"}'],
  ])('finds that %s does not become less by %s', (before, after) => {
    expect(takesAway(own(before), own(after))).toBe(false);
  });
});
