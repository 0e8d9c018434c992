import fc from 'fast-check';
import { decodeBase32, encodeBase32, meantSymbols, wrongSymbolAt } from './base32';

const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Five bytes take eight symbols. */
const groups = fc
  .array(fc.uint8Array({ minLength: 5, maxLength: 5 }), { maxLength: 30 })
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

/** By arithmetic on one large number, as the definition has it. */
function byDefinition(bytes: Uint8Array): string {
  const number = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
  return Array.from(
    { length: (bytes.length / 5) * 8 },
    (_, at) => SYMBOLS[Number((number >> BigInt(5 * at)) & 31n)],
  )
    .reverse()
    .join('');
}

describe('Base32', () => {
  it('is the one of Crockford', () => {
    fc.assert(
      fc.property(groups, (bytes) => {
        expect(encodeBase32(bytes)).toBe(byDefinition(bytes));
      }),
    );
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(groups, (bytes) => {
        expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['abcdefghjkmnpqrstvwxyz', 'ABCDEFGHJKMNPQRSTVWXYZ'],
    ['oOiIlL', '001111'],
    [' 0 1-2\t3\r\n4\u20105\u20116\u20127\u20138\u20149\u2212A\u00a0B', '0123456789AB'],
  ])('means by %j %j', (typed, meant) => {
    expect(meantSymbols(typed)).toBe(meant);
    expect(wrongSymbolAt(meant)).toBe(-1);
  });

  it.each(['U', 'u', '+', '/', '=', '_', '*', '.', 'ß', 'ſ', 'ı', 'ﬁ', 'Ａ', '🚀', '\0', '\u200b'])(
    'has no symbol %j',
    (typed) => {
      expect(wrongSymbolAt(meantSymbols(`0-${typed}`))).toBe(1);
    },
  );
});
