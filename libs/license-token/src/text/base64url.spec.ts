import fc from 'fast-check';
import { decodeBase64url } from './base64url';

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
