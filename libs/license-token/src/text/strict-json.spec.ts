import fc from 'fast-check';
import { parseStrictJsonObject } from './strict-json';

describe('parseStrictJsonObject', () => {
  it.each([
    ['at the top', '{"a":1,"a":1}'],
    ['in an object', '{"o":{"a":1,"a":2}}'],
    ['in an object in a list', '{"l":[0,[{"a":1,"b":2,"a":3}]]}'],
    ['by an escape', '{"kid":1,"k\\u0069d":2}'],
    ['by an escape in both', '{"\\u006bid":1,"k\\u0069d":2}'],
    ['holding objects', '{"a":{"x":1},"a":{"x":1}}'],
    ['empty', '{"":1,"":2}'],
    ['called __proto__', '{"__proto__":1,"__proto__":2}'],
    ['with a quote and a colon in it', '{"\\":":1,"\\":":2}'],
    ['whose first holds as many names as the second adds', '{"a":{"x":1,"y":2},"a":0,"b":0}'],
  ])('refuses a doubled name %s', (_where, json) => {
    expect(parseStrictJsonObject(json)).toBeNull();
  });

  it.each([
    ['{}', {}],
    ['{"a":{"a":[{"a":1},{"a":2}]}}', { a: { a: [{ a: 1 }, { a: 2 }] } }],
    ['{"a:b":"c:d","e":"\\":\\\\"}', { 'a:b': 'c:d', e: '":\\' }],
    ['{"a":null,"A":true}', { a: null, A: true }],
    ['{"2":1,"1":2}', { 1: 2, 2: 1 }],
  ])('reads %s', (json, value) => {
    expect(parseStrictJsonObject(json)).toEqual(value);
  });

  it.each([
    '',
    ' ',
    '[]',
    '[{}]',
    'null',
    '1',
    '"{}"',
    '{',
    '{}x',
    '{"a":1,}',
    "{'a':1}",
    '\uFEFF{}',
    '{a:1}',
  ])('refuses %j, which is not a JSON object', (json) => {
    expect(parseStrictJsonObject(json)).toBeNull();
  });

  it('reads 16 levels at most', () => {
    const nested = (levels: number): string => '{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1);
    expect(parseStrictJsonObject(nested(16))).toMatchObject({ a: { a: { a: {} } } });
    expect(parseStrictJsonObject(nested(17))).toBeNull();
  });

  it.each([
    ['lists', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['objects', `${'{"a":'.repeat(10_000)}0${'}'.repeat(10_000)}`],
  ])('refuses 10,000 nested %s', (_of, json) => {
    expect(parseStrictJsonObject(json)).toBeNull();
  });

  it('reads whatever JSON.stringify writes of an object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (value) => {
        const json = JSON.stringify(value, null, 1);
        expect(parseStrictJsonObject(json)).toEqual(JSON.parse(json));
      }),
    );
  });

  it('refuses it with any one member written twice', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 }),
        fc.nat(),
        fc.jsonValue({ maxDepth: 3 }),
        (value, which, other) => {
          const names = Object.keys(value);
          const doubled = JSON.stringify(names[which % names.length]);
          const json = `{${doubled}:${JSON.stringify(other)},${JSON.stringify(value).slice(1)}`;
          expect(parseStrictJsonObject(json)).toBeNull();
        },
      ),
    );
  });
});
