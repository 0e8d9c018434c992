// Days of grace after the end.
import { MALFORMED, refused, VALID } from './answers.mjs';
import { listing, statusList } from './lists.mjs';
import { FLOATING } from './seats.mjs';
import { license, rewritten } from './texts.mjs';
import { vector } from './vector.mjs';

/** It ended an hour before `NOW`. */
const ended = (claims) => license({ exp: 1799996400, ...claims });
const at7 = { expires_at: '2027-01-15T07:00:00.000Z' };
const inGrace = { ...VALID, ...at7, warnings: ['IN_GRACE'] };
const expired = refused('EXPIRED', at7);

export default [
  ['none', 'No grace', { token: ended({}) }, expired],
  ['zero', 'Zero days of grace', { token: ended({ grace_days: 0 }) }, expired],
  ['one', 'One day of grace', { token: ended({ grace_days: 1 }) }, inGrace],
  [
    'one-second-before',
    'The last second of a day of grace',
    { token: ended({ grace_days: 1 }), now: 1800082799 },
    inGrace,
  ],
  ['one-at', 'A day of grace is over', { token: ended({ grace_days: 1 }), now: 1800082800 }, expired],
  ['365', 'The most days of grace', { token: ended({ grace_days: 365 }), now: 1831532399 }, inGrace],
  [
    '365-at',
    'The most days of grace are over',
    { token: ended({ grace_days: 365 }), now: 1831532400 },
    expired,
  ],
  ['366', 'More than a year', { token: ended({ grace_days: 366 }) }, MALFORMED],
  ['negative', 'Less than none', { token: ended({ grace_days: -1 }) }, MALFORMED],
  ['half', 'Half a day', { token: ended({ grace_days: 0.5 }) }, MALFORMED],
  ['text', 'A text', { token: ended({ grace_days: '14' }) }, MALFORMED],
  ['true', 'true is not 1', { token: ended({ grace_days: true }) }, MALFORMED],
  ['null', 'null is not a missing claim', { token: ended({ grace_days: null }) }, MALFORMED],
  [
    'with-fraction-zero',
    '14.0 is 14',
    { token: rewritten('"grace_days":14', '"grace_days":14.0', { exp: 1799996400, grace_days: 14 }) },
    inGrace,
  ],
  [
    'perpetual',
    'A perpetual license has no end, and no grace',
    { token: license({ license_type: 'perpetual', exp: undefined, grace_days: 14 }) },
    MALFORMED,
  ],
  [
    'perpetual-zero',
    'A perpetual license with zero days of grace',
    { token: license({ license_type: 'perpetual', exp: undefined, grace_days: 0 }) },
    { ...VALID, license_type: 'perpetual', expires_at: null },
  ],
  [
    'perpetual-with-end',
    'A perpetual license that has an end has it',
    { token: ended({ license_type: 'perpetual' }) },
    { ...expired, license_type: 'perpetual' },
  ],
  [
    'perpetual-with-end-and-grace',
    'And its grace',
    { token: ended({ license_type: 'perpetual', grace_days: 1 }) },
    { ...inGrace, license_type: 'perpetual' },
  ],
  [
    'demo',
    'A demo in grace',
    { token: ended({ license_type: 'demo', grace_days: 1 }) },
    { ...inGrace, license_type: 'demo' },
  ],
  ['before-end', 'Grace changes nothing before the end', { token: license({ grace_days: 30 }) }, VALID],
  [
    'soon',
    'Before the end, the warning is EXPIRES_SOON',
    { token: license({ exp: 1800000001, grace_days: 30 }) },
    { ...VALID, expires_at: '2027-01-15T08:00:01.000Z', warnings: ['EXPIRES_SOON'] },
  ],
  [
    'revoked',
    'A license in grace that was revoked',
    { token: ended({ grace_days: 14 }), status_list: listing(1) },
    refused('REVOKED', { ...at7, revocation: 'fresh' }),
  ],
  [
    'listed-valid',
    'In grace, with a list',
    { token: ended({ grace_days: 14 }), status_list: statusList() },
    { ...inGrace, revocation: 'fresh' },
  ],
  [
    'no-seat',
    'In grace, and without a seat: warnings are of valid licenses',
    { token: ended({ ...FLOATING, grace_days: 14 }) },
    refused('ACTIVATION_REQUIRED', at7),
  ],
  [
    'guard',
    'In grace, by a clock that is in order',
    { token: ended({ grace_days: 14 }), guard: { trusted_at: 1790000000, seen_at: 1799999000 } },
    { ...inGrace, clock: 'ok', guard: { trusted_at: 1790000000, seen_at: 1800000000 } },
  ],
].map(([id, description, parts, expect]) => vector(`grace-${id}`, description, parts, expect));
