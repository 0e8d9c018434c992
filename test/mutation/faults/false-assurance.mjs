import { inFile } from './fault.mjs';

export default {
  area: 'false-assurance',
  suites: [
    'apps/cli/src/audit/soundness.spec.ts',
    'apps/cli/src/import-v08/v08-csv.spec.ts',
    'libs/licensing/src/resign/license-resign.spec.ts',
    'libs/checkpoints/src/shipping/checkpoint-shipping.spec.ts',
    'test/e2e/command-line/rotate-secrets.spec.ts',
    'test/e2e/input/inspect.spec.ts',
    'test/e2e/licenses/license-life.spec.ts',
  ],
  faults: [
    ...inFile('apps/cli/src/audit/soundness.ts', [
      ['calls sound what was compared with nothing', 'return nothingCompared ? null : true;', 'return true;'],
    ]),
    ...inFile('apps/cli/src/import-v08/v08-csv.ts', [
      [
        'takes a table that cannot be read for one that v0.8 did not have',
        '{ throwIfNoEntry: false }) !== undefined',
        '{ throwIfNoEntry: false })?.isFile() === true',
      ],
      [
        'reads what is not a file',
        'if ((await file.stat()).isFile()) return file;',
        'if ((await file.stat()).size >= 0) return file;',
      ],
    ]),
    ...inFile('apps/cli/src/rotation/rotate-database.ts', [
      [
        'does not say who is logged in with the old password',
        'const connections = open?.connections ?? 0;',
        'const connections = 0 * (open?.connections ?? 0);',
      ],
    ]),
    ...inFile('libs/licensing/src/state/license-status.ts', [
      [
        'signs again what was recorded after the last good time',
        'newest.recorded_at > signer.compromised_after',
        'false',
      ],
    ]),
    ...inFile('libs/licensing/src/resign/license-resign-candidates.ts', [
      [
        'counts what was recorded after the last good time, and signs it',
        "AND ($5 OR NOT ${isRecordedAfterCompromiseSql('l')})",
        'AND ($5 OR true)',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/file-sink.ts', [
      [
        'takes for shipped what could not be flushed',
        'this.flushedTo = Math.min(this.flushedTo, from);',
        'void from;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/checkpoint-shipping.ts', [
      [
        'raises no alarm for checkpoints that are lost',
        'this.alarms.setCheckpointsLost(shipped.number, last);',
        '',
      ],
    ]),
    ...inFile('libs/licensing/src/validate/validation.service.ts', [
      [
        'does not name the request that showed a forged token',
        'runInRequest(request, () => {',
        'runInRequest(request && undefined, () => {',
      ],
    ]),
    ...inFile('libs/licensing/src/validate/token-signature.ts', [
      [
        'takes a damaged token for one that the key signed',
        "? 'holds'\n    : 'signature_invalid'",
        "? 'holds'\n    : 'holds'",
      ],
    ]),
    ...inFile('libs/licensing/src/validate/unrecorded-tokens.ts', [
      ['logs a token each time that it is shown', 'if (this.logged.has(name)) return;', ''],
      [
        'does not count tokens that are not on record',
        "this.count.inc({ key: keyCompromised ? 'compromised' : 'trusted' });",
        '',
      ],
    ]),
    ...inFile('libs/licensing/src/renew/token-replacement.ts', [
      [
        'records a fingerprint that stayed as changed',
        'instanceFingerprint === license.instance_fingerprint ? []',
        'input.instance_fingerprint === undefined ? []',
      ],
    ]),
    ...inFile('libs/licensing/src/state/license-usability.ts', [
      [
        'calls the license of an inactive customer usable',
        '    record,\n    activation: null,',
        "    record: 'offline',\n    activation: null,",
      ],
    ]),
  ],
};
