import { inFile } from './fault.mjs';

export default {
  area: 'status lists',
  suites: [
    'libs/license-token/src/status-lists/status-list.spec.ts',
    'libs/status-lists/src/status-lists.spec.ts',
  ],
  faults: [
    ...inFile('libs/license-token/src/status-lists/status-list-reader.ts', [
      [
        'takes an expired list',
        "now < list.expires_at ? lastListed(list, { status }) : 'unknown'",
        'lastListed(list, { status })',
      ],
      [
        'takes any list for a clock that has no time',
        'now < list.expires_at ?',
        '!(now >= list.expires_at) ?',
      ],
      [
        'takes the list of another token',
        'if (status?.status_list.uri !== list.uri) ',
        'if (status === undefined) ',
      ],
      [
        'takes any signature',
        "if (!(await verifySignature(parsed, key))) return { refused: 'signature_invalid' };",
        '',
      ],
      [
        'counts from the highest bits',
        '(byte >> ((index % perByte) * bits))',
        '(byte >> (8 - bits - (index % perByte) * bits))',
      ],
      [
        'takes an index before the list',
        'if (!Number.isSafeInteger(index) || index < 0) return undefined;',
        'index = Math.abs(index);',
      ],
      ['stays fresh forever', 'Math.min(exp, ttl === undefined ? exp : iat + ttl)', 'exp'],
    ]),
    ...inFile('libs/license-token/src/status-lists/status-list.ts', [
      ['takes a list without a type', 'mayLackTyp: false', 'mayLackTyp: true'],
      ['takes a list that never ends', 'exp: numericDate,', 'exp: optional(numericDate),'],
      ['takes three bits', 'STATUS_BITS.includes(value as StatusBits)', 'Number.isInteger(value)'],
    ]),
    ...inFile('libs/license-token/src/text/compact-jws.ts', [
      ['takes any type', 'mediaType(typ) !== mediaType(expected.typ)', 'false'],
      ['takes a text of any length', 'if (jws.length > maxLength)', 'if (false)'],
    ]),
    ...inFile('libs/license-token/src/status-lists/inflate.ts', [
      ['inflates without a bound', 'if (length > limit)', 'if (false)'],
    ]),
    ...inFile('libs/status-lists/src/status-list-content.ts', [
      [
        'lets a suspension outrank a revocation',
        `mark(statuses, suspended, STATUS_VALUES.suspended);
  mark(statuses, revoked, STATUS_VALUES.revoked);`,
        `mark(statuses, revoked, STATUS_VALUES.revoked);
  mark(statuses, suspended, STATUS_VALUES.suspended);`,
      ],
      ['adds up statuses', ' & ~(((1 << BITS) - 1) << shift)', ''],
    ]),
    ...inFile('libs/status-lists/src/status-list-queries.ts', [
      ['leaves out superseded tokens', 'WHERE superseded_at IS NOT NULL AND', 'WHERE false AND'],
      [
        'leaves out suspended licenses',
        "license.status IN ('revoked', 'suspended')",
        "license.status = 'revoked'",
      ],
      [
        'forgets changes that are not folded',
        'UNION ALL SELECT list, count(*) FROM status_list_changes GROUP BY list',
        '',
      ],
      [
        'forgets changes that are folded',
        'SELECT list, version AS changes FROM status_list_versions',
        'SELECT list, 0 AS changes FROM status_list_versions',
      ],
    ]),
    ...inFile('libs/status-lists/src/status-list-records.ts', [
      ['folds a part of what was noted', 'while (folded === FOLDED_AT_ONCE)', 'while (folded < 0)'],
    ]),
    ...inFile('libs/status-lists/src/status-list-issuer.ts', [
      ['gives the first lists alone', 'last = numbers.at(-1);', 'last = undefined;'],
    ]),
    ...inFile('libs/status-lists/src/status-lists.service.ts', [
      ['does not sign again under another key', 'served.kid !== kid ||', ''],
      [
        'serves a list without its change for as long as it counts',
        '> SERVED_WITHOUT_CHANGE_MS',
        '> SERVED_FOR_MS',
      ],
      [
        'forgets how long a change has waited',
        'served.changedAt ??= performance.now()',
        'served.changedAt = performance.now()',
      ],
      ['rebuilds every list each time', 'served?.version !== version', 'true'],
      ['rebuilds no list', 'served?.version !== version', 'served === undefined'],
      ['never looks for a list that is not there', 'if (!this.served.has(list)) {', 'if (list < 0) {'],
      ['keeps every list that was ever asked for', 'asked.slice(-MOST_ASKED)', 'asked'],
      ['forgets which list was asked for', 'this.waiting.add(list);', ''],
      [
        'forgets which list is asked for again',
        'this.kept.delete(list)) this.kept.add(list);',
        'list < 0) return this.find(list);',
      ],
      [
        'keeps numbers that were made up',
        '.filter((list) => others.has(list))',
        '.filter(() => others.size >= 0)',
      ],
      ['calls a list that is one too many unknown', 'new Set(asked.slice(0, -MOST_ASKED))', 'new Set()'],
      [
        'forgets who asks during a survey',
        'const survey = await this.records.survey([...this.kept, ...waiting]);',
        'const survey = await this.records.survey([...this.kept, ...waiting]);\n    this.waiting.clear();',
      ],
      ['reads for each who asks', 'this.next ??= this.afterRunning();', 'this.next = this.afterRunning();'],
    ]),
  ],
};
