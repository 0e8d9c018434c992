import { inFile } from './fault.mjs';

export default {
  area: 'checkpoints',
  suites: [
    'libs/license-token/src/text/base64url.spec.ts',
    'libs/checkpoints/src/tree/merkle-tree.spec.ts',
    'libs/checkpoints/src/checkpoint.spec.ts',
    'libs/checkpoints/src/signed-texts.spec.ts',
    'libs/checkpoints/src/sealing/sealer.spec.ts',
    'libs/checkpoints/src/verification/trail.spec.ts',
    'libs/checkpoints/src/export/export-line.spec.ts',
  ],
  faults: [
    ...inFile('libs/checkpoints/src/tree/merkle-tree.ts', [
      ['hashes leaves as nodes', 'const LEAF = Uint8Array.of(0);', 'const LEAF = Uint8Array.of(1);'],
      ['hashes nodes as leaves', 'const NODE = Uint8Array.of(1);', 'const NODE = Uint8Array.of(0);'],
      ['splits at the middle', 'while (split * 2 < size) split *= 2;', 'split = Math.ceil(size / 2);'],
      ['takes a path that is too long', 'return path.length === 0 ? leaf : undefined;', 'return leaf;'],
      [
        'takes an index beyond the tree',
        'index < 0 || index >= size) return undefined;',
        'index < 0) return undefined;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/sealing/unsealed-records.ts', [
      [
        'seals before those who began earlier have ended',
        'AND logged.xact < $3::xid8',
        'AND ($3::xid8 IS NOT NULL)',
      ],
      [
        'begins no epoch in another cluster',
        "return Math.max(number === '0' ? 1 : epoch + 1, break_epoch ?? 0);",
        'return epoch;',
      ],
      [
        'does not see that the trail has moved',
        'coalesce(last.cluster <> here.cluster, false) OR coalesce(break.epoch',
        'coalesce(break.epoch',
      ],
      [
        'seals in another order than by id',
        'rows.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1))',
        'rows.toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? 1 : -1))',
      ],
    ]),
    ...inFile('libs/checkpoints/src/sealing/sealer.ts', [
      ['links to no checkpoint before', 'base.jws === null ? null : checkpointHash(base.jws)', 'null'],
      [
        'signs any root',
        "root: rootHash(leaves.map(({ hash }) => hash)).toString('base64url')",
        "root: 'A'.repeat(43)",
      ],
      ['stops after one checkpoint', 'more = checkpoint.more;', 'more = false;'],
      [
        'stops after a checkpoint that is not full',
        'more = checkpoint.more;',
        'more = checkpoint.size === 4096;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/checkpoint.ts', [
      ['takes a checkpoint without a type', 'mayLackTyp: false', 'mayLackTyp: true'],
      ['takes any algorithm for a checkpoint', '!isAcceptedAlg(parsed.header.alg)', 'false'],
      [
        'takes any signature',
        'return verifySigningInput(key, signingInput, signature);',
        'return key !== undefined && signingInput !== undefined && signature !== undefined;',
      ],
    ]),
    ...inFile('libs/license-token/src/text/base64url.ts', [
      ['takes spare bits', '(three & 0b11) !== 0 : (two & 0b1111) !== 0', 'three > 64 : two > 64'],
      ['takes any characters', 'return seen < 64;', 'return true;'],
      ['takes any last characters', 'seen |= one | two | three;', ''],
    ]),
    ...inFile('libs/license-token/src/text/base64url.ts', [
      ['takes what is not UTF-8', 'fatal: true', 'fatal: false'],
      ['takes a byte order mark', 'ignoreBOM: true', 'ignoreBOM: false'],
    ]),
    ...inFile('libs/license-token/src/text/compact-jws.ts', [
      ['takes critical extensions', "if (Object.hasOwn(members, 'crit'))", 'if (false)'],
      [
        'takes the header of another token',
        'if (encoded !== lastHeader.encoded)',
        "if (lastHeader.encoded === '')",
      ],
      ['takes four parts', 'if (parts.length !== 3)', 'if (parts.length < 3)'],
    ]),
    ...inFile('libs/license-token/src/text/strict-json.ts', [
      [
        'takes doubled names',
        'return membersRead(value) === membersWritten(json) ?',
        'return membersRead(value) !== null || membersWritten(json) < 0 ?',
      ],
      ['reads any depth', 'if (depth === 0) return NaN;', ''],
    ]),
    ...inFile('libs/checkpoints/src/export/export-line.ts', [
      [
        'believes what JSON.parse keeps of a line',
        'line !== null && areSpelledAlike(JSON.stringify(line), text.trim()) && isExportLine(line)',
        'line !== null && isExportLine(line)',
      ],
      [
        'does not hold a record against its leaf',
        'JSON.stringify(recordOfLeaf(leaf)) === JSON.stringify(record)',
        'recordOfLeaf(leaf) !== undefined',
      ],
    ]),
    ...inFile('libs/checkpoints/src/tree/leaf.ts', [
      ['leaves the actor out of the leaf', '    fields.actor,\n', ''],
      ['leaves the data out of the leaf', '    fields.event_data,\n', ''],
    ]),
    ...inFile('libs/checkpoints/src/verification/record-verification.ts', [
      [
        'sees no edit',
        "if (leaf.record === 'edited') onFinding({ kind: 'record_edited', record, checkpoint });",
        '',
      ],
      ['lists as many leaves as a forged checkpoint says', 'if (size > MOST_LEAVES) {', 'if (size < 0) {'],
      [
        'sees no record as of the past',
        "if (early) onFinding({ kind: 'record_backdated', record, checkpoint });",
        '',
      ],
      [
        'sees no missing record',
        'const rest = gone.filter((leaf) => !mayBeDropped(leaf));',
        'const rest = gone.filter(() => false);',
      ],
      ['sees no changed seal', 'if (leaves.length === size && isRoot(leaves)) return;', 'return;'],
    ]),
    ...inFile('libs/checkpoints/src/verification/trail-verification.ts', [
      ['looks for no added record', 'await findAdded(tx, sealing, onFinding);', ''],
      ['names no stray seal', 'await findStraySeals(tx, since, chain.last ?? since - 1, onFinding);', ''],
      [
        'sees no replaced checkpoint',
        "else if (here.jws !== jws) onFinding({ kind: 'checkpoint_replaced', checkpoint });",
        '',
      ],
      [
        'sees no cut tail',
        "if (here?.number !== String(checkpoint)) onFinding({ kind: 'checkpoint_missing', checkpoint });\n    else if (here.jws",
        'if (here && here.jws',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/chain-verification.ts', [
      [
        'follows no link',
        "if (!linked) this.onFinding({ kind: 'checkpoint_forged', checkpoint: number });",
        "if (!isOurs) this.onFinding({ kind: 'checkpoint_forged', checkpoint: number });",
      ],
      [
        'sees no checkpoint missing in between',
        'if (expected < number) this.onFinding(missingCheckpoints(expected, number - 1));',
        '',
      ],
      [
        'names but the first of several that are missing',
        'missingCheckpoints(expected, number - 1)',
        'missingCheckpoints(expected, expected)',
      ],
    ]),
  ],
};
