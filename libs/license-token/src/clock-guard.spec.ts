import { guardClock, readClockState } from './clock-guard';

const NOW = 1_770_145_930;
const at = (second: number): Date => new Date(second * 1000);
const NOTHING = { signed: [], lists: [] };

describe('the guard of the local clock', () => {
  it.each([
    [0, false],
    [-300, false],
    [-301, true],
    [86_400, false],
  ])('with a clock %i s after what was seen, it is set back: %s', (offset, isSetBack) => {
    for (const before of [
      { trusted_at: 0, seen_at: NOW },
      { trusted_at: NOW, seen_at: 0 },
    ])
      expect(guardClock(before, NOTHING, at(NOW + offset))).toMatchObject({
        isSetBack,
        clock: isSetBack ? 'unknown' : 'ok',
      });
  });

  it('remembers the latest time of each kind, and never a time that is not a whole second', () => {
    const before = { trusted_at: NOW - 100, seen_at: NOW - 50 };
    expect(guardClock(before, NOTHING, at(NOW + 0.9)).state).toEqual({
      trusted_at: NOW - 100,
      seen_at: NOW,
    });
    const proven = { signed: [NOW - 200, NOW - 20], lists: [NOW - 30] };
    expect(guardClock(before, proven, at(NOW - 60)).state).toEqual({
      trusted_at: NOW - 20,
      seen_at: NOW - 60,
    });
  });

  it('knows of a clock that is behind a signature, also where nothing is remembered', () => {
    const proven = { signed: [NOW + 301], lists: [] };
    expect(guardClock(null, proven, at(NOW))).toEqual({
      isSetBack: true,
      clock: 'unknown',
      state: { trusted_at: NOW + 301, seen_at: NOW },
    });
    expect(guardClock(null, { signed: [NOW + 300], lists: [] }, at(NOW)).isSetBack).toBe(false);
  });

  it('has nothing to say of a clock while it remembers nothing', () => {
    expect(guardClock(null, NOTHING, at(NOW))).toEqual({
      isSetBack: false,
      clock: 'unknown',
      state: { trusted_at: 0, seen_at: NOW },
    });
  });

  it.each([
    [3_600, false],
    [3_601, true],
  ])(
    'after a day in a wrong year, by a list that was made %i s ago: still set back: %s',
    (ageS, isSetBack) => {
      const before = { trusted_at: NOW - 86_400, seen_at: 4_070_908_800 };
      expect(guardClock(before, { signed: [], lists: [NOW - ageS] }, at(NOW))).toEqual({
        isSetBack,
        clock: isSetBack ? 'unknown' : 'ok',
        state: { trusted_at: NOW - ageS, seen_at: isSetBack ? 4_070_908_800 : NOW },
      });
      // Only lists are made all the time.
      expect(guardClock(before, { signed: [NOW], lists: [] }, at(NOW)).isSetBack).toBe(true);
    },
  );

  it('takes an invalid time for one that was set back, and does not remember it', () => {
    const before = { trusted_at: NOW, seen_at: NOW };
    expect(guardClock(before, NOTHING, new Date(NaN))).toEqual({
      isSetBack: true,
      clock: 'unknown',
      state: before,
    });
  });

  it.each([
    null,
    undefined,
    'text',
    5,
    [],
    {},
    { trusted_at: NOW },
    { trusted_at: NOW, seen_at: null },
    { trusted_at: NOW, seen_at: '5' },
    { trusted_at: -1, seen_at: NOW },
    { trusted_at: NaN, seen_at: NOW },
    { trusted_at: NOW, seen_at: Infinity },
    { trusted_at: NOW, seen_at: 253_402_300_800 },
  ])('reads %j as nothing', (kept) => {
    expect(readClockState(kept)).toBeNull();
  });

  it('reads what it remembered', () => {
    const state = { trusted_at: 0, seen_at: NOW };
    expect(readClockState({ ...state, more: 1 })).toEqual(state);
  });
});
