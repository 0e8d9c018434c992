import {
  type Applicant,
  decideSeat,
  MOVES_WINDOW_MS,
  type SeatAccount,
  type SeatDecision,
} from './decide-seat';

const NOW = new Date('2026-06-01T12:00:00.000Z');
const later = (milliseconds: number): Date => new Date(NOW.getTime() + milliseconds);

const FLOATING: SeatAccount = {
  mode: 'floating',
  max: 5,
  overage: 0,
  movesPer30Days: null,
  takeOver: false,
  leaseSeconds: 600,
  open: 0,
  noLapseBefore: null,
  newcomers: 0,
  newcomersFewerAt: null,
  lastFence: 0,
};
const FIXED: SeatAccount = { ...FLOATING, mode: 'fixed', leaseSeconds: null, movesPer30Days: 3 };
const NEW: Applicant = { own: null, isReturning: false, takeOver: null };

function decided(
  account: Partial<SeatAccount> = {},
  applicant: Partial<Applicant> = {},
  of: SeatAccount = FLOATING,
): SeatDecision {
  return decideSeat({ ...of, ...account }, { ...NEW, ...applicant }, NOW);
}

describe('the decision about a seat', () => {
  it('admits while there is room, without a look at any other seat', () => {
    const first = decided({ open: 4, noLapseBefore: later(-60_000) });
    expect(first).toMatchObject({ kind: 'admitted', over: false, takenOver: null });
    expect(first).toMatchObject({ after: { open: 5, noLapseBefore: later(-60_000) } });
  });

  it('refuses one too many, by the same account, and says what is in use and how many may be', () => {
    expect(decided({ open: 5, noLapseBefore: later(1) })).toEqual({
      kind: 'refused',
      why: 'seats_exhausted',
      limit: 5,
      inUse: 5,
      nextFreeAt: later(1),
    });
    expect(decided({ open: 5 }, {}, FIXED)).toMatchObject({ why: 'seats_exhausted', nextFreeAt: null });
  });

  it('looks for leases that are over only when it is full, and one may be', () => {
    expect(decided({ open: 5, noLapseBefore: NOW })).toEqual({ kind: 'look-up', what: 'lapses' });
    expect(decided({ open: 5, noLapseBefore: later(1) })).toMatchObject({ kind: 'refused' });
  });

  it('leaves those in that are more than a lowered maximum, and admits when they are fewer', () => {
    expect(decided({ max: 2, open: 3 })).toMatchObject({ kind: 'refused', limit: 2, inUse: 3 });
    expect(decided({ max: 2, open: 1 })).toMatchObject({ kind: 'admitted' });
  });

  describe('of a fingerprint that is in', () => {
    it('renews, however full the license is and however many have come', () => {
      const full = { open: 9, newcomers: 99, newcomersFewerAt: later(1) };
      expect(decided(full, { own: { leaseEndsAt: later(1) } })).toEqual({ kind: 'renewed' });
      expect(decided(full, { own: { leaseEndsAt: null } }, FIXED)).toEqual({ kind: 'renewed' });
    });

    it('takes over nobody', () => {
      const applicant = { own: { leaseEndsAt: later(1) }, takeOver: 'oldest', victim: { id: 'another' } };
      expect(decided({ open: 5, takeOver: true }, applicant)).toEqual({ kind: 'renewed' });
    });

    it('ends its own lease first where that is over', () => {
      expect(decided({ open: 1 }, { own: { leaseEndsAt: NOW } })).toEqual({
        kind: 'look-up',
        what: 'own-lapse',
      });
    });
  });

  describe('of leases', () => {
    it('ends a floating one by the clock, and a fixed one not', () => {
      expect(decided()).toMatchObject({
        leaseEndsAt: later(600_000),
        after: { noLapseBefore: later(600_000) },
      });
      expect(decided({}, {}, FIXED)).toMatchObject({ leaseEndsAt: null, after: { noLapseBefore: null } });
    });

    it('remembers the earliest end', () => {
      expect(decided({ noLapseBefore: later(1) })).toMatchObject({ after: { noLapseBefore: later(1) } });
      expect(decided({ noLapseBefore: later(900_000) })).toMatchObject({
        after: { noLapseBefore: later(600_000) },
      });
      expect(decided({ noLapseBefore: later(5) }, {}, FIXED)).toMatchObject({
        after: { noLapseBefore: later(5) },
      });
    });

    it('does not admit to a floating license without the length of a lease', () => {
      expect(() => decided({ leaseSeconds: null })).toThrow('length of its leases');
    });
  });

  it('marks those beyond the maximum, up to the overage', () => {
    expect(decided({ overage: 2, open: 4 })).toMatchObject({ kind: 'admitted', over: false });
    expect(decided({ overage: 2, open: 5 })).toMatchObject({ kind: 'admitted', over: true });
    expect(decided({ overage: 2, open: 6 })).toMatchObject({ kind: 'admitted', over: true });
    expect(decided({ overage: 2, open: 7 })).toMatchObject({ kind: 'refused', limit: 7, inUse: 7 });
  });

  describe('of moves', () => {
    const spent = { newcomers: 8, newcomersFewerAt: later(1) };

    it('admits as many different fingerprints as there are seats and moves, and refuses the next one', () => {
      expect(decided({ newcomers: 7 }, {}, FIXED)).toMatchObject({
        kind: 'admitted',
        after: { newcomers: 8 },
      });
      expect(decided(spent, {}, FIXED)).toEqual({
        kind: 'refused',
        why: 'moves_exhausted',
        limit: 8,
        inUse: 8,
        nextFreeAt: later(1),
      });
      expect(decided({ ...spent, overage: 1 }, {}, FIXED)).toMatchObject({ kind: 'admitted' });
    });

    it('counts one that comes back once', () => {
      expect(decided(spent, { isReturning: true }, FIXED)).toMatchObject({
        kind: 'admitted',
        after: { newcomers: 8 },
      });
    });

    it('counts again only when a recount may find fewer', () => {
      const again = { kind: 'look-up', what: 'newcomers' };
      expect(decided({ newcomers: 8, newcomersFewerAt: null }, {}, FIXED)).toEqual(again);
      expect(decided({ newcomers: 8, newcomersFewerAt: NOW }, {}, FIXED)).toEqual(again);
      expect(decided({ newcomers: 7, newcomersFewerAt: NOW }, {}, FIXED)).toMatchObject({ kind: 'admitted' });
    });

    it('counts on where there is no limit, for the day on which there is one', () => {
      expect(decided({ newcomers: 99 })).toMatchObject({ kind: 'admitted', after: { newcomers: 100 } });
    });

    it('knows from the first one on when there may be fewer', () => {
      expect(decided()).toMatchObject({ after: { newcomersFewerAt: later(MOVES_WINDOW_MS) } });
      expect(decided({ newcomers: 1 })).toMatchObject({ after: { newcomersFewerAt: null } });
      expect(decided({ newcomers: 1, newcomersFewerAt: later(1) })).toMatchObject({
        after: { newcomersFewerAt: later(1) },
      });
    });
  });

  describe('of a takeover', () => {
    const full = { takeOver: true, open: 5, movesPer30Days: 3 };
    const taking = { takeOver: 'oldest', victim: { id: 'victim' } };

    it('looks for the one that loses its seat only where there is no room', () => {
      expect(decided(full, { takeOver: 'oldest' })).toEqual({ kind: 'look-up', what: 'victim' });
      expect(decided({ ...full, open: 4 }, { takeOver: 'oldest' })).toMatchObject({ takenOver: null });
    });

    it('puts one in the place of the other', () => {
      expect(decided(full, taking)).toMatchObject({
        kind: 'admitted',
        over: false,
        takenOver: 'victim',
        after: { open: 5, newcomers: 1 },
      });
    });

    it('refuses where the license does not allow it, and where the named one is not live', () => {
      expect(decided({ ...full, takeOver: false }, taking)).toMatchObject({ why: 'seats_exhausted' });
      expect(decided(full, { ...taking, victim: null })).toMatchObject({ why: 'seats_exhausted' });
    });

    it('ends leases that are over before anyone loses a seat', () => {
      expect(decided({ ...full, noLapseBefore: NOW }, taking)).toEqual({ kind: 'look-up', what: 'lapses' });
    });

    it('costs a move', () => {
      const spent = { newcomers: 8, newcomersFewerAt: later(1) };
      expect(decided({ ...full, ...spent }, taking)).toMatchObject({ why: 'moves_exhausted' });
      expect(decided({ ...full, ...spent }, { ...taking, isReturning: true })).toMatchObject({
        takenOver: 'victim',
      });
    });

    it('does not keep a license above a lowered maximum', () => {
      expect(decided({ ...full, max: 4 }, taking)).toMatchObject({ kind: 'refused', limit: 4, inUse: 5 });
    });

    it('marks who comes in the place of one beyond the maximum', () => {
      expect(decided({ ...full, overage: 1, open: 6 }, taking)).toMatchObject({
        over: true,
        after: { open: 6 },
      });
    });
  });

  it('gives fences that grow, also while the clock does not', () => {
    expect(decided({ lastFence: 7 })).toMatchObject({
      fence: NOW.getTime(),
      after: { lastFence: NOW.getTime() },
    });
    const ahead = NOW.getTime() + 60_000;
    expect(decided({ lastFence: ahead })).toMatchObject({
      fence: ahead + 1,
      after: { lastFence: ahead + 1 },
    });
  });
});
