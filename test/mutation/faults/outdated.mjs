import { inFile } from './fault.mjs';

export default {
  area: 'outdated databases',
  suites: ['test/attacks/lagging-standby.spec.ts', 'test/attacks/restored-readers.spec.ts'],
  faults: [
    ...inFile('libs/database/src/restore-state.ts', [
      [
        'believes a standby',
        "current_setting('transaction_read_only')::boolean",
        "current_setting('transaction_read_only') = 'behind'",
      ],
    ]),
    ...inFile('libs/licensing/src/validate/token-look-up.ts', [
      [
        'validates on a standby what leaves no record',
        'AS now, ${OUTDATED} AS not_reconciled',
        'AS now, ${OUTDATED.length} = 0 AS not_reconciled',
      ],
    ]),
    ...inFile('libs/licensing/src/issue/licensing.service.ts', [
      [
        'shows a status of a standby',
        '${OUTDATED} AS not_reconciled',
        '${OUTDATED.length} = 0 AS not_reconciled',
      ],
    ]),
    ...inFile('libs/licensing/src/validate/token-inspection.service.ts', [
      ['inspects on a standby', '${OUTDATED} AS not_reconciled', '${OUTDATED.length} = 0 AS not_reconciled'],
    ]),
    ...inFile('libs/api-keys/src/api-key-authentication.ts', [
      [
        'accepts API keys of a standby',
        '${OUTDATED} AS not_reconciled',
        '${OUTDATED.length} = 0 AS not_reconciled',
      ],
      [
        'accepts API keys of a restored database',
        'if (rows.some(({ not_reconciled }) => not_reconciled)) throw',
        'if (rows.length > 1_000_000) throw',
      ],
    ]),
    ...inFile('libs/api-keys/src/http/api-key.guard.ts', [
      [
        'does not say that a restore is why no API key is valid',
        'if (credential.error instanceof RestoreNotReconciled) throw',
        "if (credential.error instanceof RestoreNotReconciled && access.group === 'exempt') throw",
      ],
    ]),
    ...inFile('libs/database/src/callers.ts', [
      [
        'continues with the callers of a restored database',
        'if (row?.not_reconciled === true) throw',
        'if (row?.not_reconciled === undefined) throw',
      ],
    ]),
    ...inFile('libs/status-lists/src/status-list-records.ts', [
      [
        'signs status lists of a standby',
        'SELECT ${OUTDATED} AS not_reconciled, (SELECT max',
        'SELECT ${OUTDATED.length} = 0 AS not_reconciled, (SELECT max',
      ],
      ['exports status lists of a standby', 'await assertTakesWrites(tx);', 'void assertTakesWrites;'],
    ]),
  ],
};
