import { until } from '../../../../test/support/until';
import { SeatLines } from './seat-lines';

describe('lines of licenses', () => {
  it('leave connections to others, however many licenses are waited for', async () => {
    let running = 0;
    let most = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const lines = new SeatLines<number, number>(async (_, operations) => {
      most = Math.max(most, (running += 1));
      await held;
      running -= 1;
      return operations.map((operation) => operation + 1);
    });
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const results = Promise.all(numbers.map((number) => lines.add(`license-${number % 50}`, number)));
    await until('as many as may are under way', () => Promise.resolve(running === 4));
    release();
    expect(await results).toEqual(numbers.map((number) => number + 1));
    expect(most).toBe(4);
  });

  it('fail alone', async () => {
    const lines = new SeatLines<number, number>((licenseId, operations) =>
      licenseId === 'broken' ? Promise.reject(new Error('broken')) : Promise.resolve(operations),
    );
    const [broken, other] = await Promise.allSettled([lines.add('broken', 1), lines.add('other', 2)]);
    expect(broken).toMatchObject({ status: 'rejected', reason: { message: 'broken' } });
    expect(other).toEqual({ status: 'fulfilled', value: 2 });
    expect(lines.has('broken')).toBe(false);
  });
});
