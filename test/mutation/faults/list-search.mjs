import { inFile } from './fault.mjs';

export default {
  area: 'list-search',
  suites: [
    'libs/lists/src/folded-words.spec.ts',
    'libs/customers/src/customer-search.spec.ts',
    'test/e2e/lists/list-indexes.spec.ts',
    'test/e2e/lists/lists.spec.ts',
  ],
  faults: [
    ...inFile('libs/lists/src/folded-words.ts', [
      ['keeps accents', ".replace(/\\p{M}+/gu, '')", ''],
      ['takes wildcards', "text.replace(/[\\\\%_]/g, '\\\\$&')", 'text'],
      [
        'knows words after spaces alone',
        '(isOfWord(character) && !isOfWord(before))',
        '(isOfWord(character) && before === " ")',
      ],
      ['finds all by nothing', "folded === '' ? '' :", "folded === 'x' ? '' :"],
    ]),
    ...inFile('libs/licensing/src/license-list.ts', [
      [
        'reads what expired long ago',
        "query.status === 'active' ? rows.andWhere",
        "query.q === 'x' ? rows.andWhere",
      ],
      ['estimates by what the planner does not know', 'estimated: this.matching(query)', 'estimated: rows'],
    ]),
    ...inFile('libs/customers/src/customer-search.ts', [
      ['waits for rows that others have locked', '        skipLocked: true,\n', ''],
      [
        'stops at a row that cannot be changed',
        'if (!isInputRefused(error)) throw error;',
        'if (isInputRefused(error)) throw error;',
      ],
      [
        'counts a customer for each word that is found',
        'AND earlier.beginning < found.beginning',
        'AND false',
      ],
    ]),
    ...inFile('libs/customers/src/customers.service.ts', [
      [
        'leaves a changed text unfolded',
        'if (SEARCHED.some((field) => changed.includes(field)))',
        'if (SEARCHED.some((field) => changed.length === 0 && changed.includes(field)))',
      ],
    ]),
    ...inFile('libs/licensing/src/license-list.ts', [
      [
        'asks with a clock that moves',
        "const NOW = 'statement_timestamp()';",
        "const NOW = 'clock_timestamp()';",
      ],
      [
        'narrows no license by what its type says of its end',
        'if (query.license_type !== undefined && ORDERS[query.sort].keys === BY_EXPIRY)',
        'if (query.page === 0)',
      ],
    ]),
    ...inFile('libs/lists/src/list-page.ts', [
      [
        'counts in no order',
        'countRows(counted ?? sorted(rows, order), estimated ?? rows, on)',
        'countRows(counted === undefined ? rows : rows, rows, on)',
      ],
    ]),
  ],
};
