import { nearMisses } from './near-misses';

const KNOWN = [
  'LICENSE_ISSUER',
  'AUDIT_IP_RETENTION_DAYS',
  'KEYS_DIR',
  'PORT',
  'DATABASE_URL',
  'DATABASE_URL_FILE',
];

describe('a variable that is nearly a setting', () => {
  it.each([
    ['LICENSE_ISUER', 'LICENSE_ISSUER'],
    ['LICENCE_ISSUER', 'LICENSE_ISSUER'],
    ['DATABSE_URL_FILE', 'DATABASE_URL_FILE'],
    ['database_url', 'DATABASE_URL'],
    ['KEYS_DIRS', 'KEYS_DIR'],
  ])('%s is named with what is meant', (given, meant) => {
    expect(nearMisses([given], KNOWN)).toEqual([{ given, meant }]);
  });

  it.each([
    'LICENSE_ISSUER',
    'DATABASE_URL_FILE',
    'POST',
    'SPORT',
    'HOSTNAME',
    'PATH',
    'XDG_DATA_DIRS',
    'AUDIT_IP',
  ])('%s is left alone', (given) => {
    expect(nearMisses([given], KNOWN)).toEqual([]);
  });
});
