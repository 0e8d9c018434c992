// The clock guard: what raises its state, what resets it, and when the clock is behind. `sequence-…` are calls in a row:
// each begins with the state that the one before it ended with.
import { KEY_COMPROMISED, MALFORMED, refused, SIGNATURE_INVALID, UNKNOWN_KEY, VALID } from './answers.mjs';
import { FIRST, jwkWithKid, ROOT, STOLEN, STRANGER } from './keys.mjs';
import { listing, statusList } from './lists.mjs';
import { activationToken, FIXED, FLOATING, HELD, PLACE } from './seats.mjs';
import { keySet, license } from './texts.mjs';
import { vector } from './vector.mjs';

const state = (trusted_at, seen_at) => ({ trusted_at, seen_at });
/** The clock is not behind. */
const ok = (guard, others = {}) => ({ ...VALID, clock: 'ok', guard, ...others });
const setBack = (guard, others = {}) => refused('CLOCK_SET_BACK', { guard, ...others });
const token = license();
const activated = license(FLOATING);
const seat = (claims, others) => ({ token: activationToken(claims), fingerprint: 'machine-1', ...others });
const usual = state(1790000000, 1799999000);
const withStolenKey = {
  key_set: keySet({
    iat: 1799990000,
    exp: 1830000000,
    keys: [jwkWithKid(FIRST)],
    compromised: [{ kid: 'vendor-stolen', at: 1799000000, after: null }],
  }),
  root: ROOT.jwk,
};

const first = [
  [
    'new',
    'A new state: the clock is not known, and the state begins',
    { token },
    { ...VALID, guard: state(1790000000, 1800000000) },
  ],
  [
    'new-with-list',
    'A new state, and a fresh list: the clock is still not known',
    { token, status_list: statusList() },
    { ...VALID, revocation: 'fresh', guard: state(1799996400, 1800000000) },
  ],
  [
    'new-behind-license',
    'A new state, and a license from a day after now: the clock is behind what is verified',
    { token: license({ iat: 1800086400 }) },
    setBack(state(1800086400, 1800000000)),
  ],
  [
    'new-malformed',
    'A new state stays new with a text that is not a token',
    { token: 'license' },
    { ...MALFORMED, guard: null },
  ],
  [
    'new-wrong-module',
    'A new state begins also where the license is for another module: its signature holds',
    { token, question: { module: 'accounting' } },
    refused('MODULE_MISMATCH', { guard: state(1790000000, 1800000000) }),
  ],
].map(([id, description, parts, expect]) =>
  vector(`guard-${id}`, description, { ...parts, guard: null }, expect),
);

const seen = [
  [
    'seen-behind-299',
    'The clock is 299 s behind what was seen',
    state(1790000000, 1800000299),
    ok(state(1790000000, 1800000299)),
  ],
  [
    'seen-behind-300',
    'The clock is 300 s behind what was seen',
    state(1790000000, 1800000300),
    ok(state(1790000000, 1800000300)),
  ],
  [
    'seen-behind-301',
    'The clock is 301 s behind what was seen',
    state(1790000000, 1800000301),
    setBack(state(1790000000, 1800000301)),
  ],
  ['seen-raised', 'The time that is seen is remembered', usual, ok(state(1790000000, 1800000000))],
  ['seen-same', 'The same second twice', state(1790000000, 1800000000), ok(state(1790000000, 1800000000))],
  [
    'trusted-behind-299',
    'The clock is 299 s behind what was verified',
    state(1800000299, 1799999000),
    ok(state(1800000299, 1800000000)),
  ],
  [
    'trusted-behind-300',
    'The clock is 300 s behind what was verified',
    state(1800000300, 1799999000),
    ok(state(1800000300, 1800000000)),
  ],
  [
    'trusted-behind-301',
    'The clock is 301 s behind what was verified',
    state(1800000301, 1799999000),
    setBack(state(1800000301, 1800000000)),
  ],
  [
    'trusted-raised-by-license',
    'The iat of the license is a verified time',
    state(1780000000, 1799999000),
    ok(state(1790000000, 1800000000)),
  ],
  [
    'trusted-not-lowered',
    'An older license lowers nothing',
    state(1795000000, 1799999000),
    ok(state(1795000000, 1800000000)),
  ],
].map(([id, description, guard, expect]) => vector(`guard-${id}`, description, { token, guard }, expect));

const unverified = [
  ['malformed', 'A text that is not a token', { token: 'license' }, { ...MALFORMED, guard: usual }],
  [
    'unknown-key',
    'A token of a key that is not known',
    { token: license({ iat: 1799999999 }, {}, STRANGER) },
    { ...UNKNOWN_KEY, guard: usual },
  ],
  [
    'forged',
    'A forged token: what it says of the time is not verified',
    { token: license({ iat: 1900000000 }, { kid: 'vendor-1' }, STRANGER) },
    { ...SIGNATURE_INVALID, guard: usual },
  ],
  [
    'compromised',
    'A token of a compromised key: its thief chooses the time',
    { token: license({ iat: 1900000000 }, {}, STOLEN), keys: withStolenKey },
    { ...KEY_COMPROMISED, guard: usual },
  ],
].map(([id, description, parts, expect]) =>
  vector(`guard-unchanged-${id}`, `${description}. The state stays`, { ...parts, guard: usual }, expect),
);

const byLists = [
  [
    'list-raises',
    'The iat of a list is a verified time',
    { token, status_list: statusList(), guard: usual },
    ok(state(1799996400, 1800000000), { revocation: 'fresh' }),
  ],
  [
    'list-stale-raises',
    'The iat of a list that has expired is one, too',
    { token, status_list: statusList({ iat: 1795000000, exp: 1799999999 }), guard: usual },
    refused('STATUS_LIST_STALE', { revocation: 'stale', clock: 'ok', guard: state(1795000000, 1800000000) }),
  ],
  [
    'list-revoking-raises',
    'The iat of a list that revokes is one, too',
    { token, status_list: listing(1), guard: usual },
    refused('REVOKED', { revocation: 'fresh', clock: 'ok', guard: state(1799996400, 1800000000) }),
  ],
  [
    'list-forged',
    'The iat of a list that nobody trusts is not',
    { token, status_list: statusList({ iat: 1900000000 }, {}, STRANGER), guard: usual },
    refused('STATUS_LIST_INVALID', { clock: 'ok', guard: state(1790000000, 1800000000) }),
  ],
  [
    'list-of-others',
    'The iat of the list of other licenses is not',
    {
      token,
      status_list: statusList({ sub: 'https://license.example/api/v1/status-lists/1' }),
      guard: usual,
    },
    refused('STATUS_LIST_INVALID', { clock: 'ok', guard: state(1790000000, 1800000000) }),
  ],
  [
    'list-without-claim',
    'A license that names no list: the list is not looked at',
    { token: license({ status: undefined }), status_list: statusList(), guard: usual },
    ok(state(1790000000, 1800000000)),
  ],
  [
    'list-ahead-300',
    'A list that was signed 300 s after now',
    { token, status_list: statusList({ iat: 1800000300 }), guard: usual },
    ok(state(1800000300, 1800000000), { revocation: 'fresh' }),
  ],
  [
    'list-ahead-301',
    'A list that was signed 301 s after now: the clock is behind',
    { token, status_list: statusList({ iat: 1800000301 }), guard: usual },
    setBack(state(1800000301, 1800000000), { revocation: 'fresh' }),
  ],
  [
    'list-resets-3599',
    'A list of 3,599 s ago resets what was seen',
    { token, status_list: statusList({ iat: 1799996401 }), guard: state(1790000000, 4070908800) },
    ok(state(1799996401, 1800000000), { revocation: 'fresh' }),
  ],
  [
    'list-resets-3600',
    'A list of 3,600 s ago resets what was seen: a clock in 2099 locks nobody out',
    { token, status_list: statusList(), guard: state(1790000000, 4070908800) },
    ok(state(1799996400, 1800000000), { revocation: 'fresh' }),
  ],
  [
    'list-resets-not-3601',
    'A list of 3,601 s ago resets nothing',
    { token, status_list: statusList({ iat: 1799996399 }), guard: state(1790000000, 4070908800) },
    setBack(state(1799996399, 4070908800), { revocation: 'fresh' }),
  ],
  [
    'list-resets-seen-only',
    'A list resets only what was seen: what was verified stays, and the clock is behind it',
    { token, status_list: statusList(), guard: state(1800003000, 4070908800) },
    setBack(state(1800003000, 1800000000), { revocation: 'fresh' }),
  ],
  [
    'list-resets-from-ahead',
    'A list of half an hour after now resets what was seen, and the clock is behind it',
    { token, status_list: statusList({ iat: 1800001800 }), guard: state(1790000000, 4070908800) },
    setBack(state(1800001800, 1800000000), { revocation: 'fresh' }),
  ],
  [
    'list-expired-resets',
    'A list that expired a minute ago, half an hour after it was made, resets as well',
    {
      token,
      status_list: statusList({ iat: 1799998200, exp: 1799999940 }),
      guard: state(1790000000, 4070908800),
    },
    refused('STATUS_LIST_STALE', { revocation: 'stale', clock: 'ok', guard: state(1799998200, 1800000000) }),
  ],
  [
    'list-forged-resets-nothing',
    'A list that nobody trusts resets nothing',
    { token, status_list: statusList({}, {}, STRANGER), guard: state(1790000000, 4070908800) },
    setBack(state(1790000000, 4070908800)),
  ],
  [
    'license-resets-nothing',
    'A license of this minute resets nothing: only lists are made again and again',
    { token: license({ iat: 1799999940 }), guard: state(1790000000, 4070908800) },
    setBack(state(1799999940, 4070908800)),
  ],
].map(([id, description, parts, expect]) => vector(`guard-${id}`, description, parts, expect));

const bySeats = [
  [
    'activation-raises',
    'The iat of an activation token is a verified time',
    { token: activated, activation: seat(), guard: usual },
    ok(state(1799999400, 1800000000), { activation: HELD }),
  ],
  [
    'activation-ended-raises',
    'The iat of one that has ended is one, too',
    { token: activated, activation: seat({ exp: 1799999999 }), guard: usual },
    refused('ACTIVATION_ENDED', { clock: 'ok', guard: state(1799999400, 1800000000) }),
  ],
  [
    'activation-forged',
    'The iat of one that nobody trusts is not',
    {
      token: activated,
      activation: { token: activationToken({ iat: 1800000200 }, {}, STRANGER), fingerprint: 'machine-1' },
      guard: usual,
    },
    refused('ACTIVATION_INVALID', { clock: 'ok', guard: state(1790000000, 1800000000) }),
  ],
  [
    'activation-of-others',
    'The iat of that of another installation is not',
    { token: activated, activation: { ...seat(), fingerprint: 'machine-2' }, guard: usual },
    refused('ACTIVATION_MISMATCH', { clock: 'ok', guard: state(1790000000, 1800000000) }),
  ],
  [
    'activation-ahead-301',
    'An activation that was signed 301 s after now: the clock is behind',
    { token: activated, activation: seat({ iat: 1800000301 }), guard: usual },
    setBack(state(1800000301, 1800000000), { activation: HELD }),
  ],
  [
    'activation-resets-nothing',
    'An activation of this minute resets nothing',
    { token: activated, activation: seat({ iat: 1799999940 }), guard: state(1790000000, 4070908800) },
    setBack(state(1799999940, 4070908800), { activation: HELD }),
  ],
  [
    'activation-list-raises-and-resets',
    'The list of an activation raises what was verified, and resets what was seen',
    {
      token: license(FIXED),
      activation: seat(
        { status: PLACE },
        { status_list: statusList({ sub: PLACE.status_list.uri, iat: 1799999700 }) },
      ),
      guard: state(1790000000, 4070908800),
    },
    ok(state(1799999700, 1800000000), { activation: HELD }),
  ],
  [
    'activation-of-others-list',
    'Of the activation of another installation the list does neither',
    {
      token: activated,
      activation: {
        ...seat(
          { status: PLACE },
          { status_list: statusList({ sub: PLACE.status_list.uri, iat: 1799999700 }) },
        ),
        fingerprint: 'machine-2',
      },
      guard: usual,
    },
    refused('ACTIVATION_MISMATCH', { clock: 'ok', guard: state(1790000000, 1800000000) }),
  ],
  [
    'activation-list-of-others',
    'A list that the activation does not name does neither',
    {
      token: license(FIXED),
      activation: seat({ status: PLACE }, { status_list: statusList() }),
      guard: state(1790000000, 1800000000),
    },
    ok(state(1799999400, 1800000000), { activation: HELD }),
  ],
].map(([id, description, parts, expect]) => vector(`guard-${id}`, description, parts, expect));

const others = [
  vector(
    'guard-clock-behind-wrong-version',
    'A code of 1 to 9 comes before the clock, which is not ok',
    { token, question: { version: '16' }, guard: state(1790000000, 1800086400) },
    refused('VERSION_NOT_ALLOWED', { guard: state(1790000000, 1800086400) }),
  ),
  vector(
    'guard-clock-behind-expired',
    'A clock that is behind comes before the end of the license',
    { token: license({ exp: 1799999999 }), guard: state(1790000000, 1800086400) },
    setBack(state(1790000000, 1800086400), { expires_at: '2027-01-15T07:59:59.000Z' }),
  ),
  vector(
    'guard-clock-behind-revoked',
    'A clock that is behind comes before a revocation',
    { token, status_list: listing(1, { iat: 1799990000 }), guard: state(1790000000, 1800086400) },
    setBack(state(1799990000, 1800086400), { revocation: 'stale' }),
  ),
  vector(
    'guard-key-set-gives-no-time',
    'The iat of a key set is not a time of the guard',
    {
      token,
      keys: {
        key_set: keySet({ iat: 1799999999, exp: 1830000000, keys: [jwkWithKid(FIRST)], compromised: [] }),
        root: ROOT.jwk,
      },
      guard: usual,
    },
    ok(state(1790000000, 1800000000)),
  ),
  vector('guard-absent', 'Without a guard, nothing is known of the clock', { token }, VALID),
];

const sequences = [
  vector(
    'guard-sequence-2099-1',
    'In order',
    { token, guard: usual, now: 1800000000 },
    ok(state(1790000000, 1800000000)),
  ),
  vector(
    'guard-sequence-2099-2',
    'For a day the clock says 2099: the license has expired, and the time is remembered',
    { token, guard: state(1790000000, 1800000000), now: 4070908800 },
    refused('EXPIRED', { clock: 'ok', guard: state(1790000000, 4070908800) }),
  ),
  vector(
    'guard-sequence-2099-3',
    'The clock is right again, and is behind what was seen',
    { token, guard: state(1790000000, 4070908800), now: 1800086400 },
    setBack(state(1790000000, 4070908800)),
  ),
  vector(
    'guard-sequence-2099-4',
    'A new list shows that the clock is right',
    {
      token,
      status_list: statusList({ iat: 1800086100, exp: 1803110100 }),
      guard: state(1790000000, 4070908800),
      now: 1800086460,
    },
    ok(state(1800086100, 1800086460), { revocation: 'fresh' }),
  ),
  vector(
    'guard-sequence-back-1',
    'An expired license, and the clock is right',
    { token: license({ exp: 1799999000 }), guard: usual, now: 1800000000 },
    refused('EXPIRED', {
      clock: 'ok',
      expires_at: '2027-01-15T07:43:20.000Z',
      guard: state(1790000000, 1800000000),
    }),
  ),
  vector(
    'guard-sequence-back-2',
    'The clock is set back to a day on which the license was valid',
    { token: license({ exp: 1799999000 }), guard: state(1790000000, 1800000000), now: 1799900000 },
    setBack(state(1790000000, 1800000000), { expires_at: '2027-01-15T07:43:20.000Z' }),
  ),
  vector(
    'guard-sequence-back-3',
    'Then the state is removed: the license is valid again, and the clock is not known',
    { token: license({ exp: 1799999000 }), guard: null, now: 1799900000 },
    {
      ...VALID,
      warnings: ['EXPIRES_SOON'],
      expires_at: '2027-01-15T07:43:20.000Z',
      guard: state(1790000000, 1799900000),
    },
  ),
];

export default [...first, ...seen, ...unverified, ...byLists, ...bySeats, ...others, ...sequences];
