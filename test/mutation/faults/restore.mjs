import { inFile } from './fault.mjs';

export default {
  area: 'restore',
  suites: ['test/e2e/restore/reconcile.spec.ts', 'libs/checkpoints/src/shipping/checkpoint-shipping.spec.ts'],
  faults: [
    ...inFile('libs/checkpoints/src/shipping/shipped-trail.ts', [
      [
        'takes records that do not give the root',
        "rootHash(sealed.map(({ hash }) => hash)).toString('base64url') === claims.root",
        'claims.root !== undefined',
      ],
      [
        'takes what no trusted key signed',
        "node.state !== 'forged' && (node.state === 'trusted' || isContinued)",
        "node.state !== 'forged'",
      ],
      [
        'takes the trail of another database',
        'isConnected: this.hasBase || this.path.length > 0,',
        'isConnected: true,',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/shipped-trail-file.ts', [
      [
        'forgets records whose checkpoint is missing',
        'leave(waiting.slice(0, waiting.length - own.length));',
        '',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/checkpoint-shipping.ts', [
      [
        'ships no checkpoint that continues the one before the loss',
        'this.acknowledged = common ?? shipped.number - 1;',
        'this.acknowledged = common === undefined ? shipped.number : shipped.number - 1;',
      ],
      [
        'serves from an older state although its sink is ahead',
        "await noteRestore(this.dataSource, 'system', reason);",
        '',
      ],
    ]),
    ...inFile('libs/checkpoints/src/shipping/shipped-end.ts', [
      [
        'notes a restore that was reconciled again',
        'loss_accepted_at !== null && parsed.claims.iat <= loss_accepted_at',
        'false',
      ],
      [
        'passes over what another server shipped, where no loss was accepted',
        'FROM restores WHERE loss_accepted)',
        'FROM restores)',
      ],
    ]),
    ...inFile('libs/licensing/src/validate/validation.service.ts', [
      [
        'gives verdicts without a record from an older state',
        'if (rows[0]?.not_reconciled === true) throw new RestoreNotReconciled();',
        '',
      ],
    ]),
    ...inFile('libs/status-lists/src/status-list-records.ts', [
      [
        'signs status lists from an older state',
        'if (row.not_reconciled) throw new RestoreNotReconciled();',
        '',
      ],
    ]),
    ...inFile('libs/restore/src/reconciliation.ts', [
      [
        'continues without proven records that nobody agreed to leave out',
        'if (failed.length === 0 || skipUnreplayable) return;',
        'if (failed.length >= 0) return;',
      ],
      ['writes in a dry run', 'if (options.dryRun) throw new NothingWritten(reconciled);', ''],
      [
        'passes over what is not proven',
        'if (unproven === undefined && !acceptLoss)',
        'if (unproven === undefined && !acceptLoss && counts.records < 0)',
      ],
      [
        'applies unproven grants',
        'if (!isRestriction(record)) continue;\n    counts.restrictions += 1;',
        'counts.restrictions += 1;',
      ],
    ]),
    ...inFile('libs/restore/src/replay/replay.ts', [
      [
        'is impossible because of one record that cannot be replayed',
        'if (reason === undefined) throw error;',
        'throw error;',
      ],
    ]),
    ...inFile('libs/restore/src/trail-import.ts', [
      ['mixes records of two histories', 'if (!is_same || is_sealed)', 'if (is_sealed)'],
    ]),
    ...inFile('libs/restore/src/replay/replay-licenses.ts', [
      ['leaves older tokens valid', "if (data.flag('superseded') === true)", 'if (false)'],
    ]),
    ...inFile('libs/restore/src/leap-sequences.ts', [
      ['takes a false list as one that was begun', '+ ${MOST_LISTS_BEGUN}', '+ 2147483647'],
      ['gives places a second time', 'list + 1 + CASE', 'list + 0 + CASE'],
    ]),
    ...inFile('libs/license-import/src/license-import-writer.ts', [
      [
        'gives a token a place that may be given again',
        'line.place === null || places.numberOf(line.place) > last',
        'line.place === null',
      ],
      ['keeps the place from an imported token', "places.get(line) === 'free' ? line.place : null", 'null'],
    ]),
  ],
};
