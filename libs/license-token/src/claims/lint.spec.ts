import type { LicenseClaims } from './claims';
import { fitsTokenLimit, lintClaims } from './lint';
import { KEY_ID } from './rules';

const claims: LicenseClaims = {
  jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  iss: 'https://license.biz4a.com',
  iat: 1770145930,
  exp: 1801681930,
  customer: { id: 'CUST-001', name: 'Acme Corporation' },
  module: { technical_name: 'biz4a_payroll_drc', allowed_major_versions: ['17', '18'] },
  license_type: 'subscription',
  instance_fingerprint: `sha256:${'0f'.repeat(32)}`,
  rev: 1,
  status: { status_list: { idx: 0, uri: 'https://license.example/api/v1/status-lists/1' } },
};
const customer = (change: Partial<LicenseClaims['customer']>): Partial<LicenseClaims> => ({
  customer: { ...claims.customer, ...change },
});
const module_ = (change: Partial<LicenseClaims['module']>): Partial<LicenseClaims> => ({
  module: { ...claims.module, ...change },
});
const statusList = (idx: number, uri: string): Partial<LicenseClaims> => ({
  status: { status_list: { idx, uri } },
});
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describe('lintClaims', () => {
  it.each<[string, Partial<LicenseClaims>]>([
    ['a subscription', {}],
    ['a demo', { license_type: 'demo' }],
    ['a perpetual license', { license_type: 'perpetual', exp: undefined }],
    ['an unbound license', { instance_fingerprint: undefined }],
    ['the shortest values', { ...customer({ id: '-', name: 'x' }), ...module_({ technical_name: '.' }) }],
    [
      'the longest ids',
      { ...customer({ id: 'c'.repeat(50) }), ...module_({ technical_name: 'm'.repeat(100) }) },
    ],
    ['a name of 200 characters that take two units each', customer({ name: '🚀'.repeat(200) })],
    ['50 versions', module_({ allowed_major_versions: numbers(50) })],
    ['versions of 1 and 10 digits', module_({ allowed_major_versions: ['1', '1234567890'] })],
    ['entitlements', { entitlements: { constructor: true, max_users: 5 } }],
    ['the most days of grace', { grace_days: 365 }],
    ['seats', { seats: { mode: 'floating', required: false } }],
    ['one second of life', { exp: 1770145931 }],
    ['an end that has passed, as a reissue of an expired license has', { exp: 1770145929 }],
    ['a status list on http', statusList(7, 'http://localhost:8000/api/v1/status-lists/1')],
  ])('passes %s', (_what, change) => {
    expect(lintClaims({ ...claims, ...change })).toEqual([]);
  });

  it.each<[string, object]>([
    ['iss', { iss: '' }],
    ['exp', { license_type: 'perpetual' }],
    ['exp', { exp: undefined }],
    ['exp', { exp: null }],
    ['jti', { jti: 'license-1' }],
    ['customer.id', customer({ id: '' })],
    ['customer.id', customer({ id: 'c'.repeat(51) })],
    ['customer.id', customer({ id: 'a.b' })],
    ['customer.id', customer({ id: 'a\n' })],
    ['customer.name', customer({ name: '' })],
    ['customer.name', customer({ name: 'n'.repeat(201) })],
    ['customer', customer({ name: 'a\0b' })],
    ['module.technical_name', module_({ technical_name: '' })],
    ['module.technical_name', module_({ technical_name: 'm'.repeat(101) })],
    ['module.technical_name', module_({ technical_name: 'a b' })],
    ['module.allowed_major_versions', module_({ allowed_major_versions: [] })],
    ['module.allowed_major_versions', module_({ allowed_major_versions: numbers(51) })],
    ['module.allowed_major_versions', module_({ allowed_major_versions: ['17', '17'] })],
    ['module.allowed_major_versions', module_({ allowed_major_versions: [''] })],
    ['module.allowed_major_versions', module_({ allowed_major_versions: ['12345678901'] })],
    ['module.allowed_major_versions', module_({ allowed_major_versions: ['17.0'] })],
    ['instance_fingerprint', { instance_fingerprint: `sha256:${'0F'.repeat(32)}` }],
    ['instance_fingerprint', { instance_fingerprint: '0f'.repeat(32) }],
    ['instance_fingerprint', { instance_fingerprint: `sha256:${'0f'.repeat(31)}` }],
    ['seats', { seats: 5 }],
    ['seats', { seats: null }],
    ['seats', { seats: { mode: 'fixed' } }],
    ['seats', { seats: { mode: 'node-locked', required: true } }],
    ['seats', { seats: { mode: 'fixed', required: 'true' } }],
    ['rev', { rev: undefined }],
    ['rev', { rev: 0 }],
    ['status', { status: undefined }],
    ['status.status_list.idx', statusList(-1, 'https://license.example/1')],
    ['status.status_list.uri', statusList(0, 'ftp://license.example/1')],
    ['status.status_list.uri', statusList(0, 'https://')],
    ['status.status_list.uri', statusList(0, '/api/v1/status-lists/1')],
  ])('names %s in %j', (claim, change) => {
    const problems = lintClaims({ ...claims, ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${claim} (must|is missing)`));
  });

  it.each<[string, object]>([
    ['offline_days', { offline_days: 30 }],
    ['seats.max', { seats: { mode: 'fixed', required: true, max: 5 } }],
    ['nbf', { nbf: 1770145930 }],
    ['customer.email', customer({ email: 'a@example.com' } as object)],
    ['module.version', module_({ version: '17' } as object)],
    ['status.other', { status: { ...claims.status, other: 1 } }],
    ['status.status_list.ttl', { status: { status_list: { ...claims.status?.status_list, ttl: 1 } } }],
  ])('refuses to sign the unknown claim %s', (claim, change) => {
    expect(lintClaims({ ...claims, ...change })).toEqual([`${claim} is not a claim of a license`]);
  });

  it('names everything that is wrong at once, and no value', () => {
    const problems = lintClaims({ ...claims, ...customer({ id: 'se cret', name: '' }), rev: -3 });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['customer.id', 'customer.name', 'rev']);
    expect(problems.join()).not.toContain('se cret');
  });
});

describe('fitsTokenLimit', () => {
  it('leaves room for the signature within 8 KiB', () => {
    // 8192 less a dot and 86 characters of signature
    expect(fitsTokenLimit('x'.repeat(8105))).toBe(true);
    expect(fitsTokenLimit('x'.repeat(8106))).toBe(false);
  });
});

describe('KEY_ID', () => {
  it.each(['a', '0', 'aegis-2026-01', 'A._-', 'k'.repeat(50)])('takes %s', (kid) => {
    expect(kid).toMatch(KEY_ID);
  });

  it.each(['', '.a', '-a', '_a', '../a', 'a/b', 'a b', 'a\n', 'k'.repeat(51), 'é'])('refuses %j', (kid) => {
    expect(kid).not.toMatch(KEY_ID);
  });
});
