import fc from 'fast-check';
import { types } from 'node:util';
import { redactText } from './redact-text';
import { redact } from './redaction';

const CANARY = 'canary7f3a';
const API_KEY = `aegis_production_0123456789AB_${CANARY}${'x'.repeat(39)}`;
const JWS = `eyJhbGciOiJFZERTQSJ9.eyJqdGkiOi${CANARY}.c2lnbmF0dXJl-_`;

describe('a text', () => {
  it.each([
    ['an API key', `key ${API_KEY}, said he`, 'key [redacted], said he'],
    ['a token', `token=${JWS}`, 'token=[redacted]'],
    ['a token glued to something', `x_${JWS}"`, 'x_[redacted]"'],
    ['a token cut short', `eyJhbGciOiJFZERTQSJ9.${CANARY}`, '[redacted]'],
    [
      'a password in a URL',
      `postgres://app:${CANARY}@db.test:5432/aegis`,
      'postgres://[redacted]@db.test:5432/aegis',
    ],
    ['a password with @ and /', `postgres://app:a/b@${CANARY}@db.test/x`, 'postgres://[redacted]@db.test/x'],
    ['a password without user', `redis://:${CANARY}@r.test`, 'redis://[redacted]@r.test'],
    ['a token as user', `https://${CANARY}@git.test/x`, 'https://[redacted]@git.test/x'],
    ['an e-mail address', `to ${CANARY}.x+y@mail.acme.test!`, 'to [redacted]!'],
  ])('loses %s', (_what, text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each(['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'OPENSSH PRIVATE KEY'])(
    'loses a %s in PEM, whole or cut short',
    (label) => {
      const pem = `-----BEGIN ${label}-----\n${CANARY}\nMC4CAQA\n-----END ${label}-----`;
      expect(redactText(`before ${pem} after`)).toBe('before [redacted] after');
      expect(redactText(`before ${pem.slice(0, -5)}`)).toBe('before [redacted]');
      expect(redactText(JSON.stringify({ x: pem }))).toBe('{"x":"[redacted]"}');
    },
  );

  it('keeps public values', () => {
    const text =
      'GET https://licenses.acme.test/x?y=1 aegis-2026-11 aegis_app eyJohn -----BEGIN PUBLIC KEY-----';
    expect(redactText(text)).toBe(text);
  });

  it('loses every secret, no matter how its pieces are put together', () => {
    const plain = [/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]*/g, /(?<=:\/\/)[^\s"'<>]{0,100000}(?=@)/g];
    const pieces = fc.array(
      fc.constantFrom('eyJ', 'ey', '.', '-', '_', 'a', '0', '://', '@', ' ', '"', '+'),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(pieces, (text) => {
        const expected = plain.reduce((rest, pattern) => rest.replace(pattern, '[redacted]'), text.join(''));
        // E-mail addresses are another pattern: the host behind a user's name may be taken for one.
        expect(redactText(expected)).toBe(redactText(text.join('')));
        expect(redactText(text.join(''))).not.toMatch(plain[0]!);
      }),
      { numRuns: 2_000 },
    );
  });

  it('loses a user and password of any length', () => {
    const long = 'p'.repeat(2_000);
    expect(redactText(`postgres://app:${long}@db.test/x`)).toBe('postgres://[redacted]@db.test/x');
  });

  it.each([
    'a',
    'a@',
    'a@a',
    'a@a.',
    '@',
    'aegis_',
    'aegis_a_',
    'aegis_a_a',
    'eyJ',
    'eyJa',
    'eyJ.',
    'eyJa.',
    '://',
    '://a',
    '://@',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY',
    '-----BEGIN PRIVATE KEY-----',
    '-----END ',
    'x.',
  ])('of many times %j is searched quickly', (piece) => {
    // With something to hide at the end, or the patterns would not be tried.
    const text = `${piece.repeat(Math.ceil(1_000_000 / piece.length))} a@b.test`;
    // Of this process alone: others may hold it up. What takes the square of the length takes minutes.
    const before = process.cpuUsage();
    expect(redactText(text)).not.toContain('a@b.test');
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(20_000);
  });
});

describe('a value', () => {
  it.each([
    'token',
    'refresh_token',
    'secret',
    'clientSecret',
    'password',
    'newPassword',
    'passphrase',
    'KEY_PASSPHRASE',
    'peppers',
    'API_KEY_PEPPERS',
    'SECRETS_KEY',
    'authorization',
    'Authorization',
    'set-cookie',
    'X-API-Key',
    'apiKey',
    'api_key',
    'privateKey',
    'DATABASE_URL',
    'MIGRATION_DATABASE_URL',
    'DATABASE_REPLICA_URLS',
    'REDIS_URL',
    'name',
    'customer_name',
    'customerName',
    'email',
    'company',
    'phone',
    'address',
    'notes',
    'description',
    'reason',
    'revoked_reason',
    'instance_db_uuid',
    'instanceDomain',
    'ip_address',
    'user_agent',
    'query',
    'parameters',
    'detail',
    'body',
  ])('of the field %s is masked, at any depth', (field) => {
    const value = { a: [{ b: { [field]: CANARY } }], [field]: { x: CANARY }, kept: 'yes' };
    expect(redact(value)).toEqual({
      a: [{ b: { [field]: '[redacted]' } }],
      [field]: '[redacted]',
      kept: 'yes',
    });
  });

  it.each(['api_key_id', 'module_name', 'kid', 'route', 'license_id', 'code', 'url', 'key_id'])(
    'of the field %s is kept',
    (field) => {
      expect(redact({ [field]: 'kept' })).toEqual({ [field]: 'kept' });
    },
  );

  it('is searched in arrays and in arrays of arrays', () => {
    expect(redact([[API_KEY], [{ x: JWS }]])).toEqual([['[redacted]'], [{ x: '[redacted]' }]]);
  });

  it('of another kind is written in a safe form', () => {
    expect(
      redact({
        n: 1,
        b: true,
        z: null,
        big: 10n,
        at: new Date(0),
        never: new Date(NaN),
        bytes: Buffer.from(CANARY),
      }),
    ).toEqual({
      n: 1,
      b: true,
      z: null,
      big: '10',
      at: '1970-01-01T00:00:00.000Z',
      never: null,
      bytes: '[redacted]',
    });
  });

  it('that contains itself is written once', () => {
    const value: Record<string, unknown> = { secret: CANARY };
    value.self = value;
    expect(JSON.stringify(redact(value))).not.toContain(CANARY);
    const error = new Error('round and round');
    error.cause = error;
    expect(JSON.stringify(redact(error))).toContain('[redacted]');
  });
});

describe('an error', () => {
  /** As the driver makes them of what PostgreSQL answers. */
  function postgresError(facts: Record<string, unknown>): Error {
    return Object.assign(new Error(String(facts.message)), {
      severity: 'ERROR',
      detail: `Failing row contains (${CANARY}).`,
      hint: CANARY,
      where: `PL/pgSQL function x() ${CANARY}`,
      query: `INSERT INTO customers VALUES ('${CANARY}')`,
      parameters: [CANARY],
      driverError: new Error(CANARY),
      ...facts,
    });
  }

  it('keeps type, message, frames and the cause with its own', () => {
    const error = new TypeError('outside', { cause: new RangeError(`inside ${API_KEY}`) });
    expect(redact({ error })).toEqual({
      error: {
        type: 'TypeError',
        message: 'outside',
        stack: expect.stringMatching(/^at .*redaction\.spec\.ts/),
        cause: {
          type: 'RangeError',
          message: 'inside [redacted]',
          stack: expect.stringMatching(/^at .*redaction\.spec\.ts/),
        },
      },
    });
  });

  it('of the database names table and constraint, and no row', () => {
    const redacted = redact(
      postgresError({
        message: 'duplicate key value violates unique constraint "customers_pkey"',
        code: '23505',
        table: 'customers',
        constraint: 'customers_pkey',
        routine: '_bt_check_unique',
      }),
    );
    expect(redacted).toEqual({
      type: 'Error',
      message: 'duplicate key value violates unique constraint "customers_pkey"',
      code: '23505',
      table: 'customers',
      constraint: 'customers_pkey',
      routine: '_bt_check_unique',
      stack: expect.any(String),
    });
  });

  it.each([
    [
      'a value of the wrong type',
      `invalid input syntax for type uuid: "${CANARY}"`,
      '22P02',
      'string_to_uuid',
    ],
    ['a message of a function', `no ${CANARY} here`, 'P0001', 'exec_stmt_raise'],
    ['a message of a function under a foreign code', `no ${CANARY} here`, '23505', 'exec_stmt_raise'],
  ])('of the database loses %s, also as a cause', (_what, message, code, routine) => {
    const error = postgresError({ message, code, routine });
    for (const logged of [error, new Error('outside', { cause: error })]) {
      const text = JSON.stringify(redact({ error: logged }));
      expect(text).not.toContain(CANARY);
      expect(text).toContain(code);
    }
  });

  it.each([
    ['JSON that cannot be read', () => JSON.parse(`{"a": ${CANARY}}`) as unknown],
    ['a wrong argument', () => Buffer.from({ toString: CANARY } as unknown as string)],
    ['a wrong URL', () => new URL(`http://${CANARY}:x:y`)],
  ])('loses what it quotes of %s', (_what, fail) => {
    let error: unknown;
    try {
      fail();
    } catch (thrown) {
      error = thrown;
    }
    // What Node throws is of another realm than the test.
    expect(types.isNativeError(error)).toBe(true);
    expect(redact({ error })).toMatchObject({ error: { type: expect.stringMatching(/Error$/) } });
    expect(JSON.stringify(redact({ error }))).not.toContain(CANARY);
  });

  it('with a forged frame in its message keeps only frames that are its own', () => {
    const redacted = redact(new Error(`x\n    at ${CANARY} (forged.ts:1:1)`)) as { stack: string };
    expect(redacted.stack).toContain('redaction.spec.ts');
    expect(redacted.stack).not.toContain(CANARY);
  });
});
