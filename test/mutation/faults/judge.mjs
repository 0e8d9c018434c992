import { inFile } from './fault.mjs';

export default {
  area: 'judge()',
  suites: ['libs/license-token/src/judge.spec.ts'],
  faults: [
    ...inFile('libs/license-token/src/judge.ts', [
      [
        'trusts a compromised key',
        "if (isCompromised(evidence)) return unproven('KEY_COMPROMISED', now);",
        '',
      ],
      [
        'trusts what a compromised key signed and nobody recorded',
        'record === null || isOffline(record) || record.recorded_at > key.after',
        'record !== null && !isOffline(record) && record.recorded_at > key.after',
      ],
      [
        'trusts a compromised key when no time is given',
        'return key.after === null ||',
        'return key.after !== null &&',
      ],
      [
        'takes a record of the very moment for later',
        'record.recorded_at > key.after',
        'record.recorded_at >= key.after',
      ],
      ['takes any issuer', "(acceptsIssuer(evidence) ? null : 'ISSUER_MISMATCH') ??", ''],
      [
        'takes any module',
        "if (module.technical_name !== question.module_name) return 'MODULE_MISMATCH';",
        '',
      ],
      ['takes any version', '!module.allowed_major_versions.includes(version)', 'false'],
      ['accepts a version that is not a version', 'if (version === null ||', 'if (version !== null &&'],
      [
        'binds no license to an instance',
        'if (boundTo === undefined) return null;',
        'if (boundTo !== null) return null;',
      ],
      [
        'takes any instance',
        "question.instance_fingerprint === boundTo ? null : 'INSTANCE_MISMATCH'",
        'null',
      ],
      [
        'asks for no instance',
        "if (question.instance_fingerprint === null) return 'INSTANCE_REQUIRED';",
        'if (question.instance_fingerprint === null) return null;',
      ],
      [
        'takes a token that is not on record',
        "if (record === null) return 'NOT_FOUND';",
        'if (record === null) return null;',
      ],
      ['lets a superseded token pass', "if (record.superseded) return 'SUPERSEDED';", ''],
      ['lets an inactive customer pass', "record.customer_active ? null : 'CUSTOMER_INACTIVE'", 'null'],
      ['expires a second late', '!(now.getTime() < end)', '!(now.getTime() <= end)'],
      ['never expires for a clock that has no time', '!(now.getTime() < end)', 'now.getTime() >= end'],
      ['lets what is expired pass', "(isExpired(claims, now) ? 'EXPIRED' : null) ??", ''],
      [
        'judges the end before the record',
        `refusedByRecord(record) ??
    (isExpired(claims, now) ? 'EXPIRED' : null) ??`,
        "(isExpired(claims, now) ? 'EXPIRED' : null) ?? refusedByRecord(record) ??",
      ],
      ['warns of a near end a day late', '30 * DAY_MS', '29 * DAY_MS'],
      ['knows no grace', ' + graceDays * DAY_MS', ''],
      ['gives grace to licenses without it', 'grace_days: graceDays = 0', 'grace_days: graceDays = 1'],
      [
        'warns of grace before the end',
        "isReached(claims.exp * 1000, now) ? 'IN_GRACE'",
        "true ? 'IN_GRACE'",
      ],
      [
        'forgets what the token allows',
        'claims.entitlements ?? NO_ENTITLEMENTS,\n    activation',
        'NO_ENTITLEMENTS,\n    activation',
      ],
      [
        'shows what nobody has proven',
        'expires_at: null,\n    entitlements: NO_ENTITLEMENTS',
        'expires_at: null,\n    entitlements: { all: true }',
      ],
    ]),
  ],
};
