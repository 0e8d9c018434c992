// Each code, and that the first check that fails names it.
import { KEY_COMPROMISED, MALFORMED, refused, SIGNATURE_INVALID, UNKNOWN_KEY, VALID } from './answers.mjs';
import { FIRST, jwkWithKid, ROOT, STOLEN, STRANGER } from './keys.mjs';
import { listing, statusList } from './lists.mjs';
import { ACTIVATION, activationToken, FLOATING, HELD } from './seats.mjs';
import { jws, keySet, license } from './texts.mjs';
import { vector } from './vector.mjs';

/** Bound to the database `5f0c9a3e-8a7b-11ee-b9d1-0242ac120002` under `erp.acme.example`. */
const BOUND = {
  instance_fingerprint: 'sha256:1712834c118b8b50670c64bc166a00d93d1b881f5a2720cb41bbd7a5baef11f7',
};
const INSTANCE = { db_uuid: '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002', domain: 'erp.acme.example' };

const withStolenKey = {
  key_set: keySet({
    iat: 1799990000,
    exp: 1830000000,
    keys: [jwkWithKid(FIRST)],
    compromised: [{ kid: 'vendor-stolen', at: 1799000000, after: null }],
  }),
  root: ROOT.jwk,
};

/** Everything is wrong with it from the issuer on. */
const allWrong = {
  ...BOUND,
  ...FLOATING,
  iss: 'https://elsewhere.example',
  module: { technical_name: 'accounting', allowed_major_versions: ['16'] },
  exp: 1799999999,
};
const expired = { expires_at: '2027-01-15T07:59:59.000Z' };
const revokedList = listing(1);

export default [
  vector('valid', 'A license as it is issued', { token: license() }, VALID),
  vector(
    'valid-perpetual',
    'A perpetual license has no end',
    { token: license({ license_type: 'perpetual', exp: undefined }) },
    { ...VALID, license_type: 'perpetual', expires_at: null },
  ),
  vector(
    'valid-demo',
    'A demo',
    { token: license({ license_type: 'demo' }) },
    { ...VALID, license_type: 'demo' },
  ),
  vector(
    'valid-imported',
    'A license of v0.8 has neither rev nor status',
    { token: license({ rev: undefined, status: undefined }) },
    VALID,
  ),
  vector(
    'valid-with-status-list',
    'A fresh status list that says nothing against it',
    { token: license(), status_list: statusList() },
    { ...VALID, revocation: 'fresh' },
  ),
  vector(
    'valid-accepted-issuer',
    'Of the second issuer that is accepted',
    {
      token: license({ iss: 'https://former.example' }),
      issuers: ['https://license.example', 'https://former.example'],
    },
    VALID,
  ),
  vector(
    'valid-bound',
    'Bound to the installation that asks',
    { token: license(BOUND), question: { instance: INSTANCE } },
    VALID,
  ),
  vector(
    'valid-unbound-with-instance',
    'Not bound, and the installation says who it is',
    { token: license(), question: { instance: INSTANCE } },
    VALID,
  ),
  vector('malformed', 'Not a token', { token: 'license' }, MALFORMED),
  vector('malformed-empty', 'No text at all', { token: '' }, MALFORMED),
  vector(
    'malformed-activation-token',
    'An activation token is not a license, though the same key signed it',
    { token: activationToken() },
    MALFORMED,
  ),
  vector(
    'malformed-status-list',
    'A status list is not a license, though the same key signed it',
    { token: statusList() },
    MALFORMED,
  ),
  vector(
    'malformed-before-unknown-key',
    'A claim is missing, and nobody knows the key: the form is judged first',
    { token: license({ jti: undefined }, {}, STRANGER) },
    MALFORMED,
  ),
  vector(
    'unknown-key',
    'Signed by a key that is not known',
    { token: license({}, {}, STRANGER) },
    UNKNOWN_KEY,
  ),
  vector('unknown-key-no-keys', 'No key is known', { token: license(), keys: [] }, UNKNOWN_KEY),
  vector(
    'unknown-key-kid-decides',
    'Signed by a key that is known, under a kid that is not',
    { token: license({}, { kid: 'vendor-9' }) },
    UNKNOWN_KEY,
  ),
  vector(
    'unknown-key-kid-case',
    'A kid has its case: Vendor-1 is not vendor-1',
    { token: license({}, { kid: 'Vendor-1' }) },
    UNKNOWN_KEY,
  ),
  vector(
    'unknown-key-kid-empty',
    'An empty kid is the name of no key',
    { token: license({}, { kid: '' }) },
    UNKNOWN_KEY,
  ),
  vector(
    'unknown-key-before-alg',
    'Under an unknown kid, the alg does not matter',
    { token: license({}, { alg: 'none' }, STRANGER) },
    UNKNOWN_KEY,
  ),
  vector(
    'signature-invalid',
    'Signed by another key than the kid says',
    { token: license({}, { kid: 'vendor-1' }, STRANGER) },
    SIGNATURE_INVALID,
  ),
  vector(
    'signature-invalid-before-issuer',
    'A forged license of another issuer: claims are not judged before the signature',
    { token: license(allWrong, { kid: 'vendor-1' }, STRANGER), status_list: revokedList },
    SIGNATURE_INVALID,
  ),
  vector(
    'key-compromised',
    'Signed by a key that the key set calls compromised',
    { token: license({}, {}, STOLEN), keys: withStolenKey },
    KEY_COMPROMISED,
  ),
  vector(
    'key-compromised-before-issuer',
    'Of a compromised key, claims are not judged',
    { token: license(allWrong, {}, STOLEN), keys: withStolenKey, status_list: revokedList },
    KEY_COMPROMISED,
  ),
  vector(
    'signature-invalid-before-compromised',
    'No key signs with HS256, whatever else is known of it',
    { token: license({}, { alg: 'HS256' }, STOLEN), keys: withStolenKey },
    SIGNATURE_INVALID,
  ),
  vector(
    'issuer-mismatch',
    'Of an issuer that is not accepted',
    { token: license({ iss: 'https://elsewhere.example' }) },
    refused('ISSUER_MISMATCH'),
  ),
  vector(
    'issuer-mismatch-slash',
    'Issuers are compared byte for byte: a slash at the end is a difference',
    { token: license({ iss: 'https://license.example/' }) },
    refused('ISSUER_MISMATCH'),
  ),
  vector(
    'issuer-mismatch-case',
    'Issuers are compared byte for byte: upper case is a difference',
    { token: license({ iss: 'https://License.example' }) },
    refused('ISSUER_MISMATCH'),
  ),
  vector(
    'issuer-mismatch-empty',
    'An empty issuer',
    { token: license({ iss: '' }) },
    refused('ISSUER_MISMATCH'),
  ),
  vector(
    'issuer-mismatch-first',
    'Everything is wrong from the issuer on',
    { token: license(allWrong), status_list: revokedList },
    refused('ISSUER_MISMATCH', { ...expired, revocation: 'fresh' }),
  ),
  vector(
    'module-mismatch',
    'For another module',
    { token: license(), question: { module: 'accounting' } },
    refused('MODULE_MISMATCH'),
  ),
  vector(
    'module-mismatch-case',
    'Modules have their case',
    { token: license(), question: { module: 'Payroll' } },
    refused('MODULE_MISMATCH'),
  ),
  vector(
    'module-mismatch-prefix',
    'The beginning of a name is not the name',
    { token: license(), question: { module: 'pay' } },
    refused('MODULE_MISMATCH'),
  ),
  vector(
    'module-mismatch-before-version',
    'Everything is wrong from the module on',
    { token: license({ ...allWrong, iss: 'https://license.example' }), status_list: revokedList },
    refused('MODULE_MISMATCH', { ...expired, revocation: 'fresh' }),
  ),
  vector(
    'version-not-allowed',
    'For other versions',
    { token: license(), question: { version: '16.0' } },
    refused('VERSION_NOT_ALLOWED'),
  ),
  ...[
    ['second', '18.0', 'The second of the versions'],
    ['number-alone', '17', 'A version that is only a number'],
    ['long', '17.0.1.2', 'The leading number counts'],
    ['saas', 'saas~17.2', 'A release between 17 and 18'],
    ['saas-hyphen', 'saas-17.2', 'The same, written with a hyphen'],
    ['text-after', '17alpha', 'What follows the digits does not matter'],
  ].map(([id, version, description]) =>
    vector(`version-allowed-${id}`, description, { token: license(), question: { version } }, VALID),
  ),
  ...[
    ['empty', '', 'No version'],
    ['text', 'v17', 'A version that does not begin with a number'],
    ['zero-before', '017', '017 is not 17'],
    ['longer-number', '170', '170 is not 17'],
    ['space-before', ' 17', 'White space before the number'],
    ['eleven-digits', '17000000000', 'A number of eleven digits is not a version'],
    ['other-digits', '１７', 'Digits of other scripts are not digits'],
    ['saas-upper-case', 'SaaS~17.2', 'saas has its case'],
    ['negative', '-17', 'A sign before the number'],
  ].map(([id, version, description]) =>
    vector(
      `version-not-allowed-${id}`,
      description,
      { token: license(), question: { version } },
      refused('VERSION_NOT_ALLOWED'),
    ),
  ),
  vector(
    'version-not-allowed-other-digits-listed',
    'Digits of other scripts are not digits, though the license has them',
    {
      token: license({ module: { technical_name: 'payroll', allowed_major_versions: ['１７'] } }),
      question: { version: '１７' },
    },
    refused('VERSION_NOT_ALLOWED'),
  ),
  vector(
    'version-not-allowed-eleven-digits-listed',
    'The first ten of eleven digits are no version',
    {
      token: license({ module: { technical_name: 'payroll', allowed_major_versions: ['1700000000'] } }),
      question: { version: '17000000001' },
    },
    refused('VERSION_NOT_ALLOWED'),
  ),
  vector(
    'version-ten-digits',
    'A number of ten digits is a version',
    {
      token: license({ module: { technical_name: 'payroll', allowed_major_versions: ['1700000000'] } }),
      question: { version: '1700000000.1' },
    },
    VALID,
  ),
  vector(
    'version-not-allowed-none',
    'No version is allowed',
    { token: license({ module: { technical_name: 'payroll', allowed_major_versions: [] } }) },
    refused('VERSION_NOT_ALLOWED'),
  ),
  vector(
    'version-not-allowed-before-instance',
    'Everything is wrong from the version on',
    {
      token: license({
        ...allWrong,
        iss: 'https://license.example',
        module: { technical_name: 'payroll', allowed_major_versions: ['16'] },
      }),
      status_list: revokedList,
    },
    refused('VERSION_NOT_ALLOWED', { ...expired, revocation: 'fresh' }),
  ),
  vector(
    'instance-required',
    'Bound, and the installation does not say who it is',
    { token: license(BOUND) },
    refused('INSTANCE_REQUIRED'),
  ),
  vector(
    'instance-required-no-domain',
    'An empty domain is one that was not given',
    { token: license(BOUND), question: { instance: { ...INSTANCE, domain: '' } } },
    refused('INSTANCE_REQUIRED'),
  ),
  vector(
    'instance-required-no-uuid',
    'An empty database uuid is one that was not given',
    { token: license(BOUND), question: { instance: { ...INSTANCE, db_uuid: '' } } },
    refused('INSTANCE_REQUIRED'),
  ),
  vector(
    'instance-required-before-status',
    'Bound, revoked, expired, and without a seat',
    { token: license({ ...BOUND, ...FLOATING, exp: 1799999999 }), status_list: revokedList },
    refused('INSTANCE_REQUIRED', { ...expired, revocation: 'fresh' }),
  ),
  vector(
    'instance-mismatch',
    'Bound to another database',
    {
      token: license(BOUND),
      question: { instance: { ...INSTANCE, db_uuid: '5f0c9a3e-8a7b-11ee-b9d1-0242ac120003' } },
    },
    refused('INSTANCE_MISMATCH'),
  ),
  vector(
    'instance-mismatch-case',
    'The domain has its case',
    { token: license(BOUND), question: { instance: { ...INSTANCE, domain: 'ERP.acme.example' } } },
    refused('INSTANCE_MISMATCH'),
  ),
  vector(
    'instance-mismatch-port',
    'A port belongs to the domain',
    { token: license(BOUND), question: { instance: { ...INSTANCE, domain: 'erp.acme.example:8069' } } },
    refused('INSTANCE_MISMATCH'),
  ),
  vector(
    'instance-mismatch-nonsense',
    'A fingerprint of another form is that of no installation',
    { token: license({ instance_fingerprint: 'sha256:' }), question: { instance: INSTANCE } },
    refused('INSTANCE_MISMATCH'),
  ),
  vector(
    'instance-mismatch-before-status',
    'Bound to another one, revoked, and expired',
    {
      token: license({ ...BOUND, exp: 1799999999 }),
      status_list: revokedList,
      question: { instance: { ...INSTANCE, domain: 'other.example' } },
    },
    refused('INSTANCE_MISMATCH', { ...expired, revocation: 'fresh' }),
  ),
  vector(
    'clock-set-back',
    'The clock is a day behind what was verified before',
    { token: license(), guard: { trusted_at: 1800086400, seen_at: 1799990000 } },
    refused('CLOCK_SET_BACK', { guard: { trusted_at: 1800086400, seen_at: 1800000000 } }),
  ),
  vector(
    'instance-required-before-clock',
    'Bound, and the clock is behind',
    { token: license(BOUND), guard: { trusted_at: 1800086400, seen_at: 1799990000 } },
    refused('INSTANCE_REQUIRED', { guard: { trusted_at: 1800086400, seen_at: 1800000000 } }),
  ),
  vector(
    'clock-set-back-before-list',
    'The clock is behind, and the status list is not one',
    { token: license(), guard: { trusted_at: 1800086400, seen_at: 1799990000 }, status_list: 'list' },
    refused('CLOCK_SET_BACK', { guard: { trusted_at: 1800086400, seen_at: 1800000000 } }),
  ),
  vector(
    'status-list-invalid',
    'The status list is not one',
    { token: license(), status_list: 'list' },
    refused('STATUS_LIST_INVALID'),
  ),
  vector(
    'status-list-invalid-before-expired',
    'The license has expired, and the status list is not one',
    { token: license({ exp: 1799999999 }), status_list: 'list' },
    refused('STATUS_LIST_INVALID', expired),
  ),
  vector(
    'status-list-stale',
    'The status list has expired',
    { token: license(), status_list: statusList({ exp: 1799999999 }) },
    refused('STATUS_LIST_STALE', { revocation: 'stale' }),
  ),
  vector(
    'status-list-stale-before-revoked',
    'An expired list that says that the license is revoked: what it says does not count',
    { token: license(), status_list: listing(1, { exp: 1799999999 }) },
    refused('STATUS_LIST_STALE', { revocation: 'stale' }),
  ),
  vector(
    'revoked',
    'Revoked',
    { token: license(), status_list: listing(1) },
    refused('REVOKED', { revocation: 'fresh' }),
  ),
  vector(
    'revoked-before-expired',
    'An expired license that was also revoked is revoked',
    { token: license({ exp: 1799999999 }), status_list: listing(1) },
    refused('REVOKED', { ...expired, revocation: 'fresh' }),
  ),
  vector(
    'suspended',
    'Suspended',
    { token: license(), status_list: listing(2) },
    refused('SUSPENDED', { revocation: 'fresh' }),
  ),
  vector(
    'suspended-before-expired',
    'Suspended, expired, and without a seat',
    { token: license({ ...FLOATING, exp: 1799999999 }), status_list: listing(2) },
    refused('SUSPENDED', { ...expired, revocation: 'fresh' }),
  ),
  vector(
    'expired',
    'The end has passed',
    { token: license({ exp: 1799999999 }) },
    refused('EXPIRED', expired),
  ),
  vector(
    'expired-before-activation',
    'Expired, and without a seat',
    { token: license({ ...FLOATING, exp: 1799999999 }) },
    refused('EXPIRED', expired),
  ),
  vector(
    'activation-required',
    'A seat is asked for, and the installation has none',
    { token: license(FLOATING) },
    refused('ACTIVATION_REQUIRED'),
  ),
  vector(
    'activation-invalid',
    'What the installation shows is not an activation token',
    { token: license(FLOATING), activation: { token: 'seat', fingerprint: 'machine-1' } },
    refused('ACTIVATION_INVALID'),
  ),
  vector(
    'activation-invalid-before-mismatch',
    'Of another license and another installation',
    {
      token: license(FLOATING),
      activation: {
        token: activationToken({ sub: '11111111-2222-4333-8444-555555555555' }),
        fingerprint: 'machine-2',
      },
    },
    refused('ACTIVATION_INVALID'),
  ),
  vector(
    'activation-mismatch',
    'The activation of another installation',
    { token: license(FLOATING), activation: { token: activationToken(), fingerprint: 'machine-2' } },
    refused('ACTIVATION_MISMATCH'),
  ),
  vector(
    'activation-mismatch-before-ended',
    'The activation of another installation, which has also ended',
    {
      token: license(FLOATING),
      activation: { token: activationToken({ exp: 1799999999 }), fingerprint: 'machine-2' },
    },
    refused('ACTIVATION_MISMATCH'),
  ),
  vector(
    'activation-ended',
    'The lease has ended',
    {
      token: license(FLOATING),
      activation: { token: activationToken({ exp: 1799999999 }), fingerprint: 'machine-1' },
    },
    refused('ACTIVATION_ENDED'),
  ),
  vector(
    'valid-activated',
    'The installation holds a seat',
    { token: license(FLOATING), activation: { token: activationToken(), fingerprint: 'machine-1' } },
    { ...VALID, activation: HELD },
  ),
  vector(
    'license-id-as-written',
    'A license id in upper case is answered as it is in the token',
    { token: license({ jti: '0BFB0CEF-A864-400F-83D4-E8C6BD41DDA5' }) },
    { ...VALID, license_id: '0BFB0CEF-A864-400F-83D4-E8C6BD41DDA5' },
  ),
  vector(
    'license-typed-as-activation',
    'Claims of an activation under the typ of a license: claims of a license are missing',
    { token: jws({ alg: 'EdDSA', typ: 'JWT', kid: 'vendor-1' }, ACTIVATION, FIRST) },
    MALFORMED,
  ),
];
