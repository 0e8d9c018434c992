import fc from 'fast-check';
import { areSpelledAlike } from './json-spelling';

describe('two spellings of a JSON text', () => {
  it.each([
    ['', ''],
    ['{"a":"é"}', '{"a":"\\u00e9"}'],
    ['{"a":"é"}', '{"a":"\\u00E9"}'],
    ['"\\u00e9"', '"\\u00E9"'],
    ['"\\n\\"\\\\"', '"\\n\\"\\\\"'],
    ['"\\\\u00e9"', '"\\\\u00e9"'],
    ['"🦊"', '"\\ud83e\\uDD8A"'],
    ['"\u007f"', '"\\u007f"'],
  ])('are alike: %s, %s', (one, other) => {
    expect(areSpelledAlike(one, other)).toBe(true);
    expect(areSpelledAlike(other, one)).toBe(true);
  });

  it.each([
    ['', '{}'],
    ['"é"', '"é" '],
    ['"A"', '"\\u0041"'],
    ['"/"', '"\\/"'],
    ['"\\n"', '"\\u000a"'],
    ['"é"', '"\\\\u00e9"'],
    ['"é"', '"è"'],
    ['"n"', '"\\n"'],
    ['1.0', '1'],
    ['{"a":1}', '{ "a":1}'],
  ])('are not alike: %s, %s', (one, other) => {
    expect(areSpelledAlike(one, other)).toBe(false);
    expect(areSpelledAlike(other, one)).toBe(false);
  });

  /** Each character beyond ASCII escaped. */
  const escaped = (json: string): string =>
    json.replace(/[\u007f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

  it('are alike only if they are equal after everything beyond ASCII is escaped', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', '\\', 'u', '0', 'é', '\u2028', '\ud800', '\n'),
    });
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [left, right] = [JSON.stringify(one), JSON.stringify(other)];
        expect(areSpelledAlike(left, escaped(left))).toBe(true);
        expect(areSpelledAlike(left, escaped(right))).toBe(escaped(left) === escaped(right));
      }),
      { numRuns: 2000 },
    );
  });
});
