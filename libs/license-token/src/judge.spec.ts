import type { LicenseClaims } from './claims/claims';
import { type Evidence, judge, type Question, type SignatureHolds, type TokenRecord } from './judge';

const NOW = new Date('2026-02-03T19:12:10.000Z');
const NOW_S = 1770145930;
const DAY_S = 86_400;

const question: Question = {
  module_name: 'biz4a_payroll_drc',
  odoo_version: '17.0.1.2',
  instance_fingerprint: null,
};
const claims: LicenseClaims = {
  jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  iss: 'https://license.biz4a.com',
  iat: NOW_S - 60,
  exp: NOW_S + 365 * DAY_S,
  customer: { id: 'CUST-001', name: 'Acme Corporation' },
  module: { technical_name: 'biz4a_payroll_drc', allowed_major_versions: ['17', '18'] },
  license_type: 'subscription',
};
const record: TokenRecord = {
  recorded_at: new Date('2026-02-01T00:00:00.000Z'),
  superseded: false,
  newer_token_exists: false,
  license_status: 'active',
  customer_active: true,
};
const evidence: SignatureHolds = {
  proof: 'signature_holds',
  claims,
  key: { compromised: false },
  acceptedIssuers: ['https://license.biz4a.com', 'https://old.example'],
  record,
};
const withClaims = (change: Partial<LicenseClaims>): SignatureHolds => ({
  ...evidence,
  claims: { ...claims, ...change },
});
const withRecord = (change: Partial<TokenRecord>): SignatureHolds => ({
  ...evidence,
  record: { ...record, ...change },
});
const bound = withClaims({ instance_fingerprint: 'sha256:aa' });

const fromClaims = {
  license_id: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  license_type: 'subscription',
  customer_name: 'Acme Corporation',
  expires_at: new Date('2027-02-03T19:12:10.000Z'),
};
const noClaims = { license_id: null, license_type: null, customer_name: null, expires_at: null };

describe('judge', () => {
  it('finds a license valid', () => {
    expect(judge(question, evidence, NOW)).toEqual({
      valid: true,
      code: 'VALID',
      error: null,
      warnings: [],
      ...fromClaims,
      checked_at: NOW,
    });
  });

  it.each<[string, Evidence]>([
    ['MALFORMED', { proof: 'malformed' }],
    ['UNKNOWN_KEY', { proof: 'unknown_key' }],
    ['SIGNATURE_INVALID', { proof: 'signature_invalid' }],
    ['KEY_COMPROMISED', { ...evidence, key: { compromised: true, after: null } }],
  ])('answers %s and repeats no claim', (code, unproven) => {
    expect(judge(question, unproven, NOW)).toEqual({
      valid: false,
      code,
      error: expect.stringMatching(/^[A-Z].+\.$/),
      warnings: [],
      ...noClaims,
      checked_at: NOW,
    });
  });

  it.each<[string, Partial<Question>, Evidence]>([
    ['ISSUER_MISMATCH', {}, { ...evidence, acceptedIssuers: ['https://old.example'] }],
    ['MODULE_MISMATCH', { module_name: 'biz4a_payroll' }, evidence],
    ['VERSION_NOT_ALLOWED', { odoo_version: '19.0' }, evidence],
    ['INSTANCE_REQUIRED', {}, bound],
    ['INSTANCE_MISMATCH', { instance_fingerprint: 'sha256:bb' }, bound],
    ['NOT_FOUND', {}, { ...evidence, record: null }],
    ['REVOKED', {}, withRecord({ license_status: 'revoked' })],
    ['SUSPENDED', {}, withRecord({ license_status: 'suspended' })],
    ['SUPERSEDED', {}, withRecord({ superseded: true, newer_token_exists: true })],
    ['CUSTOMER_INACTIVE', {}, withRecord({ customer_active: false })],
  ])('answers %s, with what the claims say', (code, asked, found) => {
    expect(judge({ ...question, ...asked }, found, NOW)).toEqual({
      valid: false,
      code,
      error: expect.stringMatching(/^[A-Z].+\.$/),
      warnings: [],
      ...fromClaims,
      checked_at: NOW,
    });
  });

  it('answers EXPIRED, with when it did', () => {
    expect(judge(question, withClaims({ exp: NOW_S - 1 }), NOW)).toEqual({
      valid: false,
      code: 'EXPIRED',
      error: expect.stringMatching(/expired/),
      warnings: [],
      ...fromClaims,
      expires_at: new Date('2026-02-03T19:12:09.000Z'),
      checked_at: NOW,
    });
  });

  describe('the first failing check names the code', () => {
    interface Case {
      asked: Question;
      found: SignatureHolds;
    }
    const onRecord = ({ found }: Case, change: Partial<TokenRecord>): SignatureHolds => ({
      ...found,
      record: { ...record, ...(found.record as TokenRecord | null), ...change },
    });
    /** Each check and what makes it fail, in the contract's order. */
    const checks: readonly [string, (made: Case) => Partial<Case>][] = [
      ['KEY_COMPROMISED', ({ found }) => ({ found: { ...found, key: { compromised: true, after: null } } })],
      ['ISSUER_MISMATCH', ({ found }) => ({ found: { ...found, acceptedIssuers: [] } })],
      ['MODULE_MISMATCH', ({ asked }) => ({ asked: { ...asked, module_name: 'another' } })],
      ['VERSION_NOT_ALLOWED', ({ asked }) => ({ asked: { ...asked, odoo_version: '16' } })],
      ['INSTANCE_MISMATCH', ({ asked }) => ({ asked: { ...asked, instance_fingerprint: 'sha256:bb' } })],
      ['REVOKED', (made) => ({ found: onRecord(made, { license_status: 'revoked' }) })],
      ['SUSPENDED', (made) => ({ found: onRecord(made, { license_status: 'suspended' }) })],
      ['SUPERSEDED', (made) => ({ found: onRecord(made, { superseded: true }) })],
      ['CUSTOMER_INACTIVE', (made) => ({ found: onRecord(made, { customer_active: false }) })],
      ['EXPIRED', ({ found }) => ({ found: { ...found, claims: { ...found.claims, exp: NOW_S } } })],
    ];

    it.each(checks.map(([code], index) => [code, index] as const))(
      '%s before all that follow',
      (code, index) => {
        const made = checks
          .slice(index)
          .reverse()
          .reduce<Case>((so, [, fail]) => ({ ...so, ...fail(so) }), {
            asked: { ...question, instance_fingerprint: 'sha256:aa' },
            found: bound,
          });
        expect(judge(made.asked, made.found, NOW).code).toBe(code);
      },
    );

    it('NOT_FOUND before EXPIRED', () => {
      expect(judge(question, { ...withClaims({ exp: NOW_S }), record: null }, NOW).code).toBe('NOT_FOUND');
    });
  });

  describe('exp', () => {
    it.each([
      [-1000, 'VALID'],
      [-1, 'VALID'],
      [0, 'EXPIRED'],
      [1, 'EXPIRED'],
      [1000, 'EXPIRED'],
    ])('%i ms from it, is %s', (offset, code) => {
      const now = new Date(NOW.getTime() + offset);
      expect(judge(question, withClaims({ exp: NOW_S }), now).code).toBe(code);
    });

    it('never comes for a perpetual license', () => {
      const perpetual = withClaims({ license_type: 'perpetual', exp: undefined });
      expect(judge(question, perpetual, new Date('9999-12-31T23:59:59.999Z'))).toMatchObject({
        code: 'VALID',
        expires_at: null,
        warnings: [],
      });
    });

    it('counts in a perpetual license too, should it have one', () => {
      const odd = withClaims({ license_type: 'perpetual', exp: NOW_S });
      expect(judge(question, odd, NOW).code).toBe('EXPIRED');
    });
  });

  describe('a compromised key', () => {
    const at = new Date('2026-02-01T00:00:00.000Z');
    const compromised = (recorded: SignatureHolds['record']): SignatureHolds => ({
      ...evidence,
      key: { compromised: true, after: at },
      record: recorded,
    });

    it.each([
      ['before', '2026-01-31T23:59:59.999Z', 'VALID'],
      ['at', '2026-02-01T00:00:00.000Z', 'VALID'],
      ['after', '2026-02-01T00:00:00.001Z', 'KEY_COMPROMISED'],
    ])('condemns a token recorded %s the given time: %s → %s', (_when, recorded_at, code) => {
      const found = compromised({ ...record, recorded_at: new Date(recorded_at) });
      expect(judge(question, found, NOW).code).toBe(code);
    });

    it.each([null, 'offline'] as const)(
      'condemns a token whose record is %s, whatever its iat says',
      (none) => {
        const always = { ...compromised(none), key: { compromised: true, after: null } } as const;
        for (const found of [compromised(none), always])
          expect(judge(question, found, NOW).code).toBe('KEY_COMPROMISED');
      },
    );
  });

  describe('what is asked', () => {
    it.each([
      ['17', 'VALID'],
      ['18.0', 'VALID'],
      ['saas~17.2', 'VALID'],
      ['1.7', 'VERSION_NOT_ALLOWED'],
      ['170', 'VERSION_NOT_ALLOWED'],
      ['', 'VERSION_NOT_ALLOWED'],
      ['master', 'VERSION_NOT_ALLOWED'],
    ])('version %j is %s', (odoo_version, code) => {
      expect(judge({ ...question, odoo_version }, evidence, NOW).code).toBe(code);
    });

    it('matches the module exactly', () => {
      const asked = { ...question, module_name: 'BIZ4A_payroll_drc' };
      expect(judge(asked, evidence, NOW).code).toBe('MODULE_MISMATCH');
    });

    it('takes each accepted issuer, and no beginning of one', () => {
      expect(judge(question, withClaims({ iss: 'https://old.example' }), NOW).code).toBe('VALID');
      expect(judge(question, withClaims({ iss: 'https://old.exampl' }), NOW).code).toBe('ISSUER_MISMATCH');
    });

    it.each([
      ['unbound, instance not given', evidence, null],
      ['unbound, any instance', evidence, 'sha256:bb'],
      ['bound to the asking instance', bound, 'sha256:aa'],
    ])('is valid when %s', (_how, found, instance_fingerprint) => {
      expect(judge({ ...question, instance_fingerprint }, found, NOW).code).toBe('VALID');
    });

    it('treats an empty fingerprint in the token as bound', () => {
      const empty = withClaims({ instance_fingerprint: '' });
      expect(judge(question, empty, NOW).code).toBe('INSTANCE_REQUIRED');
    });
  });

  describe('offline', () => {
    const offline = { ...evidence, record: 'offline' } as const;

    it('ignores what only a record shows', () => {
      expect(judge(question, offline, NOW)).toMatchObject({ valid: true, code: 'VALID', warnings: [] });
    });

    it('still sees all that the token says', () => {
      const expired = { ...withClaims({ exp: NOW_S }), record: 'offline' } as const;
      expect(judge(question, expired, NOW).code).toBe('EXPIRED');
      expect(judge({ ...question, odoo_version: '16' }, offline, NOW).code).toBe('VERSION_NOT_ALLOWED');
    });
  });

  describe('warnings', () => {
    it.each([
      [30 * DAY_S + 1, []],
      [30 * DAY_S, ['EXPIRES_SOON']],
      [1, ['EXPIRES_SOON']],
    ])('%i s before the end: %j', (left, warnings) => {
      expect(judge(question, withClaims({ exp: NOW_S + left }), NOW).warnings).toEqual(warnings);
    });

    it('reports a newer token', () => {
      expect(judge(question, withRecord({ newer_token_exists: true }), NOW)).toMatchObject({
        valid: true,
        warnings: ['REISSUE_AVAILABLE'],
      });
    });

    it('come both, and never with a license that is not valid', () => {
      const found = withRecord({ newer_token_exists: true });
      found.claims = { ...claims, exp: NOW_S + 1 };
      expect(judge(question, found, NOW).warnings).toEqual(['EXPIRES_SOON', 'REISSUE_AVAILABLE']);
      expect(judge({ ...question, odoo_version: '16' }, found, NOW).warnings).toEqual([]);
    });
  });
});
