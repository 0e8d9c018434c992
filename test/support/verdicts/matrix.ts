import type { VerdictCode, Warning } from '../../../libs/license-token/src';

export const DB_UUID = '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002';
export const DOMAIN = 'erp.acme.example';
/** Of the two, as Python's hashlib computes it. */
export const FINGERPRINT = 'sha256:1712834c118b8b50670c64bc166a00d93d1b881f5a2720cb41bbd7a5baef11f7';

/** A question about a token, and all that its verdict depends on. */
export interface Situation {
  /** Whether the payload is that of a license. */
  readonly payload: 'a license' | 'something else';
  readonly signedBy: 'our key' | 'a compromised key';
  /** Whether its header names the key. */
  readonly kid: 'of that key' | 'never seen';
  readonly signature: 'of that key' | 'of another key';
  readonly iss: string;
  /** Whether the license is bound to the instance with `FINGERPRINT`. */
  readonly isBound: boolean;
  readonly isOnRecord: boolean;
  readonly status: 'active' | 'suspended' | 'revoked';
  readonly isSuperseded: boolean;
  readonly hasNewerToken: boolean;
  readonly isCustomerActive: boolean;
  /** Seconds from now to the token's `exp`; null: perpetual. */
  readonly endsIn: number | null;
  /** Days after the end that the token says; null: it has no such claim. */
  readonly graceDays: number | null;
  /** What is asked. The license is for `payroll`, 17 and 18. */
  readonly module_name: string;
  readonly odoo_version: string;
  /** Who asks; `unknown`: the question does not say. */
  readonly instance: 'the bound one' | 'another' | 'unknown';
}

export interface VerdictCase {
  readonly name: string;
  readonly situation: Situation;
  readonly code: VerdictCode;
  readonly warnings: readonly Warning[];
}

const DAY_S = 86_400;

const VALID: Situation = {
  payload: 'a license',
  signedBy: 'our key',
  kid: 'of that key',
  signature: 'of that key',
  iss: 'https://license.biz4a.com',
  isBound: true,
  isOnRecord: true,
  status: 'active',
  isSuperseded: false,
  hasNewerToken: false,
  isCustomerActive: true,
  endsIn: 365 * DAY_S,
  graceDays: null,
  module_name: 'payroll',
  odoo_version: '17.0',
  instance: 'the bound one',
};

/** What makes each check fail, in the order of the contract. */
const FAULTS: readonly (readonly [VerdictCode, Partial<Situation>])[] = [
  ['MALFORMED', { payload: 'something else' }],
  ['UNKNOWN_KEY', { kid: 'never seen' }],
  ['SIGNATURE_INVALID', { signature: 'of another key' }],
  ['KEY_COMPROMISED', { signedBy: 'a compromised key' }],
  ['ISSUER_MISMATCH', { iss: 'https://license.biz4a.com/' }],
  ['MODULE_MISMATCH', { module_name: 'Payroll' }],
  ['VERSION_NOT_ALLOWED', { odoo_version: '16.0' }],
  ['INSTANCE_REQUIRED', { instance: 'unknown' }],
  ['INSTANCE_MISMATCH', { instance: 'another' }],
  ['NOT_FOUND', { isOnRecord: false }],
  ['REVOKED', { status: 'revoked' }],
  ['SUSPENDED', { status: 'suspended' }],
  ['SUPERSEDED', { isSuperseded: true, hasNewerToken: true }],
  ['CUSTOMER_INACTIVE', { isCustomerActive: false }],
  ['EXPIRED', { endsIn: -1 }],
];

function caseOf(
  name: string,
  code: VerdictCode,
  different: Partial<Situation>,
  warnings: readonly Warning[] = [],
): VerdictCase {
  return { name, code, situation: { ...VALID, ...different }, warnings };
}

/** Each code by one fault, and `VALID`: 16 cases in the order of the contract. */
export const EACH_CODE: readonly VerdictCase[] = [
  ...FAULTS.map(([code, fault]) => caseOf('by one fault', code, fault)),
  caseOf('without a fault', 'VALID', {}),
];

/** Two faults, and all from one on: the first failing check names the code. */
const PRECEDENCE: readonly VerdictCase[] = FAULTS.flatMap(([code, fault], at) => {
  const later = FAULTS.slice(at + 1);
  const all = later.reduceRight<Partial<Situation>>((faults, [, next]) => ({ ...faults, ...next }), {});
  return [
    ...later.map(([other, next]) => caseOf(`rather than ${other}`, code, { ...next, ...fault })),
    caseOf('rather than all that follow', code, { ...all, ...fault }),
  ];
});

const VERSIONS: readonly VerdictCase[] = [
  ...['17', '17.0', '17.0.1.2', '18.0', 'saas~17.2'].map((version) => [version, 'VALID'] as const),
  ...['170', '1', '1.7', '16.17', '19.0', 'saas~16.1', 'seventeen', 'master', '-17', ' 17', '017'].map(
    (version) => [version, 'VERSION_NOT_ALLOWED'] as const,
  ),
].map(([odoo_version, code]) =>
  caseOf(`for version ${JSON.stringify(odoo_version)}`, code, { odoo_version }),
);

const FURTHER: readonly VerdictCase[] = [
  caseOf('for an issuer that is accepted too', 'VALID', { iss: 'https://licenses.predecessor.example' }),
  caseOf('for the beginning of an accepted issuer', 'ISSUER_MISMATCH', {
    iss: 'https://licenses.predecessor.exampl',
  }),
  caseOf('unbound, asked by any instance', 'VALID', { isBound: false, instance: 'another' }),
  caseOf('unbound, asked by an unknown instance', 'VALID', { isBound: false, instance: 'unknown' }),
  caseOf('perpetual', 'VALID', { endsIn: null }),
  caseOf('more than 30 days before the end', 'VALID', { endsIn: 30 * DAY_S + 3600 }),
  caseOf('30 days before the end', 'VALID', { endsIn: 30 * DAY_S }, ['EXPIRES_SOON']),
  caseOf('an hour before the end', 'VALID', { endsIn: 3600 }, ['EXPIRES_SOON']),
  caseOf('30 days before the end, with grace', 'VALID', { endsIn: 30 * DAY_S, graceDays: 14 }, [
    'EXPIRES_SOON',
  ]),
  caseOf('in grace', 'VALID', { endsIn: -3600, graceDays: 1 }, ['IN_GRACE']),
  caseOf('in the last minutes of grace', 'VALID', { endsIn: 600 - 365 * DAY_S, graceDays: 365 }, [
    'IN_GRACE',
  ]),
  caseOf('in grace, with a newer token', 'VALID', { endsIn: -3600, graceDays: 1, hasNewerToken: true }, [
    'IN_GRACE',
    'REISSUE_AVAILABLE',
  ]),
  caseOf('after its grace', 'EXPIRED', { endsIn: -1 - DAY_S, graceDays: 1 }),
  caseOf('after its end, with 0 days of grace', 'EXPIRED', { endsIn: -1, graceDays: 0 }),
  caseOf('in grace, withdrawn', 'REVOKED', { endsIn: -3600, graceDays: 1, status: 'revoked' }),
  caseOf('with a newer token', 'VALID', { hasNewerToken: true }, ['REISSUE_AVAILABLE']),
  caseOf('with a newer token, an hour before the end', 'VALID', { hasNewerToken: true, endsIn: 3600 }, [
    'EXPIRES_SOON',
    'REISSUE_AVAILABLE',
  ]),
  caseOf('without the warnings of a valid license', 'SUSPENDED', {
    status: 'suspended',
    hasNewerToken: true,
    endsIn: 3600,
  }),
];

/** The verdicts that the contract demands. `judge()`, signed texts and a running server are held against them. */
export const VERDICT_MATRIX: readonly VerdictCase[] = [...EACH_CODE, ...PRECEDENCE, ...VERSIONS, ...FURTHER];
