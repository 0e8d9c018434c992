import { inFile } from './fault.mjs';

export default {
  area: 'input',
  suites: [
    'libs/http/src/input/bounds.spec.ts',
    'libs/http/src/input/body/json-body.spec.ts',
    'libs/json/src/json-scan.spec.ts',
    'libs/http/src/answers/answers.spec.ts',
    'libs/http/src/declared-route.spec.ts',
    'libs/lists/src/cursor.spec.ts',
    'test/attacks/hostile-names.spec.ts',
  ],
  faults: [
    ...inFile('libs/http/src/answers/opaque.ts', [
      ['makes the class that data names', 'Type(() => Object)', 'Type(() => undefined as never)'],
      ['empties data of any names', 'obj[key]', '({})'],
    ]),
    ...inFile('libs/audit/src/http/audit-log.dto.ts', [
      ['reads the data of a record', '  @Opaque()\n', '  @Expose()\n'],
    ]),
    ...inFile('libs/errors/src/field-errors.ts', [
      ['names any number of errors', 'this.kept.length === MOST_ERRORS', 'this.kept.length === Infinity'],
      ['names errors of any size together', '|| bytes > MOST_BYTES', ''],
      ['counts the bytes of the last error only', 'this.bytes = bytes;', ''],
      ['names fields of any length', 'shortened(field, LONGEST_FIELD)', 'field'],
      ['never says that there were more', '      this.left = true;', ''],
    ]),
    ...inFile('libs/json/src/json-scan.ts', [
      ['takes names of any length', 'if (end - start > MAX_NAME_LENGTH) assert', 'if (end < start) assert'],
      [
        'takes a name that is short once it is unescaped for a long one',
        'if (name.length > MAX_NAME_LENGTH)',
        'if (written.length > MAX_NAME_LENGTH)',
      ],
      ['does not count elements', 'if (++count >= limit)', 'if (count >= limit)'],
      ['counts one element too many', 'if (++count >= limit)', 'if (++count > limit)'],
      [
        'takes any number of values',
        '        if (++values > bounds.values) throw tooManyValues();\n        break;\n      case 0x7b: // {',
        '        break;\n      case 0x7b: // {',
      ],
      ['continues counting after an inner list', 'count = commas[level] ?? 0;', ''],
      ['continues with the bound of an inner list', 'limit = most[level] ?? 0;', ''],
      ['counts what is inside texts', 'end = at = endOfString(text, at);', 'end = endOfString(text, at);'],
      ['has one bound for every list', 'lists.get(nameAt(text, level)) ?? MAX_UNKNOWN);', 'MAX_UNKNOWN);'],
      ['reads a name again at each colon', '        start = NO_NAME;\n', ''],
      ['reads a name again at each list', 'if (known !== UNREAD)', 'if (known === Infinity)'],
      ['goes by the name of an earlier member', '        listMost[level] = UNREAD;\n', ''],
      ['takes any number of members', ' || ++members > bounds.values)', ' || ++members > Infinity)'],
      ['knows no escaped name', "if (!written.includes('\\\\')) return written;", 'return written;'],
    ]),
    ...inFile('libs/http/src/input/body/body-bounds.ts', [
      [
        'takes lists without a maximum',
        "if (typeof most !== 'number') throw",
        "if (typeof most === 'bigint') throw",
      ],
      ['lets class-validator look at all items', "type === 'nestedValidation'", "type === 'none'"],
      ['knows no list by its type', '=== Array ||', '=== Map ||'],
      ['knows no list by a rule for each element', 'each || LIST_RULE', 'LIST_RULE'],
    ]),
    ...inFile('libs/http/src/input/body/body-check.ts', [
      ['starts with unbounded lists', 'if (unbounded.length > 0)', 'if (unbounded.length > 1000)'],
    ]),
    ...inFile('libs/http/src/declared-route.ts', [
      [
        'gives an inherited handler the access under its first controller',
        'known.get(controller);\n  if (routes === undefined) known.set(controller,',
        'known.get(Object);\n  if (routes === undefined) known.set(Object,',
      ],
      ['takes every route for a strict one', 'forgiving: isForgiving(access),', 'forgiving: false,'],
      [
        'knows no parameters of the query',
        'takesQuery: parameters.some(({ isQuery }) => isQuery),',
        'takesQuery: false,',
      ],
    ]),
    ...inFile('libs/http/src/answers/negotiation.guard.ts', [
      [
        'refuses what a public caller accepts',
        "accept === '*/*' || forgiving) return true;",
        "accept === '*/*') return true;",
      ],
      ['lets caches keep what a key was answered', "if (access?.kind !== 'public') return true;", ''],
      [
        'lets caches keep what a public route answered to a key',
        '!access.ignoreCredentials && hasCredential(request)',
        'false',
      ],
    ]),
    ...inFile('libs/lists/src/cursor.ts', [
      ['takes cursors with offsets that PostgreSQL does not know', "key.endsWith('Z') && ", ''],
    ]),
    ...inFile('libs/http/src/edge/one-answer-at-a-time.ts', [
      [
        'serves all requests of a connection at once',
        'if (responseInProgress(connection) === response)',
        'if (response)',
      ],
      [
        'lets any number of requests wait',
        'if (waiting.size > MOST_WAITING)',
        'if (waiting.size > Infinity)',
      ],
    ]),
    ...inFile('libs/http/src/input/validation.pipe.ts', [
      ['validates all items, however many errors there are', '    if (errors.isFull) break;\n', ''],
    ]),
    ...inFile('libs/http/src/edge/query-string.ts', [
      [
        'takes any number of parameters',
        'if (pairs.length > MOST_PARAMETERS)',
        'if (pairs.length > 100_000)',
      ],
      [
        'takes parameters with names of any length',
        'if (name.length > LONGEST_NAME)',
        'if (name.length > 100_000)',
      ],
    ]),
    ...inFile('libs/http/src/problems/problem-document.ts', [
      ['repeats any path', '.slice(0, LONGEST_INSTANCE)', ''],
    ]),
    ...inFile('libs/http/src/edge/sound-request.ts', [
      ['takes apart headers of any length', '> longest) return name;', '> 100_000) return name;'],
    ]),
    ...inFile('libs/http/src/input/body/body-bytes.ts', [
      ['takes a body in any number of pieces', 'const MOST_PIECES = 10_000;', 'const MOST_PIECES = 1e9;'],
      [
        'loses pieces that it joins',
        'chunks.splice(0, KEPT_PIECES, Buffer.concat(chunks))',
        'chunks.splice(0, KEPT_PIECES)',
      ],
    ]),
  ],
};
