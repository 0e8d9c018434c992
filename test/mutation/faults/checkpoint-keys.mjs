import { inFile } from './fault.mjs';

/** What a checkpoint is worth by the key that signed it. */
export default {
  area: 'checkpoint keys',
  suites: [
    'libs/checkpoints/src/verification/foreign-keys.spec.ts',
    'apps/cli/src/audit/soundness.spec.ts',
    'apps/cli/src/audit/audit-keys.spec.ts',
  ],
  faults: [
    ...inFile('apps/cli/src/audit/audit-keys.ts', [
      [
        'takes the last of two keys with one id',
        'if (file.keys.get(jwk.kid)?.equals(key) === false)',
        'if (false)',
      ],
      [
        'gives trust back that the same file withdrew',
        'compromised.set(kid, known === null || after === null ? null : Math.min(known ?? after, after));',
        'compromised.set(kid, known === undefined ? after : after);',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/chain-verification.ts', [
      [
        'believes what a checkpoint of an invented key says is complete',
        "judged.state !== 'forged' && judged.state !== 'unrecorded' && judged.claims.number === number;",
        "judged.state !== 'forged' && judged.claims.number === number;",
      ],
      [
        'believes what a checkpoint of another number says is complete',
        "judged.state !== 'unrecorded' && judged.claims.number === number;",
        "judged.state !== 'unrecorded' && number > 0;",
      ],
      [
        'judges records by what a forged checkpoint says',
        'return isForged ? undefined : judged.claims;',
        "return judged.state === 'forged' ? undefined : judged.claims;",
      ],
      ['leaves the end of the chain unjudged', 'reportUnproven(this.runs.end(), this.onFinding);', ''],
    ]),
    ...inFile('libs/checkpoints/src/verification/trail-verification.ts', [
      [
        'compares nothing that another key signed',
        "if (judged.state === 'forged') {",
        "if (judged.state !== 'trusted') {",
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/checkpoint-keys.ts', [
      [
        'takes an invented key for one that is not held',
        "return { state: recorded === undefined ? 'unknown' : 'unrecorded', claims, kid };",
        "return { state: 'unknown', claims, kid };",
      ],
      [
        'trusts every key on record',
        "if (trusted === undefined) return { state: 'unknown', ...signed };",
        "if (trusted === undefined) return { state: 'trusted', ...signed };",
      ],
      [
        'trusts a compromised key',
        "return { state: counts ? 'trusted' : 'compromised', ...signed };",
        "return { state: 'trusted', ...signed };",
      ],
      ['does not ask when a compromised key signed', 'claims.iat <= compromised.after', 'claims.iat > 0'],
    ]),
    ...inFile('libs/checkpoints/src/verification/checkpoint-keys.ts', [
      [
        'calls a checkpoint forged though a later one names it',
        "return trusted === undefined ? { state: 'unrecorded', claims, kid } : FORGED;",
        'return FORGED;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/finding.ts', [
      [
        'does not say which checkpoints nobody on record signed',
        "onFinding({ kind: 'checkpoint_forged', checkpoint });",
        ';',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/signature-runs.ts', [
      [
        'proves over a link that does not hold',
        'const given = isLinked ? [] : this.end();',
        'const given = [];',
      ],
      [
        'never takes a later key for proof',
        "if (state === 'trusted') {\n      this.open = [];",
        "if (state === 'trusted') {",
      ],
    ]),
    ...inFile('apps/cli/src/audit/audit-keys.ts', [
      ['counts a key without an id for every kid', '?? (await signerOf(jws, all.any));', '?? all.any;'],
    ]),
    ...inFile('apps/cli/src/audit/soundness.ts', [
      [
        'lets what cannot be determined hide what is not valid',
        'return findings === undetermined ? null : false;',
        'return undetermined > 0 ? null : false;',
      ],
      [
        'reports what cannot be determined as sound',
        'return findings === undetermined ? null : false;',
        'return findings === undetermined;',
      ],
    ]),
  ],
};
