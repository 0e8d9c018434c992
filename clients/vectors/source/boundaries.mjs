// The second before, the second at which, and the second after which something changes; and the ends of numbers.
import { MALFORMED, refused, VALID } from './answers.mjs';
import { listing, statusList } from './lists.mjs';
import { activationToken, FIXED, FLOATING, HELD } from './seats.mjs';
import { license, rewritten } from './texts.mjs';
import { vector } from './vector.mjs';

const END = 1830000000;
const ends = license({ exp: END });
const inGrace = license({ exp: END, grace_days: 14 });
const fresh = { ...VALID, revocation: 'fresh' };
const stale = { ...VALID, revocation: 'stale' };
const tooOld = refused('STATUS_LIST_STALE', { revocation: 'stale' });
const seat = (claims) => ({ token: activationToken(claims), fingerprint: 'machine-1' });
const never = { ...VALID, license_type: 'perpetual', expires_at: null };

export default [
  vector(
    'end-second-before',
    'Valid in the second before exp',
    { token: ends, now: 1829999999 },
    {
      ...VALID,
      warnings: ['EXPIRES_SOON'],
    },
  ),
  vector('end-at', 'Not valid in the second of exp', { token: ends, now: 1830000000 }, refused('EXPIRED')),
  vector('end-second-after', 'Not valid after exp', { token: ends, now: 1830000001 }, refused('EXPIRED')),
  vector(
    'soon-second-before',
    '30 days and a second before exp there is no warning',
    { token: ends, now: 1827407999 },
    VALID,
  ),
  vector(
    'soon-at',
    '30 days before exp the warning begins',
    { token: ends, now: 1827408000 },
    {
      ...VALID,
      warnings: ['EXPIRES_SOON'],
    },
  ),
  vector(
    'soon-second-after',
    'Less than 30 days before exp',
    { token: ends, now: 1827408001 },
    {
      ...VALID,
      warnings: ['EXPIRES_SOON'],
    },
  ),
  vector(
    'grace-second-before',
    'The second before exp is not grace',
    { token: inGrace, now: 1829999999 },
    {
      ...VALID,
      warnings: ['EXPIRES_SOON'],
    },
  ),
  vector(
    'grace-at-exp',
    'Grace begins in the second of exp',
    { token: inGrace, now: 1830000000 },
    {
      ...VALID,
      warnings: ['IN_GRACE'],
    },
  ),
  vector(
    'grace-end-second-before',
    'The last second of 14 days of grace',
    { token: inGrace, now: 1831209599 },
    {
      ...VALID,
      warnings: ['IN_GRACE'],
    },
  ),
  vector(
    'grace-end-at',
    'The first second after grace',
    { token: inGrace, now: 1831209600 },
    refused('EXPIRED'),
  ),
  vector('grace-end-second-after', 'After grace', { token: inGrace, now: 1831209601 }, refused('EXPIRED')),
  vector(
    'issued-later-than-now',
    'The iat of a license is no start: without a guard it is not compared with the clock',
    { token: license({ iat: 1800086400 }) },
    VALID,
  ),
  vector(
    'iat-ahead-300',
    'A license signed 300 s after what the clock says: clocks differ',
    { token: license({ iat: 1800000300 }), guard: { trusted_at: 1790000000, seen_at: 1799999000 } },
    { ...VALID, clock: 'ok', guard: { trusted_at: 1800000300, seen_at: 1800000000 } },
  ),
  vector(
    'iat-ahead-299',
    'A license signed 299 s after what the clock says',
    { token: license({ iat: 1800000299 }), guard: { trusted_at: 1790000000, seen_at: 1799999000 } },
    { ...VALID, clock: 'ok', guard: { trusted_at: 1800000299, seen_at: 1800000000 } },
  ),
  vector(
    'iat-ahead-301',
    'A license signed 301 s after what the clock says: the clock was set back',
    { token: license({ iat: 1800000301 }), guard: { trusted_at: 1790000000, seen_at: 1799999000 } },
    refused('CLOCK_SET_BACK', { guard: { trusted_at: 1800000301, seen_at: 1800000000 } }),
  ),
  vector(
    'list-ttl-second-before',
    'A list is fresh in the second before its ttl ends',
    { token: license(), status_list: statusList(), now: 1800003599 },
    fresh,
  ),
  vector(
    'list-ttl-at',
    'A list is stale once its ttl has passed',
    { token: license(), status_list: statusList(), now: 1800003600 },
    stale,
  ),
  vector(
    'list-ttl-second-after',
    'A list is stale after its ttl',
    { token: license(), status_list: statusList(), now: 1800003601 },
    stale,
  ),
  vector(
    'list-without-ttl',
    'A list without ttl is fresh until its exp',
    { token: license(), status_list: statusList({ ttl: undefined }), now: 1803020399 },
    fresh,
  ),
  vector(
    'list-ttl-beyond-exp',
    'A ttl that is longer than the list lasts: exp ends it',
    { token: license(), status_list: statusList({ ttl: 99999999 }), now: 1803020400 },
    tooOld,
  ),
  vector(
    'list-exp-second-before',
    'A list counts in the second before its exp',
    { token: license(), status_list: statusList(), now: 1803020399 },
    stale,
  ),
  vector(
    'list-exp-at',
    'A list does not count from the second of its exp on',
    { token: license(), status_list: statusList(), now: 1803020400 },
    tooOld,
  ),
  vector(
    'list-exp-second-after',
    'A list does not count after its exp',
    { token: license(), status_list: statusList(), now: 1803020401 },
    tooOld,
  ),
  vector(
    'max-offline-second-before',
    'A day is allowed, and a second of it is left',
    { token: license(), status_list: statusList(), max_offline: 86400, now: 1800082799 },
    stale,
  ),
  vector(
    'max-offline-at',
    'A day is allowed, and it has passed since iat',
    { token: license(), status_list: statusList(), max_offline: 86400, now: 1800082800 },
    tooOld,
  ),
  vector(
    'max-offline-second-after',
    'A day is allowed, and more has passed',
    { token: license(), status_list: statusList(), max_offline: 86400, now: 1800082801 },
    tooOld,
  ),
  vector(
    'max-offline-beyond-exp',
    'More is allowed than the list lasts: exp ends it',
    { token: license(), status_list: statusList(), max_offline: 99999999, now: 1803020400 },
    tooOld,
  ),
  vector(
    'max-offline-shorter-than-ttl',
    'Less is allowed than the ttl: a list that is fresh is refused',
    { token: license(), status_list: statusList(), max_offline: 3600 },
    tooOld,
  ),
  vector(
    'max-offline-without-list',
    'max_offline bounds the age of a list; where there is no list, nothing is refused',
    { token: license(), max_offline: 1 },
    VALID,
  ),
  vector(
    'max-offline-revoked',
    'Within what is allowed, a stale list revokes',
    { token: license(), status_list: listing(1), max_offline: 86400, now: 1800082799 },
    refused('REVOKED', { revocation: 'stale' }),
  ),
  vector(
    'lease-second-before',
    'A lease is held in the second before its exp',
    { token: license(FLOATING), activation: seat({ exp: 1800000001 }) },
    { ...VALID, activation: { ...HELD, lease_ends_at: '2027-01-15T08:00:01.000Z' } },
  ),
  vector(
    'lease-at',
    'A lease has ended in the second of its exp',
    { token: license(FLOATING), activation: seat({ exp: 1800000000 }) },
    refused('ACTIVATION_ENDED'),
  ),
  vector(
    'lease-second-after',
    'A lease has ended after its exp',
    { token: license(FIXED), activation: seat({ exp: 1799999999 }) },
    refused('ACTIVATION_ENDED'),
  ),
  vector(
    'exp-last-second',
    'The last second of the year 9999 is a date',
    { token: license({ exp: 253402300799 }) },
    { ...VALID, expires_at: '9999-12-31T23:59:59.000Z' },
  ),
  vector('exp-year-10000', 'The next second is not', { token: license({ exp: 253402300800 }) }, MALFORMED),
  vector(
    'exp-last-second-reached',
    'The last second of the year 9999 can be reached',
    { token: license({ exp: 253402300799 }), now: 253402300799 },
    refused('EXPIRED', { expires_at: '9999-12-31T23:59:59.000Z' }),
  ),
  vector(
    'grace-beyond-year-9999',
    'Grace may end after the year 9999: only its seconds are counted',
    { token: license({ exp: 253402300799, grace_days: 365 }), now: 253402300799 },
    { ...VALID, warnings: ['IN_GRACE'], expires_at: '9999-12-31T23:59:59.000Z' },
  ),
  vector(
    'exp-zero',
    'The second 0 is a date',
    { token: license({ exp: 0 }) },
    refused('EXPIRED', { expires_at: '1970-01-01T00:00:00.000Z' }),
  ),
  vector('iat-zero', 'A license can be signed in the second 0', { token: license({ iat: 0 }) }, VALID),
  vector(
    'iat-year-10000',
    'An iat after the year 9999',
    { token: license({ iat: 253402300800 }) },
    MALFORMED,
  ),
  vector('iat-negative', 'Before 1970', { token: license({ iat: -1 }) }, MALFORMED),
  vector('exp-negative', 'An end before 1970', { token: license({ exp: -1 }) }, MALFORMED),
  vector(
    'now-zero',
    'A clock that says 1970, and no guard',
    { token: license({ license_type: 'perpetual', exp: undefined }), now: 0 },
    never,
  ),
  vector(
    'exp-after-iat-is-no-rule',
    'An exp before iat is an end like others',
    {
      token: license({ iat: 1799999000, exp: 1799998000 }),
    },
    refused('EXPIRED', { expires_at: '2027-01-15T07:26:40.000Z' }),
  ),
  vector(
    'length-customer-id-50',
    'A customer id of 50 characters beyond U+FFFF',
    { token: license({ customer: { id: '🚀'.repeat(50), name: 'Acme Corporation' } }) },
    VALID,
  ),
  vector(
    'length-module-100',
    'A module of 100 characters',
    {
      token: license({ module: { technical_name: 'x'.repeat(100), allowed_major_versions: ['17'] } }),
      question: { module: 'x'.repeat(100) },
    },
    VALID,
  ),
  vector(
    'length-fingerprint-100',
    'A fingerprint of 100 characters, which is that of no installation',
    {
      token: license({ instance_fingerprint: 'x'.repeat(100) }),
      question: { instance: { db_uuid: 'a', domain: 'b' } },
    },
    refused('INSTANCE_MISMATCH'),
  ),
  vector(
    'number-with-fraction-zero',
    '1830000000.0 is the number 1830000000',
    { token: rewritten('"exp":1830000000', '"exp":1830000000.0') },
    VALID,
  ),
  vector(
    'number-with-exponent',
    '1.83e9 is the number 1830000000',
    { token: rewritten('"exp":1830000000', '"exp":1.83e9') },
    VALID,
  ),
  vector(
    'number-rev-with-fraction-zero',
    '1.0 is 1 in every claim',
    { token: rewritten('"rev":1', '"rev":1.0') },
    VALID,
  ),
  vector('number-minus-zero', '-0 is 0', { token: rewritten('"iat":1790000000', '"iat":-0') }, VALID),
  vector(
    'number-beyond-doubles',
    'Numbers are read as IEEE 754 doubles: what a double cannot tell from 1830000000 is it',
    { token: rewritten('"exp":1830000000', '"exp":1830000000.00000000000001') },
    VALID,
  ),
  vector(
    'number-half',
    'A date of half a second',
    { token: rewritten('"exp":1830000000', '"exp":1830000000.5') },
    MALFORMED,
  ),
  vector(
    'number-infinite',
    'A date that no double holds',
    { token: rewritten('"exp":1830000000', '"exp":1e400') },
    MALFORMED,
  ),
  vector(
    'number-index-2-53',
    'An index of 2^53 is not a whole number that every reader has',
    { token: rewritten('"idx":5', '"idx":9007199254740992') },
    MALFORMED,
  ),
  vector(
    'number-index-2-53-less-1',
    'An index of 2^53 - 1 is one, and no list has it',
    { token: rewritten('"idx":5', '"idx":9007199254740991') },
    VALID,
  ),
];
