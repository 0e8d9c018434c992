import { readSeats } from './read-seats';
import { completeSeats, type GivenSeats, type SeatTerms, seatsWith } from './seat-terms';
import { InvalidSeats } from './seats.errors';

const FIXED = { max: 5, mode: 'fixed' } as const;
const FLOATING = { max: 5, mode: 'floating' } as const;

/** What a call refuses, by field. */
function refusedBy(call: () => unknown): Record<string, string> {
  try {
    call();
  } catch (error) {
    if (error instanceof InvalidSeats)
      return Object.fromEntries(error.errors.map(({ field, message }) => [field, message]));
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('seats of which only the mode and the number are given', () => {
  it('are fixed for 30 days offline, with as many moves as seats', () => {
    expect(completeSeats(FIXED)).toEqual({
      max: 5,
      mode: 'fixed',
      required: true,
      lease_seconds: null,
      offline_days: 30,
      overage: 0,
      moves_per_30_days: 5,
      take_over: false,
    });
  });

  it.each([
    [1, 3],
    [3, 3],
    [4, 4],
    [100_000, 100_000],
  ])('of %i fixed seats allow %i moves', (max, moves) => {
    expect(completeSeats({ ...FIXED, max }).moves_per_30_days).toBe(moves);
  });

  it('are floating with leases of 600 seconds, and any number of moves', () => {
    expect(completeSeats(FLOATING)).toEqual({
      max: 5,
      mode: 'floating',
      required: true,
      lease_seconds: 600,
      offline_days: null,
      overage: 0,
      moves_per_30_days: null,
      take_over: false,
    });
  });
});

describe('completeSeats', () => {
  it('keeps all that is given', () => {
    const given: SeatTerms = {
      max: 1,
      mode: 'floating',
      required: false,
      lease_seconds: 60,
      offline_days: null,
      overage: 2,
      moves_per_30_days: 0,
      take_over: true,
    };
    expect(completeSeats(given)).toEqual(given);
    expect(completeSeats({ ...FIXED, moves_per_30_days: null }).moves_per_30_days).toBeNull();
  });

  it.each<[string, GivenSeats]>([
    ['seats.lease_seconds', { ...FIXED, lease_seconds: 60 }],
    ['seats.offline_days', { ...FLOATING, offline_days: 1 }],
    ['seats.take_over', { ...FLOATING, take_over: true }],
    ['seats.take_over', { ...FIXED, take_over: true, moves_per_30_days: null }],
  ])('refuses %s of %j', (field, given) => {
    expect(Object.keys(refusedBy(() => completeSeats(given, 'seats.')))).toEqual([field]);
  });

  it('names every field that does not fit at once', () => {
    const given = { ...FLOATING, offline_days: 1, take_over: true };
    expect(Object.keys(refusedBy(() => completeSeats(given)))).toEqual(['offline_days', 'take_over']);
  });
});

describe('seatsWith', () => {
  const before = completeSeats({
    ...FLOATING,
    lease_seconds: 120,
    overage: 1,
    moves_per_30_days: 9,
    take_over: true,
  });

  it('leaves what is not given', () => {
    expect(seatsWith(before, { max: 2 })).toEqual({ ...before, max: 2 });
  });

  it('changes what is given, also to nothing', () => {
    const numbers = { max: 7, lease_seconds: 60, overage: 0, moves_per_30_days: null, take_over: false };
    expect(seatsWith(before, numbers)).toEqual({ ...before, ...numbers });
  });

  it('refuses a field of the other mode, and moves without which there is no takeover', () => {
    expect(Object.keys(refusedBy(() => seatsWith(before, { max: 2, offline_days: 3 })))).toEqual([
      'offline_days',
    ]);
    expect(Object.keys(refusedBy(() => seatsWith(before, { max: 2, moves_per_30_days: null })))).toEqual([
      'take_over',
    ]);
  });
});

describe('readSeats', () => {
  const sound = completeSeats(FIXED);

  it('reads what it wrote, and completes what is left out', () => {
    expect(readSeats(JSON.parse(JSON.stringify(sound)), 'seats')).toEqual(sound);
    expect(readSeats(FIXED, 'seats')).toEqual(sound);
  });

  it.each([
    ['max', [undefined, null, 0, 100_001, 1.5, '5']],
    ['mode', [undefined, null, 'other', 5]],
    ['required', [null, 'true', 1]],
    ['overage', [null, -1, 100_001]],
    ['moves_per_30_days', [-1, 100_001, '1']],
    ['take_over', [null, 'false']],
    ['lease_seconds', [59, 2_592_001, '60']],
    ['offline_days', [0, 3_651, true]],
  ])('refuses %s out of its bounds', (field, values) => {
    for (const value of values) {
      const broken = { ...sound, [field]: value };
      expect([value, Object.keys(refusedBy(() => readSeats(broken, 'seats')))]).toEqual([
        value,
        [`seats.${field}`],
      ]);
    }
  });

  it.each([
    ['a text', 'fixed'],
    ['a list', [sound]],
    ['null', null],
    ['another field', { ...sound, more: 1 }],
    ['a name that every object inherits', JSON.parse('{"max":5,"mode":"fixed","constructor":1}')],
  ])('refuses %s', (_what, value) => {
    expect(Object.keys(refusedBy(() => readSeats(value, 'seats')))).toEqual(['seats']);
  });
});
