import { createPublicKey, verify } from 'node:crypto';
import { importEd25519 } from './key-set';
import { isSmallOrder } from './small-order';

/** R is the neutral point and S is 0: of a key of order 1, a signature of any text. */
const OF_ANY_TEXT = Buffer.from(`01${'00'.repeat(63)}`, 'hex');
const x = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');

describe('isSmallOrder', () => {
  it('finds a key by which a signature holds for any text', async () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: x(`01${'00'.repeat(31)}`) } as const;
    const publicKey = createPublicKey({ key, format: 'jwk' });
    expect(verify(null, Buffer.from('any text'), publicKey, OF_ANY_TEXT)).toBe(true);
    expect(isSmallOrder(key.x)).toBe(true);
    await expect(importEd25519(key)).rejects.toThrow(TypeError);
  });

  it.each([
    ['order 2', `ec${'ff'.repeat(30)}7f`],
    ['order 4', '00'.repeat(32)],
    ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['order 8, negative', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['order 8, another one', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['order 1, with 2^255 - 19 added', `ee${'ff'.repeat(30)}7f`],
    ['order 4, with 2^255 - 19 added', `ed${'ff'.repeat(31)}`],
  ])('finds a point of %s', (_what, hex) => {
    expect(isSmallOrder(x(hex))).toBe(true);
  });

  it('leaves other points: the base point', () => {
    expect(isSmallOrder(x(`58${'66'.repeat(31)}`))).toBe(false);
  });
});
