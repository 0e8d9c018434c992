import { licenseClaims, type TokenFacts } from './license-claims';
import { UnsoundClaims } from '../licensing.errors';

const FACTS: TokenFacts = {
  licenseId: '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10',
  issuer: 'https://license.biz4a.com',
  publicUrl: 'https://licenses.vendor.example',
  customer: { id: 'acme', name: 'Acme Corporation' },
  moduleName: 'payroll',
  allowedMajorVersions: ['17', '18'],
  licenseType: 'subscription',
  signedAt: new Date('2026-02-03T19:12:10.987Z'),
  expiresAt: new Date('2027-02-03T19:12:10.000Z'),
  instanceFingerprint: `sha256:${'ab'.repeat(32)}`,
  graceDays: 0,
  entitlements: {},
  seats: null,
  revision: 3,
  status: { list: 2, index: 4711 },
};

describe('the claims of a token', () => {
  it('are those of the contract', () => {
    expect(licenseClaims(FACTS)).toEqual({
      jti: '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10',
      iss: 'https://license.biz4a.com',
      // 2026-02-03T19:11:10Z: a minute before it was signed.
      iat: 1_770_145_870,
      exp: 1_801_681_930,
      customer: { id: 'acme', name: 'Acme Corporation' },
      module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
      license_type: 'subscription',
      instance_fingerprint: `sha256:${'ab'.repeat(32)}`,
      rev: 3,
      status: {
        status_list: { idx: 4711, uri: 'https://licenses.vendor.example/api/v1/status-lists/2' },
      },
    });
  });

  it('do not contain what does not apply, not even as an empty member', () => {
    const claims = licenseClaims({
      ...FACTS,
      licenseType: 'perpetual',
      expiresAt: null,
      instanceFingerprint: null,
    });
    expect(Object.keys(claims)).toEqual([
      'jti',
      'iss',
      'iat',
      'customer',
      'module',
      'license_type',
      'rev',
      'status',
    ]);
  });

  it('have entitlements and days of grace where there are some', () => {
    const entitlements = { max_users: 5, constructor: true };
    expect(licenseClaims({ ...FACTS, graceDays: 14, entitlements })).toMatchObject({
      exp: 1_801_681_930,
      grace_days: 14,
      entitlements,
    });
  });

  it('contain nothing else about the customer', () => {
    const customer = {
      id: 'acme',
      name: 'Acme',
      email: 'a@acme.example',
      notes: 'late',
    } as TokenFacts['customer'];
    expect(licenseClaims({ ...FACTS, customer }).customer).toEqual({ id: 'acme', name: 'Acme' });
  });

  it.each([
    ['a perpetual license that ends', { licenseType: 'perpetual' }],
    ['an end between two seconds', { expiresAt: new Date('2027-02-03T19:12:10.500Z') }],
    ['a subscription without end', { expiresAt: null }],
    ['no version', { allowedMajorVersions: [] }],
    ['a version twice', { allowedMajorVersions: ['17', '17'] }],
    ['no issuer', { issuer: '' }],
    ['a nameless customer', { customer: { id: 'acme', name: '' } }],
    ['a fingerprint of another kind', { instanceFingerprint: 'md5:00' }],
    ['a public URL that is not a URL', { publicUrl: 'licenses.vendor.example' }],
    ['revision 0', { revision: 0 }],
    ['366 days of grace', { graceDays: 366 }],
    ['half a day of grace', { graceDays: 0.5 }],
    ['grace without an end', { licenseType: 'perpetual', expiresAt: null, graceDays: 1 }],
    ['a code in upper case', { entitlements: { A: true } }],
  ] as [string, Partial<TokenFacts>][])('are not made with %s', (_, unsound) => {
    expect(() => licenseClaims({ ...FACTS, ...unsound })).toThrow(UnsoundClaims);
  });
});
