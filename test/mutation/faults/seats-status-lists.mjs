import { inFile } from './fault.mjs';

export default {
  area: 'seats: status lists',
  suites: ['libs/status-lists/src/activation-lists.spec.ts'],
  faults: [
    ...inFile('libs/status-lists/src/status-list-queries.ts', [
      ['says of no activation that it has ended', "WHERE listed_until < 'infinity' AND", 'WHERE false AND'],
      [
        'says of every activation that it has ended',
        "WHERE listed_until < 'infinity' AND",
        'WHERE listed_until IS NOT NULL AND',
      ],
      ['signs a list of which no token counts', 'listed_until > statement_timestamp() FROM', 'true FROM'],
      [
        'asks any activation of a list',
        'ORDER BY listed_until DESC LIMIT 1',
        'ORDER BY listed_until LIMIT 1',
      ],
      ['reads all activations', 'ORDER BY listed_until DESC LIMIT 1', 'ORDER BY ended_at DESC LIMIT 1'],
      ['knows no list of activations', '(SELECT list FROM of_activations', '(SELECT list FROM of_tokens'],
      ['finds no list of activations on request', 'LIMIT 1), ${countsSql(list)})`', 'LIMIT 1), false)`'],
      ['keeps every list of activations signed', 'ORDER BY list LIMIT ${MOST_LISTS}`', 'ORDER BY list`'],
    ]),
    ...inFile('libs/status-lists/src/activation-places.ts', [
      ['takes places where nobody is admitted', 'if (count === 0) return [];', 'count = Math.max(count, 1);'],
      ['gives places of licenses', "'activations_status_number_seq'", "'license_tokens_status_number_seq'"],
      ['gives one place to all', 'places.at(Number(number))', 'places.at(Number(rows[0]?.number))'],
    ]),
    ...inFile('migrations/1764270300000-list-activations.ts', [
      ['notes no end', '(OLD.ended_at IS NULL) <> (NEW.ended_at IS NULL)', 'false'],
      ['notes each heartbeat', '(OLD.ended_at IS NULL) <> (NEW.ended_at IS NULL)', 'true'],
      ['forgets what had ended before', "'NEW.ended_at IS NOT NULL'", "'false'"],
      ['lets an index follow heartbeats', "WHEN ended_at IS NULL THEN 'infinity'", 'WHEN false THEN NULL'],
      [
        'forgets files for machines without a network',
        'token_expires_at, offline_until, ended_at',
        'token_expires_at, ended_at',
      ],
      ['begins among the lists of licenses', '500_000_000 * 131_072', '0'],
    ]),
  ],
};
