// Licenses that count their installations, and the activation tokens that show a seat.
import { MALFORMED, refused, VALID } from './answers.mjs';
import { FIRST, STRANGER } from './keys.mjs';
import { listing, statuses, statusList } from './lists.mjs';
import { ACTIVATION, activationToken, FIXED, fingerprintDigest, FLOATING, HELD, PLACE } from './seats.mjs';
import { jws, license } from './texts.mjs';
import { vector } from './vector.mjs';

const fixed = license(FIXED);
const floating = license(FLOATING);
const HEADER = { alg: 'EdDSA', typ: 'aegis-activation+jwt', kid: 'vendor-1' };
const NONCE = '00112233445566ff';
/** What an installation shows, with claims in place of those of `ACTIVATION`. */
const shown = (claims = {}, others = {}) => ({
  token: activationToken(claims),
  fingerprint: 'machine-1',
  ...others,
});
/** That of an offline file, which counts for three days from `NOW`. */
const offline = (claims = {}, others = {}) =>
  shown({ nonce: NONCE, status: PLACE, exp: 1800259200, ...claims }, { nonce: NONCE, ...others });
const held = { ...VALID, activation: HELD };
const heldForDays = {
  ...VALID,
  activation: { ...HELD, lease_ends_at: '2027-01-18T08:00:00.000Z' },
  revocation: 'stale',
};
const ended = refused('ACTIVATION_ENDED');
/** A list of activations. */
const seats = (byIndex, claims = {}) =>
  statusList({ sub: PLACE.status_list.uri, status_list: statuses(2, byIndex), ...claims });

const INVALID = [
  ['empty', 'No text', ''],
  ['nonsense', 'A text that is not a token', 'a.b.c'],
  ['license', 'The license itself', floating],
  ['white-space', 'A line break after it', `${activationToken()}\n`],
  ['unknown-key', 'Signed by a key that is not known', activationToken({}, {}, STRANGER)],
  ['forged', 'Signed by another key than the kid says', activationToken({}, { kid: 'vendor-1' }, STRANGER)],
  ['alg-none', 'alg none', activationToken({}, { alg: 'none' })],
  ['typ-license', 'The typ of a license', activationToken({}, { typ: 'JWT' })],
  ['typ-missing', 'No typ', activationToken({}, { typ: undefined })],
  ['crit', 'crit', activationToken({}, { crit: ['exp'] })],
  ['issuer', 'Of another issuer', activationToken({ iss: 'https://elsewhere.example' })],
  ['issuer-missing', 'No iss', activationToken({ iss: undefined })],
  ['other-license', 'Of another license', activationToken({ sub: '11111111-2222-4333-8444-555555555555' })],
  ['sub-missing', 'No sub', activationToken({ sub: undefined })],
  ['sub-text', 'A sub that is not a UUID', activationToken({ sub: 'license-1' })],
  ['jti-missing', 'No jti', activationToken({ jti: undefined })],
  ['jti-text', 'A jti that is not a UUID', activationToken({ jti: 'seat-1' })],
  ['fp-missing', 'No fp', activationToken({ fp: undefined })],
  [
    'fp-upper-case',
    'fp in upper case',
    activationToken({ fp: fingerprintDigest('machine-1').toUpperCase() }),
  ],
  [
    'fp-prefix',
    'fp with a name before it',
    activationToken({ fp: `sha256:${fingerprintDigest('machine-1')}` }),
  ],
  ['fence-missing', 'No fence', activationToken({ fence: undefined })],
  ['fence-zero', 'fence: 0', activationToken({ fence: 0 })],
  ['fence-text', 'fence as a text', activationToken({ fence: '1799999400000' })],
  ['fence-2-53', 'fence: 2^53', activationToken({ fence: 9007199254740992 })],
  ['exp-missing', 'No exp: no activation token counts forever', activationToken({ exp: undefined })],
  ['exp-null', 'exp: null', activationToken({ exp: null })],
  ['exp-true', 'exp: true', activationToken({ exp: true })],
  ['exp-year-10000', 'exp after the year 9999', activationToken({ exp: 253402300800 })],
  ['iat-missing', 'No iat', activationToken({ iat: undefined })],
  ['nonce-upper-case', 'A nonce in upper case', activationToken({ nonce: '00112233445566FF' })],
  ['nonce-short', 'A nonce of 15 digits', activationToken({ nonce: '00112233445566f' })],
  ['nonce-long', 'A nonce of 17 digits', activationToken({ nonce: '00112233445566fff' })],
  ['nonce-null', 'nonce: null', activationToken({ nonce: null })],
  ['status-null', 'status: null', activationToken({ status: null })],
  ['status-empty', 'status without status_list', activationToken({ status: {} })],
  [
    'doubled-name',
    'A claim twice',
    jws(HEADER, JSON.stringify(ACTIVATION).replace('{', '{"exp":1900000000,'), FIRST),
  ],
  ['too-long', 'More than 8,192 characters', activationToken({ later: 'x'.repeat(6_500) })],
];

const claims = [
  ['mode-unknown', 'A mode that nobody knows', { seats: { mode: 'shared', required: true } }],
  ['mode-missing', 'No mode', { seats: { required: true } }],
  ['required-missing', 'Nothing says whether a seat is required', { seats: { mode: 'fixed' } }],
  ['required-number', 'required: 1 is not true', { seats: { mode: 'fixed', required: 1 } }],
  ['required-text', 'required as a text', { seats: { mode: 'fixed', required: 'true' } }],
  ['required-null', 'required: null', { seats: { mode: 'fixed', required: null } }],
  ['null', 'seats: null is not missing seats', { seats: null }],
  ['number', 'A number of seats', { seats: 5 }],
  ['array', 'An array', { seats: [] }],
];

const judged = [
  ['floating', 'A floating seat', { token: floating, activation: shown() }, held],
  [
    'fixed',
    'A fixed seat, with a place in a list that is not given',
    { token: fixed, activation: shown({ status: PLACE }) },
    held,
  ],
  [
    'unknown-claims',
    'Claims of a later version',
    { token: floating, activation: shown({ later: { x: null }, nbf: 1900000000 }) },
    held,
  ],
  [
    'unknown-seat-members',
    'Members of seats that nobody knows',
    { token: license({ seats: { mode: 'fixed', required: true, pool: 'eu' } }), activation: shown() },
    held,
  ],
  [
    'license-id-case',
    'License ids are compared without their case, and hashed in lower case',
    { token: license({ ...FLOATING, jti: '0BFB0CEF-A864-400F-83D4-E8C6BD41DDA5' }), activation: shown() },
    { ...held, license_id: '0BFB0CEF-A864-400F-83D4-E8C6BD41DDA5' },
  ],
  [
    'sub-case',
    'The same, where the activation has upper case',
    { token: floating, activation: shown({ sub: '0BFB0CEF-A864-400F-83D4-E8C6BD41DDA5' }) },
    held,
  ],
  [
    'second-issuer',
    'Of another issuer that is accepted',
    {
      token: floating,
      activation: shown({ iss: 'https://former.example' }),
      issuers: ['https://license.example', 'https://former.example'],
    },
    held,
  ],
  ['fence-one', 'The smallest fence', { token: floating, activation: shown({ fence: 1 }) }, held],
  [
    'fingerprint-unicode',
    'A fingerprint in UTF-8',
    { token: floating, activation: shown({ fp: fingerprintDigest('Büro 🚀') }, { fingerprint: 'Büro 🚀' }) },
    held,
  ],
  [
    'fingerprint-with-colon',
    'A fingerprint with a colon',
    { token: floating, activation: shown({ fp: fingerprintDigest('a:b') }, { fingerprint: 'a:b' }) },
    held,
  ],
  [
    'fingerprint-case',
    'Fingerprints have their case',
    { token: floating, activation: shown({}, { fingerprint: 'Machine-1' }) },
    refused('ACTIVATION_MISMATCH'),
  ],
  [
    'fingerprint-white-space',
    'Nothing is trimmed of a fingerprint',
    { token: floating, activation: shown({}, { fingerprint: 'machine-1 ' }) },
    refused('ACTIVATION_MISMATCH'),
  ],
  [
    'fingerprint-empty',
    'An empty fingerprint',
    { token: floating, activation: shown({}, { fingerprint: '' }) },
    refused('ACTIVATION_MISMATCH'),
  ],
  [
    'fingerprint-of-other-license',
    'fp of the same fingerprint under another license',
    {
      token: floating,
      activation: shown({ fp: fingerprintDigest('machine-1', '11111111-2222-4333-8444-555555555555') }),
    },
    refused('ACTIVATION_MISMATCH'),
  ],
  [
    'signed-later',
    'Signed after now: without a guard, iat is not compared with the clock',
    { token: floating, activation: shown({ iat: 1800000300 }) },
    held,
  ],
  [
    'nonce-shown-needlessly',
    'The installation made an offline request, and the token is of a connection',
    { token: floating, activation: shown({}, { nonce: NONCE }) },
    held,
  ],
  [
    'not-required',
    'Seats are counted, and none is required',
    { token: license({ seats: { mode: 'fixed', required: false } }) },
    VALID,
  ],
  [
    'not-required-nonsense',
    'None is required: what is shown refuses nothing',
    {
      token: license({ seats: { mode: 'fixed', required: false } }),
      activation: { token: 'seat', fingerprint: 'machine-1' },
    },
    VALID,
  ],
  [
    'not-required-held',
    'None is required, and one is held',
    { token: license({ seats: { mode: 'fixed', required: false } }), activation: shown() },
    held,
  ],
  [
    'not-counted-held',
    'Seats are not counted, and one is held',
    { token: license(), activation: shown() },
    held,
  ],
  [
    'not-counted-ended',
    'Seats are not counted, and the activation has ended',
    { token: license(), activation: shown({ exp: 1800000000 }) },
    VALID,
  ],
  [
    'held-of-expired',
    'A seat of a license that has expired is shown',
    { token: license({ ...FLOATING, exp: 1799999999 }), activation: shown() },
    refused('EXPIRED', { expires_at: '2027-01-15T07:59:59.000Z', activation: HELD }),
  ],
  [
    'held-for-other-module',
    'A seat is shown with the codes from 5 on',
    { token: floating, activation: shown(), question: { module: 'accounting' } },
    refused('MODULE_MISMATCH', { activation: HELD }),
  ],
  [
    'held-without-proof',
    'A seat is not shown while the license is not proven',
    { token: 'license', activation: shown() },
    MALFORMED,
  ],
  [
    'held-and-revoked',
    'A seat of a license that was revoked',
    { token: fixed, activation: shown(), status_list: listing(1) },
    refused('REVOKED', { activation: HELD, revocation: 'fresh' }),
  ],
];

const lists = [
  [
    'list-valid',
    'A list that says nothing against it',
    { token: fixed, activation: shown({ status: PLACE }, { status_list: seats({}) }) },
    held,
  ],
  [
    'list-ended',
    'A list that says that it was ended',
    { token: fixed, activation: shown({ status: PLACE }, { status_list: seats({ 9: 1 }) }) },
    ended,
  ],
  [
    'list-suspended',
    'Status 2 ends it as well',
    { token: fixed, activation: shown({ status: PLACE }, { status_list: seats({ 9: 2 }) }) },
    ended,
  ],
  [
    'list-unknown-status',
    'Status 3 means nothing',
    { token: fixed, activation: shown({ status: PLACE }, { status_list: seats({ 9: 3 }) }) },
    held,
  ],
  [
    'list-neighbour',
    'The status of another one',
    { token: fixed, activation: shown({ status: PLACE }, { status_list: seats({ 8: 1, 10: 1 }) }) },
    held,
  ],
  [
    'list-index-beyond',
    'An index beyond the list',
    {
      token: fixed,
      activation: shown(
        { status: { status_list: { ...PLACE.status_list, idx: 64 } } },
        { status_list: seats({}) },
      ),
    },
    held,
  ],
  [
    'list-stale',
    'A list whose ttl has passed',
    { token: fixed, activation: shown({ status: PLACE }, { status_list: seats({ 9: 1 }, { ttl: 60 }) }) },
    ended,
  ],
  [
    'list-expired',
    'A list that has expired says nothing',
    {
      token: fixed,
      activation: shown({ status: PLACE }, { status_list: seats({ 9: 1 }, { exp: 1800000000 }) }),
    },
    held,
  ],
  [
    'list-expired-second-before',
    'A list in its last second',
    {
      token: fixed,
      activation: shown({ status: PLACE }, { status_list: seats({ 9: 1 }, { exp: 1800000001 }) }),
    },
    ended,
  ],
  [
    'list-invalid',
    'A text that is not a list: nothing is refused for it',
    { token: fixed, activation: shown({ status: PLACE }, { status_list: 'list' }) },
    held,
  ],
  [
    'list-forged',
    'A list that nobody trusts',
    {
      token: fixed,
      activation: shown(
        { status: PLACE },
        {
          status_list: statusList(
            { sub: PLACE.status_list.uri, status_list: statuses(2, { 9: 1 }) },
            {},
            STRANGER,
          ),
        },
      ),
    },
    held,
  ],
  [
    'list-of-license',
    'The list of the license in place of its own',
    {
      token: fixed,
      activation: shown(
        { status: PLACE },
        { status_list: statusList({ status_list: statuses(2, { 9: 1 }) }) },
      ),
    },
    held,
  ],
  [
    'list-without-place',
    'The token names no list',
    { token: floating, activation: shown({}, { status_list: seats({ 9: 1 }) }) },
    held,
  ],
  [
    'list-max-offline',
    'max_offline is for the list of the license',
    {
      token: license({ ...FIXED, status: undefined }),
      activation: shown({ status: PLACE }, { status_list: seats({}) }),
      max_offline: 60,
    },
    held,
  ],
  [
    'list-among-lists',
    'The list of the activation given in the place of that of the license ends the activation, too',
    {
      token: license({ ...FIXED, status: undefined }),
      activation: shown({ status: PLACE }),
      status_list: seats({ 9: 1 }),
    },
    refused('ACTIVATION_ENDED', { revocation: 'none' }),
  ],
  [
    'list-among-lists-newer',
    'Of two lists of activations, one of them given where that of the license is, the later one counts',
    {
      token: license({ ...FIXED, status: undefined }),
      activation: shown({ status: PLACE }, { status_list: seats({}, { iat: 1799996401 }) }),
      status_list: seats({ 9: 1 }, { iat: 1799996402 }),
    },
    refused('ACTIVATION_ENDED', { revocation: 'none' }),
  ],
  [
    'list-among-lists-older',
    'The same, where the later one is that of the activation',
    {
      token: license({ ...FIXED, status: undefined }),
      activation: shown({ status: PLACE }, { status_list: seats({}, { iat: 1799996402 }) }),
      status_list: seats({ 9: 1 }, { iat: 1799996401 }),
    },
    held,
  ],
  [
    'list-newest-says-nothing',
    'The later one says nothing of the activation, and the older one is not asked',
    {
      token: license({ ...FIXED, status: undefined }),
      activation: shown({ status: PLACE }, { status_list: seats({ 9: 3 }, { iat: 1799996402 }) }),
      status_list: seats({ 9: 1 }, { iat: 1799996401 }),
    },
    held,
  ],
  [
    'license-list-is-another',
    'A list of the license that is missing is not replaced by that of activations',
    { token: fixed, status_list: seats({}), activation: shown({ status: PLACE }) },
    refused('STATUS_LIST_INVALID', { activation: HELD }),
  ],
];

const files = [
  [
    'ended-among-lists',
    'An offline file whose list is given where that of the license is, and ends it: it is no leave to go without a list',
    { activation: offline(), status_list: seats({ 9: 1 }) },
    refused('STATUS_LIST_INVALID'),
  ],
  [
    'without-lists',
    'An offline file without lists: revocation is stale, and nothing is refused',
    { activation: offline() },
    heldForDays,
  ],
  [
    'without-place',
    'A license that names no list, as of v0.8: no leave is needed, and revocation `none`',
    { token: license({ ...FIXED, status: undefined }), activation: offline() },
    { ...heldForDays, revocation: 'none' },
  ],
  [
    'list-fresh',
    'With a fresh list',
    { activation: offline(), status_list: statusList() },
    { ...heldForDays, revocation: 'fresh' },
  ],
  [
    'list-stale',
    'With a list whose ttl has passed',
    { activation: offline(), status_list: statusList({ ttl: 60 }) },
    heldForDays,
  ],
  [
    'list-expired',
    'With a list that has expired: nothing is refused for it',
    { activation: offline(), status_list: statusList({ exp: 1799999999 }) },
    heldForDays,
  ],
  [
    'max-offline',
    'max_offline refuses nothing either',
    { activation: offline(), status_list: statusList({ ttl: 60 }), max_offline: 60 },
    heldForDays,
  ],
  [
    'list-invalid',
    'With a text that is not a list',
    { activation: offline(), status_list: 'list' },
    heldForDays,
  ],
  [
    'list-of-others',
    'With the list of other licenses',
    {
      activation: offline(),
      status_list: statusList({ sub: 'https://license.example/api/v1/status-lists/1' }),
    },
    heldForDays,
  ],
  [
    'list-revoking',
    'With a newer list, which revokes the license',
    { activation: offline(), status_list: listing(1) },
    refused('REVOKED', { activation: heldForDays.activation, revocation: 'fresh' }),
  ],
  [
    'list-revoking-expired',
    'With a list that revokes and has expired: it is the newest that is known',
    { activation: offline(), status_list: listing(1, { exp: 1799999999 }) },
    refused('REVOKED', { activation: heldForDays.activation, revocation: 'stale' }),
  ],
  [
    'list-suspending-expired',
    'With a list that suspends and has expired',
    { activation: offline(), status_list: listing(2, { exp: 1799999999 }) },
    refused('SUSPENDED', { activation: heldForDays.activation, revocation: 'stale' }),
  ],
  [
    'own-list-ended',
    'The activation was ended, by its list',
    { activation: offline({}, { status_list: seats({ 9: 1 }) }) },
    ended,
  ],
  [
    'own-list-ended-expired',
    'The activation was ended, by a list that has expired since',
    { activation: offline({}, { status_list: seats({ 9: 1 }, { exp: 1799999999 }) }) },
    ended,
  ],
  [
    'own-list-invalid',
    'A text in place of the list of activations',
    { activation: offline({}, { status_list: 'list' }) },
    heldForDays,
  ],
  [
    'ended-list-expired',
    'An activation that was ended gives no leave: the list of the license has expired',
    {
      activation: offline({}, { status_list: seats({ 9: 1 }) }),
      status_list: statusList({ exp: 1799999999 }),
    },
    refused('STATUS_LIST_STALE', { revocation: 'stale' }),
  ],
  [
    'second-before-end',
    'In the last second of the file',
    { activation: offline({ exp: 1800000001 }), status_list: statusList({ exp: 1799999999 }) },
    { ...heldForDays, activation: { ...HELD, lease_ends_at: '2027-01-15T08:00:01.000Z' } },
  ],
  [
    'at-end',
    'At the end of the file, the list counts as it does for all',
    { activation: offline({ exp: 1800000000 }), status_list: statusList({ exp: 1799999999 }) },
    refused('STATUS_LIST_STALE', { revocation: 'stale' }),
  ],
  [
    'at-end-without-list',
    'At the end of the file, without a list',
    { activation: offline({ exp: 1800000000 }) },
    ended,
  ],
  [
    'other-nonce',
    'A file that answers another request',
    { activation: offline({}, { nonce: '00112233445566fe' }) },
    refused('ACTIVATION_MISMATCH'),
  ],
  [
    'no-request',
    'A file, and the installation made no request',
    { activation: offline({}, { nonce: undefined }) },
    refused('ACTIVATION_MISMATCH'),
  ],
  [
    'other-nonce-list-expired',
    'A file of another request gives no leave',
    { activation: offline({}, { nonce: '00112233445566fe' }), status_list: statusList({ exp: 1799999999 }) },
    refused('STATUS_LIST_STALE', { revocation: 'stale' }),
  ],
  [
    'other-installation-list-expired',
    'A file of another installation gives no leave',
    { activation: offline({}, { fingerprint: 'machine-2' }), status_list: statusList({ exp: 1799999999 }) },
    refused('STATUS_LIST_STALE', { revocation: 'stale' }),
  ],
  [
    'without-nonce-list-expired',
    'An activation of a connection gives no leave',
    { activation: shown({ status: PLACE }), status_list: statusList({ exp: 1799999999 }) },
    refused('STATUS_LIST_STALE', { activation: HELD, revocation: 'stale' }),
  ],
  [
    'not-required',
    'A file for a license that requires no seat gives leave as well',
    {
      token: license({ seats: { mode: 'fixed', required: false } }),
      activation: offline(),
      status_list: statusList({ exp: 1799999999 }),
    },
    heldForDays,
  ],
  [
    'license-expired',
    'A file outlives no license',
    { token: license({ ...FIXED, exp: 1799999999 }), activation: offline() },
    refused('EXPIRED', {
      expires_at: '2027-01-15T07:59:59.000Z',
      activation: heldForDays.activation,
      revocation: 'stale',
    }),
  ],
];

export default [
  ...INVALID.map(([id, description, token]) =>
    vector(
      `activation-invalid-${id}`,
      description,
      { token: floating, activation: { token, fingerprint: 'machine-1' } },
      refused('ACTIVATION_INVALID'),
    ),
  ),
  ...claims.map(([id, description, some]) =>
    vector(`seats-malformed-${id}`, description, { token: license(some) }, MALFORMED),
  ),
  ...judged.map(([id, description, parts, expect]) => vector(`activation-${id}`, description, parts, expect)),
  ...lists.map(([id, description, parts, expect]) => vector(`activation-${id}`, description, parts, expect)),
  ...files.map(([id, description, parts, expect]) =>
    vector(`offline-file-${id}`, description, { token: fixed, ...parts }, expect),
  ),
];
