import { inFile } from './fault.mjs';

export default {
  area: 'trail-bounds',
  suites: [
    'test/attacks/too-large.spec.ts',
    'test/attacks/database-role.spec.ts',
    'migrations/bounded-columns.spec.ts',
    'migrations/planted-rows.spec.ts',
    'libs/checkpoints/src/verification/false-completeness.spec.ts',
    'libs/checkpoints/src/sealing/trail-alarms.spec.ts',
    'libs/checkpoints/src/export/trail-drop.spec.ts',
    'libs/checkpoints/src/export/export-line.spec.ts',
    'libs/checkpoints/src/export/export-bounds.spec.ts',
    'libs/checkpoints/src/export/json-spelling.spec.ts',
    'libs/audit/src/record-size.spec.ts',
    'libs/audit/src/nesting.spec.ts',
    'libs/checkpoints/src/shipping/checkpoint-shipping.spec.ts',
  ],
  faults: [
    ...inFile('libs/checkpoints/src/shipping/shipped-records.ts', [
      [
        'delivers as many characters as wait',
        'if (shipped.length > 0 && characters > MOST_CHARACTERS) break;',
        'if (characters > 1000 * MOST_CHARACTERS) break;',
      ],
      [
        'delivers nothing of a checkpoint with many characters',
        'if (shipped.length > 0 && characters > MOST_CHARACTERS) break;',
        'if (characters > MOST_CHARACTERS / 8) break;',
      ],
    ]),
    ...inFile('libs/audit/src/record-size.ts', [
      [
        'reads texts of any size',
        'THEN ${table}.${column} END AS ${column}',
        'OR true THEN ${table}.${column} END AS ${column}',
      ],
      ['shows texts of any size', 'return `left(${column}, 2000)`;', 'return column;'],
      ['shows data of any size', '${jsonBytes(column)} <= 65536 AND', '${jsonBytes(column)} >= 0 AND'],
      ['shows data of any depth', 'AND NOT ${columnNestsTooDeep(column)}', ''],
      [
        'counts no text',
        "return `(${jsonBytes(`${table}.event_data`)} + ${texts.join(' + ')})`;",
        'return jsonBytes(`${table}.event_data`);',
      ],
      [
        'takes stored bytes for those of the text',
        'ELSE coalesce(octet_length(${column}::text), 0) END)',
        'ELSE coalesce(pg_column_size(${column}), 0) END)',
        'a value that is stored in up to 256 KiB has some 64 MB of text at most: it costs memory, and shows in a list',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/record-verification.ts', [
      [
        'says nothing of a record that is too large',
        "if (leaf.record === 'too_large') onFinding({ kind: 'record_too_large', record, checkpoint });",
        '',
      ],
    ]),
    ...inFile('libs/checkpoints/src/export/trail-export.ts', [
      [
        'exports what is too large',
        'if (fields.is_too_large || isTooLongToExport(leaf)) {',
        'if (isTooLongToExport(leaf)) {',
      ],
      [
        'exports lines that are too long to be read',
        'if (fields.is_too_large || isTooLongToExport(leaf)) {',
        'if (fields.is_too_large) {',
      ],
    ]),
    ...inFile('libs/checkpoints/src/export/trail-drop.ts', [
      [
        'never drops a record that no export can prove',
        "kind === 'record_unproven' && record !== undefined && unproven.has(record)",
        'record !== undefined && unproven.has(kind)',
      ],
      ['drops what waits to become an event', 'if (row?.waiting !== 0)', 'if (row === undefined)'],
      ['drops what the export lacks', 'if (proven !== expected)', 'if (proven > expected)'],
      ['keeps no hash of what no export proves', '...(unproven.length > 0 && { unproven }),', ''],
    ]),
    ...inFile('libs/checkpoints/src/export/unproven-records.ts', [
      [
        'drops what an export can prove',
        'if (!leaf.is_too_large && isAsSealed(leaf) && !isTooLongToExport(leafOf(leaf)))',
        'if (ids.size < 0)',
      ],
      ['never drops a record that is too long to export', ' && !isTooLongToExport(leafOf(leaf))', ''],
      [
        'counts a record of another month',
        'if (!(at >= since && at < before.getTime()))',
        'if (!(at >= since && before.getTime() > 0))',
      ],
      [
        'keeps a hash that no checkpoint seals',
        "rootHash(hashes).toString('base64url') !== claims?.root",
        'rootHash(hashes).length === 0',
      ],
    ]),
    ...inFile('libs/checkpoints/src/export/json-spelling.ts', [
      ['takes every escape for the letter', 'return OTHER_ESCAPE + escaped;', 'return escaped;'],
      ['compares only the beginning', 'at >= one.length && otherAt >= other.length', 'at >= one.length'],
      ['distinguishes an escape beyond ASCII', 'return UNICODE_ESCAPE + code;', 'return code;'],
    ]),
    ...inFile('libs/checkpoints/src/export/export-bounds.ts', [
      ['exports leaves of any length', 'leaf.length > MOST_LEAF', 'leaf.length > MOST_LINE'],
      ['reads no line of the longest leaf', 'MOST_LINE = 16 * MOST_LEAF', 'MOST_LINE = 2 * MOST_LEAF'],
    ]),
    ...inFile('libs/checkpoints/src/tree/inclusion-proofs.ts', [
      ['proves what is too large', 'if (fields.is_too_large) throw new AuditRecordTooLarge(id);', ''],
    ]),
    ...inFile('libs/checkpoints/src/audit-checkpoint.entity.ts', [
      ['lists checkpoints of any size', 'jwsFrom(`${table}.jws`)', '`${table}.jws`'],
    ]),
    ...inFile('migrations/1764200000000-bound-what-is-read.ts', [
      [
        'decodes checkpoints of any size',
        'IF octet_length(jws) > ${MOST_JWS_BYTES} THEN RETURN NULL; END IF;',
        '',
      ],
    ]),
    ...inFile('migrations/1764200060000-bound-what-is-kept.ts', [
      ['bounds no code of a verdict', '  validation_counts: `octet_length(code) <= 128`,\n', ''],
    ]),
    ...inFile('migrations/1764110000000-seal-through-the-owner.ts', [
      ['fails at a drop in month 13', '(0[1-9]|1[0-2])-01T', '[0-9]{2}-01T'],
      [
        'fails at two drops with one id',
        'SELECT DISTINCT ON (id) id, recorded_at, (event',
        'SELECT id, recorded_at, (event',
      ],
    ]),
    ...inFile('migrations/1764170060000-index-audit-questions.ts', [
      ['indexes a code of any length', " AND octet_length(event_data ->> 'code') <= 200", ''],
    ]),
    ...inFile('migrations/1764220000000-bound-moments.ts', [
      ['counts a version to the end', 'version % 2147483647 + 1', 'version + 1'],
      ['moves counts to the nearest minute', "if (table === 'validation_counts')", 'if (false)'],
    ]),
    ...inFile('migrations/repair-rows.ts', [
      ['fails at one row that cannot be changed', 'if (!OF_ROWS.includes(', 'if (true || !OF_ROWS.includes('],
    ]),
    ...inFile('migrations/1764230030000-repair-what-was-written.ts', [
      ['leaves a key that cannot be changed', "cut('prefix', 32),", ''],
      ['leaves a license that cannot be changed', 'SELECT left(version, 100) FROM', 'SELECT version FROM'],
      ['lets one row end the repair', 'readonly transaction = false;', 'readonly transaction = true;'],
      [
        'changes what a key answers under its old version',
        '        ].map(nearest),\n        CHANGED,\n',
        '        ].map(nearest),\n',
      ],
      [
        'changes what a license answers under its old version',
        "'created_at', 'updated_at'].map(nearest),\n        CHANGED,\n",
        "'created_at', 'updated_at'].map(nearest),\n",
      ],
    ]),
    ...inFile('migrations/1764230000000-bound-depth.ts', [
      ['takes data of any depth', "CHECK (NOT event_data @? '${DEEPER}')", 'CHECK (true)'],
      ['takes data of one level more', 'strict $.**{${MOST_LEVELS}} ?', 'strict $.**{${MOST_LEVELS + 1}} ?'],
      ['takes an empty level for none', 'strict $.**{${MOST_LEVELS}} ?', '$.**{${MOST_LEVELS}} ?'],
    ]),
    ...inFile('libs/audit/src/nesting.ts', [
      [
        'reads one level more',
        'if (level > MOST_LEVELS) return true;',
        'if (level > MOST_LEVELS + 1) return true;',
      ],
      ['counts brackets in texts', 'else if (isInText) continue;', ''],
      ['shows one level more', "'strict $.**{${MOST_LEVELS}} ?", "'strict $.**{${MOST_LEVELS + 1}} ?"],
      ['shows an empty level more', "'strict $.**{${MOST_LEVELS}} ?", "'$.**{${MOST_LEVELS}} ?"],
    ]),
    ...inFile('migrations/1764230060000-bound-counts.ts', [
      ['takes any count', 'CHECK (count BETWEEN 0 AND ${MOST})', 'CHECK (true)'],
      ['takes any version', 'WHEN (NEW.version NOT BETWEEN 1 AND ${MOST})', 'WHEN (false)'],
    ]),
    ...inFile('migrations/1764230120000-count-keys-alone.ts', [
      ['takes any number of signing keys', '>= ${most} THEN', '< 0 THEN'],
      ['counts signing keys side by side', 'PERFORM pg_advisory_xact_lock(${COUNT_LOCK});', ''],
      [
        'counts signing keys in an old snapshot',
        "current_setting('transaction_isolation') <> 'read committed'",
        'false',
      ],
    ]),
    ...inFile('libs/database/src/connections/connection-options.ts', [
      ['lets a role end its sessions', '{ ...SESSION_SETTINGS, ...SESSION_LIMITS }', 'SESSION_SETTINGS'],
    ]),
    ...inFile('libs/checkpoints/src/export/export-line.ts', [
      ['takes lines with further members', " || Object.keys(line).sort().join(' ') !== MEMBERS[type]", ''],
      ['takes an export of no time', " && typeof exported_at === 'string'", ''],
      [
        'exports data of any depth',
        'nestsTooDeep(event_data) ? { too_large: true } : (JSON.parse(event_data) as unknown)',
        'JSON.parse(event_data) as unknown',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/chain-verification.ts', [
      [
        'lets what is proven complete fall',
        'later(completeTo, provenCompleteTo(judged.claims));',
        'provenCompleteTo(judged.claims) ?? completeTo;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/checkpoint.ts', [
      [
        'does not see a checkpoint that says less is complete',
        '(complete_to === null || complete_to < proven)',
        '(complete_to === null)',
      ],
      [
        'does not see a checkpoint that no longer says what is complete',
        '(complete_to === null || complete_to < proven)',
        '(complete_to !== null && complete_to < proven)',
      ],
      [
        'accepts a time in the future as complete',
        'return complete_to !== null && complete_to <= iat ? complete_to : null;',
        'return complete_to;',
      ],
      ['takes what is carried on for false', 'complete_to !== before?.complete_to;', 'before !== null;'],
    ]),
    ...inFile('libs/checkpoints/src/sealing/unsealed-records.ts', [
      [
        'goes by a clock that was ahead',
        'if (known === undefined || known.is_to_come) return before;',
        'if (known === undefined) return before;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/trail-resume.ts', [
      [
        'refuses to set aside what is falsely complete',
        ' &&\n      !isFalselyComplete(judged.claims, before)',
        '',
      ],
      [
        'refuses to set aside what is less complete',
        '&&\n      !isLessComplete(judged.claims, before === undefined ? null : provenCompleteTo(before))',
        '',
      ],
    ]),
    ...inFile('libs/checkpoints/src/sealing/sealing.ts', [
      [
        'raises no alarm of a record that is too large',
        "if (error instanceof RecordTooLarge) this.alarms.set('record_too_large', true);",
        '',
      ],
      [
        'never ends the alarm of a record that is too large',
        "this.alarms.set('record_too_large', false);",
        '',
      ],
    ]),
  ],
};
