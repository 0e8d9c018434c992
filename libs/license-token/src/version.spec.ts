import { majorVersion } from './version';

describe('majorVersion', () => {
  it.each([
    ['17', '17'],
    ['17.0', '17'],
    ['17.0.1.2', '17'],
    ['saas~17.2', '17'],
    ['saas-17.2', '17'],
    ['17.0+e-20240101', '17'],
    ['9999999999', '9999999999'],
  ])('counts %s by its leading number %s', (version, major) => {
    expect(majorVersion(version)).toBe(major);
  });

  it.each(['', ' 17.0', 'v17', 'saas~', 'saas~~17', '.17', '-17', '١٧', '12345678901', 'master'])(
    'finds no version in %j',
    (version) => {
      expect(majorVersion(version)).toBeNull();
    },
  );
});
