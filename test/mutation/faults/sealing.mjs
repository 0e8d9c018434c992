import { inFile } from './fault.mjs';

/** Who may seal, what counts as sealed, and what the server says when it can't seal. */
export default {
  area: 'sealing',
  suites: [
    'libs/checkpoints/src/verification/decoy-seals.spec.ts',
    'libs/checkpoints/src/sealing/time-of-reading.spec.ts',
    'libs/checkpoints/src/sealing/chain-end.spec.ts',
    'libs/checkpoints/src/sealing/sealer.spec.ts',
    'test/attacks/superuser.spec.ts',
    'test/attacks/superuser-seals.spec.ts',
    'test/attacks/database-role.spec.ts',
  ],
  faults: [
    ...inFile('libs/checkpoints/src/sealing/sealer.ts', [
      ['builds on any checkpoint', 'await this.chainEnd.assertTrusted(unsealed.base);', ''],
    ]),
    ...inFile('libs/signing/src/ring/key-ring.service.ts', [
      [
        'trusts a public key because it is in KEYS_DIR',
        'return (await this.publicKey(kid))?.equals(file) === true ? file : undefined;',
        'return file;',
      ],
    ]),
    ...inFile('libs/signing/src/ring/signing-replicas.ts', [
      [
        'reads any number of server processes',
        'ORDER BY name, id LIMIT ${MOST_REPLICAS}`',
        'ORDER BY name, id`',
      ],
      [
        'keeps server processes with a time in the future',
        "OR seen_at > clock_timestamp() + interval '1 minute')",
        ')',
      ],
    ]),
    ...inFile('libs/database/src/connections/connection-options.ts', [
      ['leaves the settings of its sessions to its role', '    options: SESSION_OPTIONS,\n', ''],
    ]),
    ...inFile('migrations/1764230300000-compare-checkpoints-with-their-reading.ts', [
      [
        'takes a checkpoint of any length',
        'IF octet_length(NEW.jws) > ${MOST_JWS_BYTES} THEN',
        'IF false THEN',
        'It is refused for another reason: audit_checkpoint_claims gives nothing of a longer text, and a checkpoint without claims is not of now.',
      ],
      [
        'takes a checkpoint of any time',
        "(abs((claims->>'iat')::numeric - extract(epoch FROM NEW.read_at)) <= ${TOLERANCE_SECONDS}",
        '(true',
      ],
      [
        'takes a checkpoint whose records were read long ago',
        "NEW.read_at >= clock_timestamp() - interval '${LONGEST_WRITING}'",
        'true',
      ],
      [
        'takes a checkpoint whose records are read in the future',
        "NEW.read_at <= clock_timestamp() + interval '${TOLERANCE_SECONDS} seconds'",
        'true',
      ],
      ['takes a checkpoint of no time', 'IS NOT TRUE`', 'IS FALSE`'],
      [
        'refuses a checkpoint that took minutes to write',
        'extract(epoch FROM NEW.read_at)) <=',
        'extract(epoch FROM clock_timestamp())) <=',
      ],
      [
        'takes a checkpoint that is complete up to a time in the future',
        "(claims->>'complete_to')::numeric > extract(epoch FROM NEW.read_at)",
        'false',
      ],
      ['takes a checkpoint that a break set aside', 'aside.jws = NEW.jws', 'false'],
    ]),
    ...inFile('migrations/1764230600000-keep-what-is-complete.ts', [
      ['takes a checkpoint that says less is complete', ' OR said::numeric < before::numeric', ''],
      [
        'takes a checkpoint that no longer says what is complete',
        "jsonb_typeof(said) IS DISTINCT FROM 'number' OR ",
        '',
      ],
    ]),
    ...inFile('migrations/1764180060000-bound-what-is-written.ts', [
      ['takes a record of any length', 'octet_length(user_agent) <= 2000', 'true'],
      ['takes a record of no time', "occurred_at >= '0001-01-01T00:00:00Z' AND ", ''],
      ['takes data of any length', 'octet_length(event_data::text) <= 65536', 'true'],
    ]),
    ...inFile('migrations/1764200000000-bound-what-is-read.ts', [
      [
        'forgets addresses for NULL days',
        'SECURITY DEFINER STRICT SET search_path = pg_catalog, pg_temp ${settings}',
        'SECURITY DEFINER SET search_path = pg_catalog, pg_temp ${settings}',
      ],
    ]),
    ...inFile('migrations/1764180180000-fix-keys-on-record.ts', [
      [
        'gives an id to another key',
        '(NEW.kid, NEW.alg, NEW.public_key) IS DISTINCT FROM (OLD.kid, OLD.alg, OLD.public_key)',
        'false',
      ],
      ['lets the role say when a key was withdrawn', 'NEW.compromised_at := clock_timestamp();', 'NULL;'],
    ]),
    ...inFile('libs/checkpoints/src/sealing/unsealed-records.ts', [
      ['seals nothing after one page', 'rows.length < first.found)', 'rows.length > first.found)'],
      ['waits after a full checkpoint', 'first.found === most || ', ''],
      [
        'seals nothing while its records take long to read',
        'return readSome(dataSource, FEW_LEAVES);',
        'return readSome(dataSource, FEW_LEAVES * 64);',
      ],
      ['passes over a record that is too large', ' OR bytes_so_far = bytes', ''],
      [
        'seals records of any size together',
        'WHERE bytes_so_far <= ${MOST_SEALED_BYTES} OR',
        'WHERE true OR',
      ],
      [
        'takes the time at which a transaction began for that of its end',
        'SELECT extract(epoch FROM clock_timestamp())::float8 AS now',
        'SELECT extract(epoch FROM transaction_timestamp())::float8 AS now',
      ],
      [
        'says that the trail is complete though records are left out',
        'if (base.moved || (await isAnyLeftOut(tx, base, count, last))) return before;',
        'if (base.moved) return before;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/chain-verification.ts', [
      ['forgets which seals are not leaves', 'for (const id of verified.strays) chain.strays.push(id);', ''],
    ]),
    ...inFile('libs/checkpoints/src/sealing/chain-end.ts', [
      [
        'asks the database for the key of the last checkpoint',
        '(kid) => this.keyRing.heldPublicKey(kid)',
        '(kid) => this.keyRing.publicKey(kid)',
      ],
      [
        'sorts the numbers of checkpoints as text',
        'ORDER BY audit_checkpoints.number DESC',
        'ORDER BY number DESC',
      ],
      ['goes back over one page of checkpoints alone', 'below = next.number;', 'return 0;'],
    ]),
    ...inFile('libs/checkpoints/src/verification/added-records.ts', [
      [
        'believes a seal of a checkpoint that is not there',
        ' JOIN sealing ON sealing.number = seal.checkpoint',
        ' LEFT JOIN sealing ON sealing.number = seal.checkpoint',
      ],
      [
        'believes a seal beyond the tree of a checkpoint that is not verified',
        ' OR seal.leaf_index < sealing.size',
        ' OR true',
      ],
      [
        'believes a seal of a checkpoint below the first',
        'FROM audit_checkpoints WHERE number >= 1)',
        'FROM audit_checkpoints)',
      ],
      [
        'looks for added records from the first id on',
        'let after: string | null = null;',
        "let after: string | null = '0';",
      ],
      [
        'goes by the columns alone that are not signed',
        '\n              OR extract(epoch FROM record.recorded_at) < $6::numeric)',
        ' AND ($6::numeric IS NULL OR true))',
      ],
      [
        'believes the seal of a record that was dropped',
        'AND ($4::timestamptz IS NULL OR seal.recorded_at >= $4::timestamptz)',
        'AND ($4::timestamptz IS NULL OR true)',
      ],
      [
        'believes the seal of a record that is gone, of a checkpoint that is not verified',
        'seal.checkpoint >= $3::bigint AND ($4',
        '$3::bigint IS NOT NULL AND ($4',
      ],
      [
        'believes a seal that is not a leaf',
        'AND seal.audit_id <> ALL ($2::bigint[])',
        'AND $2::bigint[] IS NOT NULL',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/trusted-trees.ts', [
      [
        'does not see that a leaf has two seals',
        'HAVING count(seal.audit_id) <> tree.size OR count',
        'HAVING count',
      ],
      [
        'does not see that a leaf has the seal of another',
        ' OR count(DISTINCT seal.leaf_index) <> tree.size',
        '',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/stray-seals.ts', [
      [
        'does not look for seals at places that no tree has',
        "${isLeafOfSomeTree('seal')} IS NOT TRUE",
        'false',
      ],
      [
        'looks for seals from the first id on',
        'let after: string | null = null;',
        "let after: string | null = '0';",
      ],
      [
        'takes what is below the first checkpoint for one',
        "onFinding({ kind: 'checkpoint_forged', checkpoint: Number(number) });",
        'void number;',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/pages.ts', [
      ['reads all pages at once', 'FETCH ${AT_ONCE} FROM paged', 'FETCH ALL FROM paged'],
      ['reads the first page alone', 'if (rows.length < AT_ONCE) break;', 'break;'],
    ]),
    ...inFile('libs/checkpoints/src/tree/leaf.ts', [
      ['does not see a time of another era', "record.${column} >= '0001-01-01T00:00:00Z' AND", ''],
      ['does not see an endless time', " AND record.${column} < '10000-01-01T00:00:00Z'", ''],
    ]),
    ...inFile('libs/checkpoints/src/verification/record-verification.ts', [
      [
        'takes a record that was written later for one that was dropped',
        'dropped.firstKept === null ||',
        'true ||',
      ],
    ]),
    ...inFile('libs/checkpoints/src/verification/record-verification.ts', [
      ['takes a record that is too early for one that was dropped', '    !early &&\n', ''],
    ]),
    ...inFile('libs/checkpoints/src/verification/dropped-records.ts', [
      ['takes a drop that is older than what it dropped', 'WHERE recorded_at < dropped_until', 'WHERE false'],
      [
        'takes a drop of an impossible time',
        "OR dropped_until < '0001-01-01Z' OR dropped_until > '9999-12-31Z')",
        ')',
      ],
    ]),
    ...inFile('libs/checkpoints/src/tree/sealed-records.ts', [
      ['does not check whether times can be distinguished', 'leaf.is_sealable === true && ', ''],
      ['takes any seal for a leaf', 'leaf_index >= 0 && leaf_index < claims.size', 'leaf_index >= 0'],
    ]),
    ...inFile('libs/checkpoints/src/sealing/sealing.ts', [
      ['counts what a false checkpoint seals', 'SELECT seal.checkpoint <= $1', 'SELECT $1 IS NOT NULL'],
      [
        'does not say that records cannot be sealed',
        "this.alarms.set('unsealable_records', row.unsealable);",
        '',
      ],
      ['does not say that it stopped', "this.alarms.set('untrusted_checkpoint', trusted < last);", ''],
    ]),
    ...inFile('libs/checkpoints/src/verification/trail-resume.ts', [
      [
        'leaves a seal before the tree of its checkpoint',
        'NOT (seal.leaf_index >= 0 AND seal.leaf_index < sealing.size)',
        'NOT (seal.leaf_index < sealing.size)',
      ],
      [
        'leaves a seal beyond the tree of its checkpoint',
        'NOT (seal.leaf_index >= 0 AND seal.leaf_index < sealing.size)',
        'NOT (seal.leaf_index >= 0)',
      ],
      [
        'sets aside a checkpoint that holds',
        'if (next?.number !== String(after + 1)) return;',
        'if (next !== null) return;',
      ],
      [
        'continues after a forged checkpoint',
        "if (judged.state === 'forged' || judged.claims.number !== number)",
        'if (number < 0)',
      ],
    ]),
    ...inFile('migrations/1764110000000-seal-through-the-owner.ts', [
      ['takes any number', "claims->'number' IS DISTINCT FROM to_jsonb(next_number)", 'next_number IS NULL'],
      [
        'takes any checkpoint for the one before',
        "claims->'previous' IS DISTINCT FROM coalesce(",
        "claims->'previous' IS NULL AND NULL IS DISTINCT FROM coalesce(",
      ],
      ['lets records be left out', 'IF left_out > 0 THEN', 'IF left_out < 0 THEN'],
      ['lets records be missing', 'IF written <> size THEN', 'IF written > size THEN'],
      [
        'seals what has not ended',
        'AND record.xact < pg_snapshot_xmin(snapshot)\n              AND NOT EXISTS',
        'AND NOT EXISTS',
      ],
      [
        'takes any epoch',
        "ELSIF claims->'epoch' IS DISTINCT FROM to_jsonb(next_epoch) THEN",
        'ELSIF next_epoch IS NULL THEN',
      ],
      ['writes by any snapshot', "current_setting('transaction_isolation') <> 'read committed'", 'false'],
      ['notes no record that it cannot seal', 'IF NOT moved AND size <> (', 'IF moved AND size <> ('],
    ]),
    ...inFile('migrations/privileges.ts', [
      ['lets the application write seals', "audit_seals: 'SELECT',", "audit_seals: 'SELECT, INSERT',"],
      [
        'lets the application choose the time',
        'request_id, event_data, occurred_at)`',
        'request_id, event_data, occurred_at, recorded_at)`',
      ],
    ]),
  ],
};
