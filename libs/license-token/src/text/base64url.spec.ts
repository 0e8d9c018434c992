import fc from 'fast-check';
import { decodeBase64url, decodeBase64urlText } from './base64url';

describe('decodeBase64url', () => {
  it('returns the bytes that were encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeBase64url(Buffer.from(bytes).toString('base64url'))).toEqual(Uint8Array.from(bytes));
      }),
    );
  });

  it('returns null for any text that is not what an encoder writes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: fc.constantFrom(...Array.from('AQgwZz09-_=+/. ')) }),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const isCanonical = Buffer.from(text, 'base64url').toString('base64url') === text;
          expect(decodeBase64url(text) !== null).toBe(isCanonical);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('decodeBase64urlText', () => {
  it('returns the text that was encoded, short or long, one after the other', () => {
    for (const length of [5_000, 3, 0, 4_096, 40, 3_072, 3_073]) {
      const text = 'é'.repeat(length);
      expect(decodeBase64urlText(Buffer.from(text).toString('base64url'))).toBe(text);
    }
  });

  it.each([
    ['w6k=', 'has padding'],
    ['w6l', 'has bits left over'],
    ['6Q', 'is Latin-1'],
    ['7aCA', 'is a lone surrogate'],
  ])('returns null for %s, which %s', (encoded) => {
    expect(decodeBase64urlText(encoded)).toBeNull();
  });

  it('keeps a byte order mark', () => {
    expect(decodeBase64urlText('77u_YQ')).toBe('\ufeffa');
  });
});
