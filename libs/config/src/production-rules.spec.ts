import { loadEnvironment } from './load-environment';

const sound = {
  ENVIRONMENT: 'production',
  PUBLIC_URL: 'https://licenses.acme.test',
  LICENSE_ISSUER: 'https://issuer.acme.test',
  DATABASE_URL: 'postgres://app:s3cret@db.acme.test:5432/aegis?sslmode=verify-full',
  KEY_PASSPHRASE: 'correct horse battery staple',
  API_KEY_PEPPERS: `v1:${'0123456789abcdef'.repeat(2)}`,
};

function problems(changes: Record<string, string>): string[] {
  try {
    loadEnvironment({ ...sound, ...changes });
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

it('starts with sound settings', () => {
  expect(problems({})).toEqual([]);
  expect(problems({ REDIS_URL: 'rediss://:s3cret@redis.acme.test:6380' })).toEqual([]);
  expect(problems({ REDIS_URL: 'redis://127.0.0.1' })).toEqual([]);
  expect(problems({ REDIS_URL: 'rediss://:s%2Fcret@redis.acme.test:6380/15' })).toEqual([]);
});

it('starts with variables for Node that undo nothing', () => {
  expect(problems({ NODE_TLS_REJECT_UNAUTHORIZED: '1', NODE_EXTRA_CA_CERTS: '/ca.pem' })).toEqual([]);
  expect(problems({ NODE_OPTIONS: '--max-old-space-size=512 --enable-source-maps' })).toEqual([]);
  expect(() =>
    loadEnvironment({ ENVIRONMENT: 'test', NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '--inspect' }),
  ).not.toThrow();
});

it('says of each flag of Node that undoes what it demands what it does, all at once', () => {
  expect(
    problems({
      NODE_OPTIONS: '--inspect=0.0.0.0:9229 "--insecure_http_parser"',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    }),
  ).toEqual([
    expect.stringMatching(/^NODE_TLS_REJECT_UNAUTHORIZED: remove it/),
    'NODE_OPTIONS: remove --inspect: with it anyone who reaches its port runs code',
    'NODE_OPTIONS: remove --insecure_http_parser: with it requests are taken that proxies read in another way',
  ]);
});

describe('production refuses', () => {
  it.each([
    ['no database', { DATABASE_URL: '' }, /^DATABASE_URL: required/],
    [
      'a runtime that verifies no TLS',
      { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      /^NODE_TLS_REJECT_UNAUTHORIZED: rem/,
    ],
    ...['--inspect', '--inspect-brk=9229', '--insecure-http-parser', '--tls-min-v1.0', '--tls_min_v1.1'].map(
      (flag) =>
        [
          `${flag} in NODE_OPTIONS`,
          { NODE_OPTIONS: `--no-warnings ${flag}` },
          /^NODE_OPTIONS: remove/,
        ] as const,
    ),
    [
      'a database beyond loopback without TLS',
      { DATABASE_URL: 'postgres://app:s3cret@db.acme.test/aegis' },
      /^DATABASE_URL: add \?sslmode=verify-full/,
    ],
    ...['disable', 'prefer', 'require', 'verify-ca', 'no-verify', 'VERIFY-FULL', ''].map(
      (mode) =>
        [
          `TLS of sslmode=${mode}`,
          { DATABASE_URL: `postgres://app:s3cret@db.acme.test/aegis?sslmode=${mode}` },
          /^DATABASE_URL: add \?sslmode=verify-full/,
        ] as const,
    ),
    ...['127.0.0.1.acme.test', 'localhost.acme.test', '10.0.0.5', '[::ffff:10.0.0.5]', '0.0.0.0'].map(
      (host) =>
        [
          `${host} as loopback`,
          { DATABASE_URL: `postgres://app:s3cret@${host}/aegis` },
          /^DATABASE_URL: add \?sslmode=verify-full/,
        ] as const,
    ),
    [
      'a role without a password beyond loopback',
      { DATABASE_URL: 'postgres://app@db.acme.test/aegis?sslmode=verify-full' },
      /^DATABASE_URL: give the role a password$/,
    ],
    [
      'migrations beyond loopback without TLS',
      { MIGRATION_DATABASE_URL: 'postgres://owner:s3cret@db.acme.test/aegis?sslmode=require' },
      /^MIGRATION_DATABASE_URL: add \?sslmode=verify-full/,
    ],
    [
      'the same role for migrations',
      { MIGRATION_DATABASE_URL: 'postgres://app:other@db.acme.test/aegis?sslmode=verify-full' },
      /^MIGRATION_DATABASE_URL: name another role/,
    ],
    [
      'the same role in another spelling',
      { MIGRATION_DATABASE_URL: 'postgres://%61pp:other@db.acme.test/aegis?sslmode=verify-full' },
      /^MIGRATION_DATABASE_URL: name another role/,
    ],
    [
      'migrations at the start without their role',
      { MIGRATE_ON_START: 'true' },
      /^MIGRATION_DATABASE_URL: required with MIGRATE_ON_START=true/,
    ],
    [
      'a read replica beyond loopback without TLS, even one of several',
      {
        DATABASE_REPLICA_URLS:
          'postgres://app:s3cret@127.0.0.1/aegis,postgres://app:s3cret@replica.acme.test/aegis?sslmode=require',
      },
      /^DATABASE_REPLICA_URLS: add \?sslmode=verify-full/,
    ],
    [
      'a read replica under a role without a password',
      { DATABASE_REPLICA_URLS: 'postgres://app@replica.acme.test/aegis?sslmode=verify-full' },
      /^DATABASE_REPLICA_URLS: give the role a password$/,
    ],
    [
      'a read replica under the role that owns the schema',
      {
        MIGRATION_DATABASE_URL: 'postgres://owner:other@db.acme.test/aegis?sslmode=verify-full',
        DATABASE_REPLICA_URLS: 'postgres://%6fwner:other@replica.acme.test/aegis?sslmode=verify-full',
      },
      /^DATABASE_REPLICA_URLS: name the role of DATABASE_URL/,
    ],
    [
      'a Redis beyond loopback without TLS',
      { REDIS_URL: 'redis://:s3cret@redis.acme.test' },
      /^REDIS_URL: use rediss:/,
    ],
    [
      'a Redis beyond loopback without a password',
      { REDIS_URL: 'rediss://redis.acme.test' },
      /^REDIS_URL: add a password/,
    ],
    ['no issuer', { LICENSE_ISSUER: '' }, /^LICENSE_ISSUER: required in production/],
    ['no public URL', { PUBLIC_URL: '' }, /^PUBLIC_URL: required in production/],
    ['a public URL without TLS', { PUBLIC_URL: 'http://licenses.acme.test' }, /^PUBLIC_URL: use https/],
    ['no passphrase', { KEY_PASSPHRASE: '' }, /^KEY_PASSPHRASE: required in production/],
    ['a passphrase of 15 characters', { KEY_PASSPHRASE: 'fifteen letters' }, /^KEY_PASSPHRASE: use 16 /],
    ...['please change-me now', 'CHANGEME CHANGEME', 'my password is this', 'your-passphrase-here'].map(
      (placeholder) =>
        [
          `the placeholder "${placeholder}"`,
          { KEY_PASSPHRASE: placeholder },
          /^KEY_PASSPHRASE: replace the placeholder/,
        ] as const,
    ),
    ['no peppers', { API_KEY_PEPPERS: '' }, /^API_KEY_PEPPERS: must be a list/],
    [
      'a placeholder as pepper',
      { API_KEY_PEPPERS: 'v1:change-me-change-me-change-me-change-me' },
      /^API_KEY_PEPPERS: replace the placeholder/,
    ],
    [
      'a placeholder as secrets key',
      { SECRETS_KEY: 'v1:change-me-change-me-change-me-change-me' },
      /^SECRETS_KEY: replace the placeholder/,
    ],
  ] as const)('%s', (_what, changes, expected) => {
    const refused = problems(changes);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(expected);
    for (const value of Object.values(changes)) if (value.length > 5) expect(refused[0]).not.toContain(value);
    expect(refused[0]).not.toContain('s3cret');
  });

  it.each(['localhost', '127.0.0.1', '127.8.8.8', '[::1]'])('no plain connection to %s', (host) => {
    expect(problems({ DATABASE_URL: `postgres://app:s3cret@${host}:5432/aegis` })).toEqual([]);
  });

  it('no plain PUBLIC_URL on loopback', () => {
    expect(problems({ PUBLIC_URL: 'http://localhost:8000' })).toEqual([]);
  });

  it('everything that is missing at once, together with bad values', () => {
    const names = (lines: string[]): string[] => lines.map((line) => line.split(':')[0]!).sort();
    const all = {
      ENVIRONMENT: 'production',
      PUBLIC_URL: '',
      DATABASE_URL: '',
      KEY_PASSPHRASE: '',
      API_KEY_PEPPERS: '',
      MIGRATE_ON_START: 'true',
      PORT: 'http',
      TRUST_PROXY: '*',
    };
    expect(names(problems(all))).toEqual([
      'API_KEY_PEPPERS',
      'DATABASE_URL',
      'KEY_PASSPHRASE',
      'MIGRATION_DATABASE_URL',
      'PORT',
      'PUBLIC_URL',
      'TRUST_PROXY',
    ]);
    expect(
      names(problems({ DATABASE_URL: 'nonsense', PUBLIC_URL: 'http://a.test', KEY_PASSPHRASE: 'short' })),
    ).toEqual(['DATABASE_URL', 'KEY_PASSPHRASE', 'PUBLIC_URL']);
  });
});
