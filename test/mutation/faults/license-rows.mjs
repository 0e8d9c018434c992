import { inFile } from './fault.mjs';

export default {
  area: 'license rows',
  suites: ['libs/licensing/src/state/license-status.spec.ts', 'libs/database/src/row-locks.spec.ts'],
  faults: [
    ...inFile('libs/licensing/src/state/license-status.ts', [
      [
        'ends a license a moment too late',
        'return `${endSql(row)} <= ${now}`;',
        'return `${endSql(row)} < ${now}`;',
      ],
      ['ends perpetual licenses', "'infinity'", "'-infinity'"],
      [
        'shows a suspended license as expired',
        "WHEN ${hasStatusSql('expired', row, now)} THEN",
        'WHEN ${hasEndedSql(row, now)} THEN',
      ],
      ['finds expired licenses among the active', ' AND ${endSql(row)} > ${now}', ''],
      ['takes suspended licenses for revoked', "<> 'revoked'", "= 'active'"],
    ]),
    ...inFile('libs/database/src/row-locks.ts', [
      ['locks in any order', ' ORDER BY id FOR', ' ORDER BY id DESC FOR'],
      ['waits where it must not', "skipLocked ? ' SKIP LOCKED' : ''", "skipLocked ? '' : ''"],
      ['locks without the condition', "where === undefined ? ''", "where !== null ? ''"],
      ['reads a row without a lock', "{ where, lock: { mode: 'pessimistic_write' } }", '{ where }'],
      ['reads rows without a lock', "order, lock: { mode: 'pessimistic_write' } }", 'order }'],
      ['locks entities in any order', "{ id: 'ASC' }", "{ id: 'DESC' }"],
      ['takes weaker locks', 'FOR ${strength}', "FOR ${strength === 'UPDATE' ? 'SHARE' : strength}"],
    ]),
  ],
};
