import { randomInt } from 'node:crypto';
import { MOST_ATTEMPTS, retryPauseMs } from './retry-schedule';

const middle = (): number => 0.5;

describe('the schedule of attempts', () => {
  it('has nine attempts in almost two days', () => {
    const pauses = Array.from({ length: 9 }, (_, index) => retryPauseMs(index + 1, null, middle));
    expect(pauses.map((pause) => pause && pause / 1000)).toEqual([
      5,
      30,
      120,
      600,
      3600,
      4 * 3600,
      12 * 3600,
      24 * 3600,
      null,
    ]);
    expect(MOST_ATTEMPTS).toBe(9);
    expect(retryPauseMs(10, null, middle)).toBeNull();
  });

  it('is up to a tenth earlier or later, at random', () => {
    expect(retryPauseMs(2, null, () => 0)).toBe(27_000);
    expect(retryPauseMs(2, null, () => 0.999999)).toBe(33_000);
    const pauses = new Set(
      Array.from({ length: 100 }, () => retryPauseMs(8, null, () => randomInt(1000) / 1000)),
    );
    expect(pauses.size).toBeGreaterThan(50);
  });

  it('waits for as long as the receiver asks, and never for less than it would', () => {
    expect(retryPauseMs(1, 90, middle)).toBe(90_000);
    expect(retryPauseMs(3, 90, middle)).toBe(120_000);
    expect(retryPauseMs(9, 90, middle)).toBeNull();
  });
});
