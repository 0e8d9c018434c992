import { inFile } from './fault.mjs';

export default {
  area: 'the end of imports',
  suites: ['libs/license-import/src/license-import.spec.ts', 'test/e2e/licenses/import-v08.spec.ts'],
  faults: [
    ...inFile('libs/license-import/src/import-counts.ts', [
      [
        'counts the last transaction alone',
        '${name} = known.${name} + excluded.${name}',
        '${name} = excluded.${name}',
      ],
      [
        'tells of an import again',
        'DELETE FROM import_counts WHERE source = $1 RETURNING',
        'UPDATE import_counts SET source = source WHERE source = $1 RETURNING',
      ],
      ['tells of imports that changed nothing', 'if (counts === undefined) return;', ''],
      ['says nothing of one that breaks off', 'await this.finish(actor, source).catch(() => undefined);', ''],
      ['says nothing', '    await this.finish(actor, source);\n    return result;', '    return result;'],
    ]),
    ...inFile('libs/license-import/src/license-import.service.ts', [
      [
        'ends an atomic import in a transaction of its own',
        'await this.counts.finishIn(tx, actor, options.source);',
        '',
      ],
    ]),
    ...inFile('libs/license-import/src/license-import-writer.ts', [
      ['does not count customers', 'customers_created: customers.created.size,', ''],
      ['does not count revocations', 'licenses_revoked: revoked.size,', ''],
    ]),
    ...inFile('libs/v08-import/src/v08-import.service.ts', [
      ['ends a dry run', 'return options.dryRun ? take() : ', 'return '],
      [
        'does not end',
        "return options.dryRun ? take() : this.counts.finishing(actor, 'v0.8', take);",
        'return take();',
      ],
    ]),
    ...inFile('libs/v08-import/src/v08-customers.ts', [
      [
        'does not count customers',
        "await this.counts.add(tx, 'v0.8', { customers_created: created.size });",
        '',
      ],
    ]),
    ...inFile('libs/v08-import/src/v08-audit-records.ts', [
      [
        'does not count records',
        "await this.counts.add(tx, 'v0.8', { audit_records_imported: entries.length });",
        '',
      ],
    ]),
  ],
};
