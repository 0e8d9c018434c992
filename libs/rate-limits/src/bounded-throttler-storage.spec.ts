import { BoundedThrottlerStorage } from './bounded-throttler-storage';

describe('BoundedThrottlerStorage', () => {
  let now = 0;
  let storage: BoundedThrottlerStorage;
  const hit = (key: string, limit = 2, name = 'default') =>
    storage.increment(key, 60_000, limit, 60_000, name);

  beforeEach(() => {
    now = 1_000;
    storage = new BoundedThrottlerStorage(3, () => now);
  });

  it('counts within a window that begins with the first hit, and starts again after it', async () => {
    expect(await hit('a')).toEqual({
      totalHits: 1,
      timeToExpire: 60,
      isBlocked: false,
      timeToBlockExpire: 0,
    });
    now += 30_500;
    expect(await hit('a')).toMatchObject({ totalHits: 2, timeToExpire: 30, isBlocked: false });
    expect(await hit('a')).toMatchObject({ totalHits: 2, isBlocked: true, timeToBlockExpire: 30 });
    now += 29_499;
    expect(await hit('a')).toMatchObject({ isBlocked: true, timeToBlockExpire: 1 });
    now += 1;
    expect(await hit('a')).toMatchObject({ totalHits: 1, timeToExpire: 60, isBlocked: false });
  });

  it('counts several hits at once, or none of them when they do not all fit', async () => {
    const charge = (weight: number) => storage.increment('key', 60_000, 10, 60_000, 'batch-items', weight);
    expect(await charge(11)).toMatchObject({ totalHits: 0, isBlocked: true, timeToBlockExpire: 60 });
    expect(await charge(6)).toMatchObject({ totalHits: 6, isBlocked: false });
    now += 20_000;
    expect(await charge(5)).toMatchObject({ totalHits: 6, isBlocked: true, timeToBlockExpire: 40 });
    expect(await charge(4)).toMatchObject({ totalHits: 10, isBlocked: false, timeToExpire: 40 });
    expect(await charge(1)).toMatchObject({ totalHits: 10, isBlocked: true });
    now += 40_000;
    expect(await charge(10)).toMatchObject({ totalHits: 10, isBlocked: false, timeToExpire: 60 });
  });

  it('forgets the window that ends first when there are too many', async () => {
    for (const key of ['a', 'b', 'c']) {
      await hit(key);
      now += 1;
    }
    await hit('a');
    await hit('d');
    expect((await hit('b')).totalHits).toBe(2);
    expect((await hit('a')).totalHits).toBe(1);
  });

  it('drops ended windows before open ones', async () => {
    await hit('old');
    now += 59_999;
    await hit('living');
    now += 1;
    await hit('new');
    await hit('newer');
    expect((await hit('living')).totalHits).toBe(2);
  });

  it('does not drop buckets of another limit', async () => {
    await hit('address', 2, 'validate');
    for (let token = 0; token < 10; token++) await hit(`token-${token}`, 2, 'license');
    expect((await hit('address', 2, 'validate')).totalHits).toBe(2);
  });

  it('never keeps more than its maximum', async () => {
    storage = new BoundedThrottlerStorage(100, () => now);
    for (let bucket = 0; bucket < 10_000; bucket++) await hit(`b${bucket}`);
    let kept = 0;
    for (let bucket = 9_999; bucket >= 9_000; bucket--)
      if ((await hit(`b${bucket}`)).totalHits === 2) kept++;
      else break;
    expect(kept).toBe(100);
  });
});
