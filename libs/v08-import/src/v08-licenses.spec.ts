import { readLicenseRow } from './v08-licenses';

describe('a row of licenses of v0.8', () => {
  const row = (columns: Record<string, string | null>): ReadonlyMap<string, string | null> =>
    new Map(Object.entries({ token: 'x.y.z', ...columns }));

  it.each<[string, string | null]>([
    ['NULL', null],
    ['empty', ''],
  ])('is refused where its status is %s: it would be active', (_, status) => {
    expect(() => readLicenseRow(row({ status }))).toThrow('status is missing.');
  });

  it('has the status that it names', () => {
    expect(readLicenseRow(row({ status: 'SUSPENDED' })).status).toBe('suspended');
  });
});
