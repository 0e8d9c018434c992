import { inFile } from './fault.mjs';

export default {
  area: 'license rows',
  suites: ['libs/licensing/src/state/license-status.spec.ts', 'libs/database/src/row-locks.spec.ts'],
  faults: [
    ...inFile('libs/licensing/src/state/license-status.ts', [
      [
        'ends a license a moment too late',
        '${endSql(row)} <= ${now} AND NOT',
        '${endSql(row)} < ${now} AND NOT',
      ],
      ['ends perpetual licenses', "expires_at, 'infinity')", "expires_at, '-infinity')"],
      [
        'shows a suspended license as expired',
        "WHEN ${hasStatusSql('expired', row, now)} THEN",
        'WHEN ${hasEndedSql(row, now)} THEN',
      ],
      [
        'finds expired licenses among the active',
        ' AND (${endSql(row)} > ${now} OR ${graceLastsSql(row, now)})',
        '',
      ],
      [
        'finds no license in grace among the active',
        '(${endSql(row)} > ${now} OR ${graceLastsSql(row, now)})',
        '${endSql(row)} > ${now}',
      ],
      ['ends a license before its grace', ' AND NOT ${graceLastsSql(row, now)})', ')'],
      ['ends grace a moment too late', '${graceEndSql(row)} > ${now})', '${graceEndSql(row)} >= ${now})'],
      ['counts days of grace by the calendar', "interval '24 hours') AT", "interval '23 hours') AT"],
      ['takes suspended licenses for revoked', "<> 'revoked'", "= 'active'"],
    ]),
    ...inFile('libs/database/src/row-locks.ts', [
      ['locks in any order', ' ORDER BY ${key} FOR', ' ORDER BY ${key} DESC FOR'],
      ['waits where it must not', "skipLocked ? ' SKIP LOCKED' : ''", "skipLocked ? '' : ''"],
      ['locks without the condition', "where === undefined ? ''", "where !== null ? ''"],
      ['reads a row without a lock', "{ where, lock: { mode: 'pessimistic_write' } }", '{ where }'],
      ['reads rows without a lock', "order, lock: { mode: 'pessimistic_write' } }", 'order }'],
      ['locks entities in any order', "{ id: 'ASC' }", "{ id: 'DESC' }"],
      ['takes weaker locks', 'FOR ${strength}', "FOR ${strength === 'UPDATE' ? 'SHARE' : strength}"],
    ]),
  ],
};
