import { inFile } from './fault.mjs';

export default {
  area: 'plain-lines',
  suites: [
    'apps/cli/src/audit/audit-keys.spec.ts',
    'apps/cli/src/audit/definite-findings.spec.ts',
    'apps/cli/src/terminal/output.spec.ts',
    'apps/cli/src/terminal/printable.spec.ts',
    'apps/cli/src/licenses/resign-report.spec.ts',
    'apps/cli/src/audit/signed-by.spec.ts',
    'apps/cli/src/terminal/text-lines.spec.ts',
    'apps/cli/src/terminal/text-file.spec.ts',
    'libs/checkpoints/src/export/trail-export.spec.ts',
    'libs/json/src/json-line.spec.ts',
  ],
  faults: [
    ...inFile('libs/json/src/json-line.ts', [
      ['escapes no control beyond ASCII', '[\\p{Cc}', '[\\u0000-\\u001f'],
      ['escapes no separator of lines', '\\u2028\\u2029', ''],
      ['escapes no override of direction', '\\p{Bidi_Control}', ''],
      ['escapes with too few digits', "padStart(4, '0')", "padStart(2, '0')"],
    ]),
    ...inFile('libs/checkpoints/src/export/trail-export.ts', [
      ['ends lines of an export within a text', 'jsonLine(line)', 'JSON.stringify(line)'],
    ]),
    ...inFile('apps/cli/src/terminal/text-lines.ts', [
      [
        'reads a byte order mark as text',
        "new TextDecoder('utf-8')",
        "new TextDecoder('utf-8', { ignoreBOM: true })",
      ],
      ['breaks characters between chunks', '(chunk, { stream: true })', '(chunk)'],
      ['keeps the CR of CR LF', "line.endsWith('\\r')", "line.endsWith('\\n')"],
      ['loses a last line without LF', "if (rest !== '') yield", "if (rest === '') yield"],
      ['reads a line of any length', 'if (rest.length > most)', 'if (rest.length < 0)'],
      ['bounds only lines that are complete', 'of [...more, undefined])', 'of more)'],
      ['counts no lines', '      number += 1;\n', ''],
      ['takes no byte order mark off', "text.startsWith('\\ufeff')", "text.startsWith('\\ufffe')"],
    ]),
    ...inFile('apps/cli/src/audit/definite-findings.ts', [
      [
        'forgets what was found at an error',
        'certain.length === 0 && !isUndetermined(finding)',
        'certain.length > 0',
      ],
      ['takes what leaves it open for certain', '!isUndetermined(finding)', 'isUndetermined !== undefined'],
    ]),
    ...inFile('apps/cli/src/terminal/text-file.ts', [
      ['reads a file of any size', ', { end: MOST_BYTES })', ')'],
      ['takes the beginning of a file for the whole', 'if (length > MOST_BYTES)', 'if (length < 0)'],
    ]),
    ...inFile('apps/cli/src/audit/audit-keys.ts', [
      [
        'trusts a withdrawn key up to any value',
        "typeof after === 'number' ? after : null",
        '(after as number)',
      ],
      [
        'reads no key set behind a byte order mark',
        'JSON.parse(withoutByteOrderMark(text))',
        'JSON.parse(text)',
      ],
    ]),
    ...inFile('apps/cli/src/terminal/printable.ts', [
      ['prints controls', '[\\p{Cc}', '['],
      ['prints overrides of direction', '\\p{Cf}', ''],
      ['prints separators of lines', '\\p{Zl}\\p{Zp}', ''],
      ['joins lines', "split('\\n').map(printable).join('\\n')", "split('\\0').map(printable).join('\\n')"],
    ]),
    ...inFile('apps/cli/src/licenses/resign-report.ts', [
      ['ends lines of a report within a text', 'jsonLine(pick(license))', 'JSON.stringify(pick(license))'],
    ]),
    ...inFile('apps/cli/src/terminal/output.ts', [
      ['prints entries as they are', '${printable(text)}', '${text}'],
      ['prints answers as they are', '${printableLines(text)}', '${text}'],
      ['prints controls within entries of JSON', '}${jsonLine(value)}`', '}${JSON.stringify(value)}`'],
    ]),
    ...inFile('apps/cli/src/audit/signed-by.ts', [
      ['lets a kid begin a line', '${printable(kid)}', '${kid}'],
    ]),
  ],
};
