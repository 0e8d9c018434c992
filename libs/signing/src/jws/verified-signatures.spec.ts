import { VerifiedSignatures } from './verified-signatures';

describe('VerifiedSignatures', () => {
  it('remembers a value for each token', () => {
    const verified = new VerifiedSignatures<{ jti: string }>();
    verified.remember('a', { jti: '1' });
    expect(verified.recall('a')).toEqual({ jti: '1' });
    expect(verified.recall('b')).toBeUndefined();
  });

  it('forgets the token unused for longest when it is full', () => {
    const verified = new VerifiedSignatures<number>(3);
    verified.remember('a', 1);
    verified.remember('b', 2);
    verified.remember('c', 3);
    verified.recall('a');
    verified.remember('d', 4);
    expect(['a', 'b', 'c', 'd'].map((token) => verified.recall(token))).toEqual([1, undefined, 3, 4]);
  });

  it('does not count a token twice', () => {
    const verified = new VerifiedSignatures<number>(2);
    verified.remember('a', 1);
    verified.remember('b', 2);
    verified.remember('b', 2);
    expect(verified.recall('a')).toBe(1);
  });

  it('keeps 50,000 tokens and not one more', () => {
    const verified = new VerifiedSignatures<number>();
    for (let token = 0; token <= 50_000; token++) verified.remember(String(token), token);
    expect(verified.recall('0')).toBeUndefined();
    expect(verified.recall('1')).toBe(1);
    expect(verified.recall('50000')).toBe(50_000);
  });
});
