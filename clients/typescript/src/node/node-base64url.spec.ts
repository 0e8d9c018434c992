import fc from 'fast-check';
import * as everywhere from '../../../../libs/license-token/src/text/base64url';
import { decodeBase64url, decodeBase64urlText } from './node-base64url';

/** Near to what encoders write, and anything. */
const texts = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text).toString('base64url')),
  fc.string({ unit: fc.constantFrom(...Array.from('AQgwZz09-_=+/. ')) }),
  fc.string({ unit: 'binary' }),
);

describe("Node's own base64url", () => {
  it('takes what the table takes, and reads it alike', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = decodeBase64url(text);
        expect(bytes && Uint8Array.from(bytes)).toEqual(everywhere.decodeBase64url(text));
        expect(decodeBase64urlText(text)).toBe(everywhere.decodeBase64urlText(text));
      }),
      { numRuns: 500 },
    );
  });
});
