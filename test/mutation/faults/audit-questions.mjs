import { inFile } from './fault.mjs';

export default {
  area: 'audit questions',
  suites: [
    'test/e2e/audit/audit-questions.spec.ts',
    'libs/audit/src/actor.spec.ts',
    'libs/licensing/src/validate/recorded-validations.spec.ts',
    'test/e2e/licenses/audited-validations.spec.ts',
  ],
  faults: [
    ...inFile('libs/licensing/src/validate/validation.service.ts', [
      [
        'names the license of a compromised token to anyone',
        'if (row.recorded_at === null || actor.apiKeyId === null) return verdict;',
        'if (row.recorded_at === null) return verdict;',
      ],
      [
        'names the license of a compromised token that is not on record',
        'if (row.recorded_at === null || actor.apiKeyId === null) return verdict;',
        'if (actor.apiKeyId === null) return verdict;',
      ],
    ]),
    ...inFile('libs/licensing/src/validate/validation-records.ts', [
      [
        'records tokens of a compromised key that anyone with that key can make',
        "if (code === 'KEY_COMPROMISED' && row.recorded_at === null) return [];",
        '',
      ],
      ['forgets what it has recorded', 'this.recorded.remember(recordable);', ''],
    ]),
    ...inFile('libs/licensing/src/validate/recorded-validations.ts', [
      ['leaves out failures', "code !== 'VALID'", "code === 'VALID'"],
      ['records what has not changed', 'return before !== said;', 'return true;'],
      ['compares with none of its batch', 'within.set(token, said);', ''],
      [
        'takes the refusal of another installation for the same',
        'asked === undefined ? code :',
        'asked !== null ? code :',
      ],
      ['never forgets a token', 'if (this.last.size <= this.capacity) break;', 'break;'],
    ]),
    ...inFile('libs/licensing/src/issue/token-audit-data.ts', [
      ['records no hash of the token', "token.sha256.toString('hex')", "''"],
      ['records the wrong place', 'token.status?.index ?? null', 'token.status?.list ?? null'],
    ]),
    ...inFile('libs/audit/src/audit-list.ts', [
      ['mixes up what records are about', 'type.startsWith(`${kind}.`)', 'type.length > 0'],
    ]),
    ...inFile('libs/audit/src/actor.ts', [
      ['calls anyone the system', "const ANONYMOUS = 'anonymous';", "const ANONYMOUS = 'system';"],
    ]),
  ],
};
