import fc from 'fast-check';
import { bytesOfHex, hexOf } from './hex';

describe('hex', () => {
  it('is that of Node, both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const hex = Buffer.from(bytes).toString('hex');
        expect(hexOf(bytes)).toBe(hex);
        expect(bytesOfHex(hex)).toEqual(bytes);
      }),
    );
  });
});
