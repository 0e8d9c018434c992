import { malformedClaim } from './claim-shape';

const claims = {
  jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  iss: 'https://license.biz4a.com',
  iat: 1770145930,
  exp: 1801681930,
  customer: { id: 'CUST-001', name: 'Açaí & Söhne 株式会社' },
  module: { technical_name: 'biz4a_payroll_drc', allowed_major_versions: ['17', '18'] },
  license_type: 'subscription',
  instance_fingerprint: `sha256:${'0f'.repeat(32)}`,
  grace_days: 14,
  entitlements: { max_users: 5 },
  seats: { mode: 'floating', required: true },
  rev: 1,
  status: { status_list: { idx: 0, uri: 'https://license.example/api/v1/status-lists/1' } },
};

/** A deep copy with the member at `path` set, or removed when the value is undefined. */
function withMember(object: object, path: string, value: unknown): object {
  const copy = structuredClone(object) as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop()!;
  const parent = names.reduce((at, name) => at[name] as Record<string, unknown>, copy);
  parent[last] = value;
  return copy;
}

describe('malformedClaim', () => {
  const required = [
    'jti',
    'iss',
    'iat',
    'customer',
    'customer.id',
    'customer.name',
    'module',
    'module.technical_name',
    'module.allowed_major_versions',
    'license_type',
    'seats.mode',
    'status.status_list',
    'status.status_list.idx',
    'status.status_list.uri',
  ];
  const optional = ['exp', 'instance_fingerprint', 'grace_days', 'seats', 'rev', 'status'];

  it.each(required)('names %s when it is missing', (path) => {
    expect(malformedClaim(withMember(claims, path, undefined))).toBe(path.split('.')[0]);
  });

  // Right for no claim at all.
  it.each(
    [...required, ...optional].flatMap((path) =>
      [null, true, [{}], {}].map((value): [string, unknown] => [path, value]),
    ),
  )('names %s when it is %j', (path, value) => {
    expect(malformedClaim(withMember(claims, path, value))).toBe(path.split('.')[0]);
  });

  it.each([
    ['jti', 1],
    ['jti', 'license-1'],
    ['jti', '0bfb0cef-a864-400f-83d4-e8c6bd41dda5\n'],
    ['iss', 1],
    ['iss', 'https://license.biz4a.com\0'],
    ['iat', '1770145930'],
    ['iat', 1770145930.5],
    ['iat', 253402300800],
    ['iat', -1],
    ['exp', '1801681930'],
    ['exp', 1801681930.5],
    ['exp', -1],
    ['exp', 253402300800],
    ['exp', 9007199254740992],
    ['customer', 'CUST-001'],
    ['customer.id', 1],
    ['customer.name', 'a\0b'],
    ['customer.name', 'a\ud800b'],
    ['module.technical_name', 1],
    ['module.allowed_major_versions', '17'],
    ['module.allowed_major_versions', [17]],
    ['module.allowed_major_versions', ['17', null]],
    ['module.allowed_major_versions', { 0: '17', length: 1 }],
    ['license_type', 'Perpetual'],
    ['license_type', 'trial'],
    ['license_type', ['perpetual']],
    ['instance_fingerprint', 1],
    ['grace_days', '14'],
    ['grace_days', -1],
    ['grace_days', 0.5],
    ['grace_days', 366],
    ['entitlements', null],
    ['entitlements', [{}]],
    ['entitlements', true],
    ['entitlements', { A: true }],
    ['entitlements', { a: null }],
    ['seats', 5],
    ['seats', [{ mode: 'fixed', required: true }]],
    ['seats.mode', 'Fixed'],
    ['seats.mode', ['fixed']],
    ['seats.required', undefined],
    ['seats.required', null],
    ['seats.required', 1],
    ['seats.required', 'true'],
    ['rev', '1'],
    ['rev', 1.5],
    ['status', [{ status_list: { idx: 0, uri: 'x' } }]],
    ['status.status_list.idx', '0'],
    ['status.status_list.idx', 0.5],
    ['status.status_list.uri', 1],
  ])('names %s when it is %j', (path, value) => {
    expect(malformedClaim(withMember(claims, path, value))).toBe(path.split('.')[0]);
  });

  it.each([Infinity, -Infinity, NaN])('names exp when it is %d', (exp) => {
    expect(malformedClaim({ ...claims, exp })).toBe('exp');
  });

  it.each(['subscription', 'demo'])(
    'names exp when a %s lacks it: leaving it out lengthens no license',
    (license_type) => {
      expect(malformedClaim({ ...claims, license_type, exp: undefined })).toBe('exp');
    },
  );

  it('names grace_days when a perpetual license has some', () => {
    const perpetual = { ...claims, license_type: 'perpetual', exp: undefined };
    expect(malformedClaim(perpetual)).toBe('grace_days');
  });

  it.each([
    ['the last second of the year 9999', { ...claims, exp: 253402300799 }],
    ['a perpetual license', { ...claims, license_type: 'perpetual', exp: undefined, grace_days: 0 }],
    ['a demo', { ...claims, license_type: 'demo' }],
    ['an imported token', { ...claims, rev: undefined, status: undefined }],
    ['an unbound license', { ...claims, instance_fingerprint: undefined }],
    ['a license without grace', { ...claims, grace_days: undefined }],
    ['no entitlements', { ...claims, entitlements: {} }],
    ['a license whose seats are not counted', { ...claims, seats: undefined }],
    ['fixed seats that nobody asks for', { ...claims, seats: { mode: 'fixed', required: false } }],
    ['what a later version says of seats', { ...claims, seats: { ...claims.seats, pool: 'eu' } }],
    ['the first second of 1970', { ...claims, iat: 0, exp: 0 }],
    ['a start that nobody issues', { ...claims, nbf: 1770145930.5 }],
    ['nonsense in a claim that it does not read', { ...claims, nbf: 'soon' }],
    ['claims of a later version', { ...claims, seat_groups: { max: [5, null] }, aud: 'x' }],
    ['emoji', { ...claims, customer: { id: 'c', name: '🚀' } }],
  ])('finds nothing wrong with %s', (_what, readable) => {
    expect(malformedClaim(readable)).toBeNull();
  });

  it('is not confused by __proto__', () => {
    const withoutJti = JSON.stringify({ ...claims, jti: undefined });
    const json = withoutJti.replace('{', `{"__proto__":{"jti":"${claims.jti}"},`);
    expect(malformedClaim(JSON.parse(json))).toBe('jti');
  });
});
