import { EACH_CODE } from '../../../../test/support/verdicts/matrix';
import type { LicenseClaims } from '../claims/claims';
import { type Evidence, judge, judgeForSeat, type Question, type SignatureHolds } from '../judge';
import type { VerdictCode } from '../verdict';
import type { KnownActivation, SeatEvidence } from './seat-evidence';

const NOW = new Date('2026-02-03T19:12:10.000Z');
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

const question: Question = { module_name: 'payroll', odoo_version: '17.0', instance_fingerprint: null };
const claims: LicenseClaims = {
  jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  iss: 'us',
  iat: NOW.getTime() / 1000,
  exp: NOW.getTime() / 1000 + 365 * 86_400,
  customer: { id: 'acme', name: 'Acme' },
  module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
  license_type: 'subscription',
};
const FLOATING = { mode: 'floating', required: true } as const;
const LIVE: KnownActivation = {
  id: '5f0c9a3e-8a7b-41ee-b9d1-0242ac120002',
  ended: false,
  lease_ends_at: later(60_000),
  over: false,
};
const { ended: _, ...HELD } = LIVE;

function evidence(
  activation: SeatEvidence,
  seats: LicenseClaims['seats'],
  different: Partial<SignatureHolds> = {},
): SignatureHolds {
  return {
    proof: 'signature_holds',
    claims: seats === undefined ? claims : { ...claims, seats },
    key: { compromised: false },
    acceptedIssuers: ['us'],
    record: {
      recorded_at: NOW,
      superseded: false,
      newer_token_exists: false,
      license_status: 'active',
      customer_active: true,
    },
    activation,
    ...different,
  };
}

describe('a license that asks for a seat', () => {
  it.each<[VerdictCode, string, SeatEvidence]>([
    ['VALID', 'whose lease has not ended', LIVE],
    ['VALID', 'whose lease ends in a millisecond', { ...LIVE, lease_ends_at: later(1) }],
    ['VALID', 'that has no lease', { ...LIVE, lease_ends_at: null }],
    ['ACTIVATION_ENDED', 'whose lease ends now', { ...LIVE, lease_ends_at: NOW }],
    ['ACTIVATION_ENDED', 'whose lease has ended', { ...LIVE, lease_ends_at: later(-1) }],
    ['ACTIVATION_ENDED', 'that has ended before its lease', { ...LIVE, ended: true }],
    ['ACTIVATION_ENDED', 'that has ended, without a lease', { ...LIVE, ended: true, lease_ends_at: null }],
    ['ACTIVATION_REQUIRED', 'that is not named or not known', null],
    ['ACTIVATION_INVALID', 'that is not one', { refused: 'ACTIVATION_INVALID' }],
    ['ACTIVATION_MISMATCH', "that is another's", { refused: 'ACTIVATION_MISMATCH' }],
  ])('is %s with an activation %s', (code, _how, seat) => {
    for (const mode of ['fixed', 'floating'] as const) {
      const verdict = judge(question, evidence(seat, { mode, required: true }), NOW);
      expect([verdict.code, verdict.valid]).toEqual([code, code === 'VALID']);
      expect(verdict.error === null).toBe(code === 'VALID');
      expect(verdict.activation !== null).toBe(code === 'VALID');
    }
  });

  it('is refused if the clock gives no time', () => {
    const perpetual = { ...claims, exp: undefined, license_type: 'perpetual' as const, seats: FLOATING };
    const found = evidence(LIVE, undefined, { claims: perpetual });
    expect(judge(question, found, new Date(NaN)).code).toBe('ACTIVATION_ENDED');
  });

  it.each(EACH_CODE.filter(({ code }) => code !== 'VALID'))(
    'is $code before a seat is asked for',
    ({ code }) => {
      for (const seat of [null, { ...LIVE, ended: true }, { refused: 'ACTIVATION_INVALID' } as const]) {
        const found = faulty(code, seat);
        expect(judge({ ...question, ...asked(code) }, found, NOW).code).toBe(code);
      }
    },
  );
});

describe('a license that asks for no seat', () => {
  it.each<[string, LicenseClaims['seats']]>([
    ['without the claim', undefined],
    ['that only counts them', { mode: 'floating', required: false }],
  ])('%s is valid with any activation, and shows a live one', (_, seats) => {
    for (const seat of [null, { ...LIVE, ended: true }, { refused: 'ACTIVATION_MISMATCH' } as const])
      expect(judge(question, evidence(seat, seats), NOW)).toMatchObject({ code: 'VALID', activation: null });
    expect(judge(question, evidence(LIVE, seats), NOW)).toMatchObject({ code: 'VALID', activation: HELD });
  });
});

describe('a verdict', () => {
  it('shows the activation that is held, and nothing else of it', () => {
    expect(judge(question, evidence(LIVE, FLOATING), NOW).activation).toEqual(HELD);
    const fixed = { ...LIVE, lease_ends_at: null };
    expect(judge(question, evidence(fixed, FLOATING), NOW).activation).toEqual({
      ...HELD,
      lease_ends_at: null,
    });
  });

  it('warns of a seat beyond their number, after the other warnings, while it is live', () => {
    const warningsOf = (seat: SeatEvidence, seats = FLOATING as LicenseClaims['seats']): string[] =>
      judge(question, evidence(seat, seats), NOW).warnings;
    expect(warningsOf(LIVE)).toEqual([]);
    expect(warningsOf({ ...LIVE, over: true })).toEqual(['SEAT_OVERAGE']);
    expect(warningsOf({ ...LIVE, over: true }, undefined)).toEqual(['SEAT_OVERAGE']);
    expect(warningsOf({ ...LIVE, over: true, ended: true }, undefined)).toEqual([]);
    const ending = { ...claims, exp: NOW.getTime() / 1000 + 60, seats: FLOATING };
    const found = evidence({ ...LIVE, over: true }, undefined, { claims: ending });
    expect(judge(question, found, NOW).warnings).toEqual(['EXPIRES_SOON', 'SEAT_OVERAGE']);
  });

  it('shows the live activation also of a license that is refused, once the license is proven', () => {
    for (const { code } of EACH_CODE) {
      const isProven = !['MALFORMED', 'UNKNOWN_KEY', 'SIGNATURE_INVALID', 'KEY_COMPROMISED'].includes(code);
      const { activation, warnings } = judge({ ...question, ...asked(code) }, faulty(code, LIVE), NOW);
      expect([code, activation, warnings]).toEqual([code, isProven ? HELD : null, []]);
    }
  });
});

describe('judgeForSeat', () => {
  it('asks for no seat', () => {
    for (const seat of [null, { ...LIVE, ended: true }, { refused: 'ACTIVATION_INVALID' } as const])
      expect(judgeForSeat(question, evidence(seat, FLOATING), NOW).code).toBe('VALID');
  });

  it.each(EACH_CODE)('of an admission is $code as a validation', ({ code }) => {
    expect(judgeForSeat({ ...question, ...asked(code) }, faulty(code, null), NOW).code).toBe(code);
  });

  it.each(EACH_CODE)('of a heartbeat is $code, unless that is about what was asked', ({ code }) => {
    const aboutTheQuestion = [
      'MODULE_MISMATCH',
      'VERSION_NOT_ALLOWED',
      'INSTANCE_REQUIRED',
      'INSTANCE_MISMATCH',
    ];
    const expected = aboutTheQuestion.includes(code) ? 'VALID' : code;
    expect(judgeForSeat(null, faulty(code, null), NOW).code).toBe(expected);
  });
});

/** What is asked in the case of a code. */
function asked(code: VerdictCode): Partial<Question> {
  if (code === 'MODULE_MISMATCH') return { module_name: 'other' };
  if (code === 'INSTANCE_MISMATCH') return { instance_fingerprint: 'sha256:bb' };
  return code === 'VERSION_NOT_ALLOWED' ? { odoo_version: '16.0' } : {};
}

/** What is found in the case of a code, of a license that asks for a seat. */
function faulty(code: VerdictCode, activation: SeatEvidence): Evidence {
  const found = evidence(activation, FLOATING);
  const { record } = found;
  if (record === null || record === 'offline' || 'listed' in record || 'refused' in record)
    throw new Error('there is a record');
  const withRecord = (change: Partial<typeof record>): Evidence => ({
    ...found,
    record: { ...record, ...change },
  });
  const withClaims = (change: Partial<LicenseClaims>): Evidence => ({
    ...found,
    claims: { ...found.claims, ...change },
  });
  switch (code) {
    case 'MALFORMED':
      return { proof: 'malformed' };
    case 'UNKNOWN_KEY':
      return { proof: 'unknown_key' };
    case 'SIGNATURE_INVALID':
      return { proof: 'signature_invalid' };
    case 'KEY_COMPROMISED':
      return { ...found, key: { compromised: true, after: null } };
    case 'ISSUER_MISMATCH':
      return withClaims({ iss: 'them' });
    case 'INSTANCE_REQUIRED':
    case 'INSTANCE_MISMATCH':
      return withClaims({ instance_fingerprint: 'sha256:aa' });
    case 'CLOCK_SET_BACK':
    case 'STATUS_LIST_INVALID':
    case 'STATUS_LIST_STALE':
      return { ...found, record: { refused: code } };
    case 'NOT_FOUND':
      return { ...found, record: null };
    case 'REVOKED':
      return withRecord({ license_status: 'revoked' });
    case 'SUSPENDED':
      return withRecord({ license_status: 'suspended' });
    case 'SUPERSEDED':
      return withRecord({ superseded: true });
    case 'CUSTOMER_INACTIVE':
      return withRecord({ customer_active: false });
    case 'EXPIRED':
      return withClaims({ exp: NOW.getTime() / 1000 });
    case 'MODULE_MISMATCH':
    case 'VERSION_NOT_ALLOWED':
    case 'ACTIVATION_REQUIRED':
    case 'ACTIVATION_INVALID':
    case 'ACTIVATION_MISMATCH':
    case 'ACTIVATION_ENDED':
    case 'VALID':
      return found;
  }
}
