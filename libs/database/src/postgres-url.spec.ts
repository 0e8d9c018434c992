import { canonicalPostgresUrl, isPostgresUrl, loadEnvironment } from '@aegis/config';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-socket-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What the driver makes of a URL. */
function driverReads(url: string): object {
  const { host, port, user, password, database } = new Client({ connectionString: url });
  return { host, port, user, password, database };
}

const SOCKET = '/var/run/postgresql';
const here = userInfo().username;

describe('a Unix socket', () => {
  const production = {
    ENVIRONMENT: 'production',
    PUBLIC_URL: 'https://licenses.acme.test',
    LICENSE_ISSUER: 'https://issuer.acme.test',
    KEY_PASSPHRASE: 'correct horse battery staple',
    API_KEY_PEPPERS: `v1:${'x'.repeat(32)}`,
  };

  it.each([
    [`postgres:///aegis?host=${SOCKET}`, { user: here }],
    [`postgresql:///aegis?host=%2Fvar%2Frun%2Fpostgresql`, { user: here }],
    [`postgres:///aegis?host=${SOCKET}&user=app`, { user: 'app' }],
    [`postgres:///aegis?host=${SOCKET}&user=app&password=p%40%2Fs`, { user: 'app', password: 'p@/s' }],
    [`postgres:///aegis?host=${SOCKET}&port=6543&user=app`, { user: 'app', port: 6543 }],
    [`postgres://app@/aegis?host=${SOCKET}`, { user: 'app' }],
    [`postgres://app:p%40s@/aegis?host=${SOCKET}`, { user: 'app', password: 'p@s' }],
    [`postgres://app:p%40s@/aegis?host=${SOCKET}&port=6543`, { user: 'app', password: 'p@s', port: 6543 }],
    [`postgres://app@/aegis?host=${SOCKET}&password=pw`, { user: 'app', password: 'pw' }],
    ['postgres://app:pw@%2Fvar%2Frun%2Fpostgresql/aegis', { user: 'app', password: 'pw' }],
    ['postgres://app:pw@%2fvar%2frun%2fpostgresql:6543/aegis', { user: 'app', password: 'pw', port: 6543 }],
    ['postgres://%2Fvar%2Frun%2Fpostgresql/aegis', { user: here }],
    [`postgres:///aegis?host=${SOCKET}&application_name=a`, { user: here }],
  ])(
    'is accepted in production if the driver and the checks read it in the same way: %s',
    (url, expected) => {
      const { DATABASE_URL: used = '' } = loadEnvironment({
        ...production,
        DATABASE_URL: url,
        DATA_DIR: folder,
      });
      expect(driverReads(used)).toEqual({
        host: SOCKET,
        port: 5432,
        password: null,
        database: 'aegis',
        ...expected,
      });
      expect(decodeURIComponent(new URL(used).username)).toBe(expected.user);
      expect(decodeURIComponent(new URL(used).hostname)).toBe(SOCKET);
    },
  );

  it('must not hide the owner: migrations need another role over a socket too', () => {
    expect(() =>
      loadEnvironment({
        ...production,
        DATABASE_URL: `postgres://app@/aegis?host=${SOCKET}`,
        MIGRATION_DATABASE_URL: `postgres:///aegis?host=${SOCKET}&user=app`,
      }),
    ).toThrow('MIGRATION_DATABASE_URL: name another role');
  });

  it.each([
    `postgres://app@127.0.0.1/aegis?host=${SOCKET}`,
    `postgres://app@%2Fvar%2Frun/aegis?host=${SOCKET}`,
    `postgres://app@/aegis?host=${SOCKET}&host=/tmp`,
    `postgres://app@/aegis?host=${SOCKET}&user=owner`,
    `postgres://app:pw@/aegis?host=${SOCKET}&password=other`,
    `postgres://app@/aegis?host=db.acme.test`,
    `postgres://app@/aegis?host=`,
    `postgres://app@/aegis`,
    `postgres:///aegis`,
    `postgres://app@/?host=${SOCKET}`,
    `postgres://app@/aegis?host=${SOCKET}&sslmode=disable`,
    `postgres://app@/aegis?host=${SOCKET}&options=-crole%3Downer`,
    `postgres://app@/aegis?host=${SOCKET}#x`,
    `postgres://app@/a/b?host=${SOCKET}`,
    ` postgres:///aegis?host=${SOCKET}`,
  ])('is refused when it is given twice or with something that a socket cannot have: %s', (url) => {
    expect(() => loadEnvironment({ DATABASE_URL: url, DATA_DIR: folder })).toThrow('DATABASE_URL: must');
  });
});

it('the part of a URL that is checked is the part that the driver uses', () => {
  const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).map(encodeURIComponent);
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
    fc.constantFrom('localhost', '%2Fvar%2Frun%2Fpostgresql', '%6cocalhost'),
  );
  const tail = fc.constantFrom('', '?sslmode=disable', '?application_name=x');
  fc.assert(
    fc.property(
      word,
      word,
      host,
      fc.integer({ min: 1, max: 65_535 }),
      word,
      tail,
      (user, pw, at, port, db, query) => {
        const url = canonicalPostgresUrl(`postgres://${user}:${pw}@${at}:${port}/${db}${query}`);
        if (!isPostgresUrl(url)) return;
        const read = driverReads(url);
        const checked = new URL(url);
        expect(read).toMatchObject({
          host: decodeURIComponent(checked.hostname).replace(/^\[|\]$/g, ''),
          port: Number(checked.port),
          user: decodeURIComponent(checked.username),
          password: decodeURIComponent(checked.password),
        });
      },
    ),
  );
});
