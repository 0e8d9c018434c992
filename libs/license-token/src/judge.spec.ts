import type { LicenseClaims } from './claims/claims';
import {
  EACH_CODE,
  FINGERPRINT,
  type Situation,
  VERDICT_MATRIX,
} from '../../../test/support/verdicts/matrix';
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
  activation: null,
};
const withClaims = (change: Partial<LicenseClaims>): SignatureHolds => ({
  ...evidence,
  claims: { ...claims, ...change },
});

const fromClaims = {
  license_id: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  license_type: 'subscription',
  customer_name: 'Acme Corporation',
  expires_at: new Date('2027-02-03T19:12:10.000Z'),
  entitlements: {},
  activation: null,
};
const noClaims = {
  license_id: null,
  license_type: null,
  customer_name: null,
  expires_at: null,
  entitlements: {},
  activation: null,
};

/** The question and the evidence of a case of the matrix. */
function inTermsOfJudge(situation: Situation): [Question, Evidence] {
  const { module_name, odoo_version, instance, endsIn, graceDays } = situation;
  const fingerprints = { 'the bound one': FINGERPRINT, another: 'sha256:bb', unknown: null };
  const asked = { module_name, odoo_version, instance_fingerprint: fingerprints[instance] };
  if (situation.payload === 'something else') return [asked, { proof: 'malformed' }];
  if (situation.kid === 'never seen') return [asked, { proof: 'unknown_key' }];
  if (situation.signature === 'of another key') return [asked, { proof: 'signature_invalid' }];
  return [
    asked,
    {
      proof: 'signature_holds',
      claims: {
        ...claims,
        iss: situation.iss,
        module: { technical_name: 'payroll', allowed_major_versions: ['17', '18'] },
        ...(situation.isBound && { instance_fingerprint: FINGERPRINT }),
        exp: endsIn === null ? undefined : NOW_S + endsIn,
        ...(graceDays !== null && { grace_days: graceDays }),
      },
      key: situation.signedBy === 'our key' ? { compromised: false } : { compromised: true, after: null },
      acceptedIssuers: ['https://license.biz4a.com', 'https://licenses.predecessor.example'],
      record: situation.isOnRecord
        ? {
            ...record,
            license_status: situation.status,
            superseded: situation.isSuperseded,
            newer_token_exists: situation.hasNewerToken,
            customer_active: situation.isCustomerActive,
          }
        : null,
      activation: null,
    },
  ];
}

describe('judge', () => {
  it.each(EACH_CODE)('shows with $code the entitlements of a token that is proven', ({ situation, code }) => {
    const [asked, found] = inTermsOfJudge(situation);
    const granted = { max_users: 5 };
    const evidenceOfIt: Evidence =
      found.proof === 'signature_holds'
        ? { ...found, claims: { ...found.claims, entitlements: granted } }
        : found;
    const isProven = !['MALFORMED', 'UNKNOWN_KEY', 'SIGNATURE_INVALID', 'KEY_COMPROMISED'].includes(code);
    expect(judge(asked, evidenceOfIt, NOW).entitlements).toEqual(isProven ? granted : {});
  });

  it.each(VERDICT_MATRIX)('answers $code $name', ({ situation, code, warnings }) => {
    const [asked, found] = inTermsOfJudge(situation);
    expect(judge(asked, found, NOW)).toMatchObject({ valid: code === 'VALID', code, warnings });
  });

  it.each(EACH_CODE)('tells with $code what the claims say, once they are proven', ({ situation, code }) => {
    const [asked, found] = inTermsOfJudge(situation);
    const isProven = !['MALFORMED', 'UNKNOWN_KEY', 'SIGNATURE_INVALID', 'KEY_COMPROMISED'].includes(code);
    const expires_at = code === 'EXPIRED' ? new Date('2026-02-03T19:12:09.000Z') : fromClaims.expires_at;
    expect(judge(asked, found, NOW)).toEqual({
      valid: code === 'VALID',
      code,
      error: code === 'VALID' ? null : (expect.stringMatching(/^[A-Z].+\.$/) as string),
      warnings: [],
      ...(isProven ? { ...fromClaims, expires_at } : noClaims),
      checked_at: NOW,
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

    it.each([
      [-1000, 'VALID', 'IN_GRACE'],
      [-1, 'VALID', 'IN_GRACE'],
      [0, 'EXPIRED', undefined],
      [1, 'EXPIRED', undefined],
    ])('%i ms from the end of its grace, is %s', (offset, code, warning) => {
      const now = new Date(NOW.getTime() + 14 * DAY_S * 1000 + offset);
      const verdict = judge(question, withClaims({ exp: NOW_S, grace_days: 14 }), now);
      expect([verdict.code, verdict.warnings[0]]).toEqual([code, warning]);
      expect(verdict.expires_at).toEqual(NOW);
    });

    it.each([
      [-1, 'EXPIRES_SOON'],
      [0, 'IN_GRACE'],
    ])('%i ms from it, warns with %s where there is grace', (offset, warning) => {
      const now = new Date(NOW.getTime() + offset);
      expect(judge(question, withClaims({ exp: NOW_S, grace_days: 1 }), now).warnings).toEqual([warning]);
    });

    it('is reached if the clock gives no time, with grace too', () => {
      const verdict = judge(question, withClaims({ grace_days: 365 }), new Date(NaN));
      expect(verdict.code).toBe('EXPIRED');
    });

    it('is reached if the clock gives no time', () => {
      expect(judge(question, evidence, new Date(NaN)).code).toBe('EXPIRED');
    });

    it('never comes for a perpetual license', () => {
      const perpetual = withClaims({ license_type: 'perpetual', exp: undefined });
      expect(judge(question, perpetual, new Date('9999-12-31T23:59:59.999Z'))).toMatchObject({
        code: 'VALID',
        expires_at: null,
        warnings: [],
      });
    });

    it('counts in a perpetual license too, if it has one', () => {
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
    ])('decides about a token recorded %s the given time: %s → %s', (_when, recorded_at, code) => {
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
    it('is refused for an empty version', () => {
      expect(judge({ ...question, odoo_version: '' }, evidence, NOW).code).toBe('VERSION_NOT_ALLOWED');
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

    it('still checks everything that the token says', () => {
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
  });
});
