import { inFile } from './fault.mjs';

export default {
  area: 'listed keys',
  suites: ['libs/signing/src/overview/next-steps.spec.ts', 'test/e2e/keys/signing-keys.spec.ts'],
  faults: [
    ...inFile('libs/signing/src/overview/next-steps.ts', [
      ['activates what a server lacks', 'key.servers_holding < key.servers_alive', 'key.servers_holding < 1'],
      ['activates what no client knows', 'if (!key.clients_know)', 'if (key.clients_know)'],
      ['signs nothing again', 'key.licenses === 0 ? []', 'key.licenses > 0 ? []'],
      ['signs again without a key', "has_active ? [] : ['active_key']", '[]'],
    ]),
    ...inFile('libs/signing/src/overview/listed-key.entity.ts', [
      ['counts licenses of every key', 'WHERE licenses.key_id = ${key}.kid', 'WHERE ${key}.kid IS NOT NULL'],
      ['counts one license too few', 'LIMIT ${COUNTED_LICENSES + 1}', 'LIMIT ${COUNTED_LICENSES}'],
      ['estimates by another key', 'AND common.value = ${key}.kid', "AND common.value <> ''"],
      ['counts servers that ended', 'WHERE ${LIVES_SQL} LIMIT', 'LIMIT'],
      ['counts servers without the key', '${key}.kid = ANY (kids)', '${key}.kid IS NOT NULL'],
      ['says the latest report of all', "'min(seen_at)'", "'max(seen_at)'"],
      [
        'has a signer for every key',
        'CASE WHEN ${key}.kid = ANY (CAST(:heldKids AS text[]))',
        'CASE WHEN cardinality(CAST(:heldKids AS text[])) > 0',
      ],
    ]),
    ...inFile('libs/signing/src/overview/signing-key-list.ts', [
      ['lists the oldest first', "direction: 'DESC'", "direction: 'ASC'"],
    ]),
  ],
};
