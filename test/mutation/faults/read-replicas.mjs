import { inFile } from './fault.mjs';

export default {
  area: 'read-replicas',
  suites: [
    'libs/replicas/src/replicas.spec.ts',
    'test/e2e/operation/read-replicas.spec.ts',
    'libs/config/src/production-rules.spec.ts',
    'libs/config/src/load-environment.spec.ts',
  ],
  faults: [
    ...inFile('libs/replicas/src/standing.ts', [
      [
        'reads a standby that has not replayed what was committed',
        'pg_last_wal_replay_lsn() >= $3::pg_lsn',
        '$3::pg_lsn IS NOT NULL',
      ],
      [
        'does not say that a standby was promoted',
        "WHEN NOT pg_is_in_recovery() THEN 'not_standby'",
        "WHEN false THEN 'not_standby'",
      ],
      ['reads a standby of another cluster', 'system_identifier::text <> $1', '$1::text IS NULL'],
      ['reads a standby of another timeline', 'min_recovery_end_timeline <> $2', '$2::int IS NULL'],
      ['reads a standby whose clock is ahead', 'isAhead || isBehind', 'isBehind && !isAhead'],
      ['reads a standby whose clock is behind', 'isAhead || isBehind', 'isAhead && !isBehind'],
    ]),
    ...inFile('libs/replicas/src/replica.ts', [
      [
        'fails where what is replayed conflicts with a read, or a standby is damaged',
        'sqlState(error) !== undefined',
        'sqlState(error) === undefined && false',
      ],
      [
        'fails where a standby is lost',
        'isDatabaseUnavailable(error) ||',
        '!isDatabaseUnavailable(error) &&',
      ],
      [
        'repeats on the primary what the caller is to blame for',
        'if (isOfDatabase(error))',
        'if (isOfDatabase(error) || true)',
      ],
      [
        'waits for a standby that is silent',
        'await Promise.race([arrival, late]);',
        'await Promise.race([arrival, late.then(() => arrival)]);',
      ],
      [
        'does not wait for a standby that is about to have it',
        "if (found.standing !== 'behind') return;",
        'return;',
      ],
    ]),
    ...inFile('libs/replicas/src/compare-replicas.ts', [
      [
        'reads a standby of another history',
        'bytesOf(replayed) > bytesOf(later.lsn)',
        'bytesOf(replayed) > bytesOf(later.lsn) * 2n',
      ],
    ]),
    ...inFile('libs/replicas/src/read-only-connection.ts', [
      ['lets a read change what its address leads to', ' READ ONLY', ''],
      ['reads with the snapshot of the comparison', 'READ COMMITTED', 'REPEATABLE READ'],
      [
        'keeps the transaction of a connection that is given back',
        'if (this.hasBegun) await',
        'if (!this.hasBegun) await',
      ],
    ]),
    ...inFile('libs/replicas/src/replicas.ts', [
      [
        'leaves a standby in use, whatever is found',
        'replica.standing = comparison.standing;',
        "replica.standing = 'up_to_date';",
      ],
      [
        'reads a standby after the primary could not be asked',
        'for (const replica of this.replicas) replica.standing = undefined;',
        '',
      ],
      [
        'asks a standby that was left out',
        "this.replicas.filter(({ standing }) => standing === 'up_to_date')",
        'this.replicas.filter(() => true)',
      ],
      ['never reads from a standby', 'useReaders(primary, this);', 'void useReaders;'],
      [
        'logs each comparison',
        'if (comparison.standing !== before)',
        'if (comparison.standing !== before || before !== undefined)',
      ],
      ['counts every read for the primary', "read === undefined ? 'primary' : 'replica'", "'primary'"],
    ]),
    ...inFile('libs/lists/src/list-page.ts', [
      [
        'reads the rows of a page from another database than its total',
        'queryRunner === undefined ? query : query.clone().setQueryRunner(queryRunner)',
        'queryRunner === undefined ? query : query.clone()',
      ],
    ]),
    ...inFile('libs/config/src/production-rules.ts', [
      ['lets replicas be reached without TLS', "...databaseProblems('DATABASE_REPLICA_URLS', url),", ''],
      [
        'lets replicas be read by the owner of the schema',
        'roleOf(url) === owner',
        'roleOf(url) === undefined',
      ],
    ]),
    ...inFile('libs/config/src/certificate-files.ts', [
      ['does not look at the files of replicas', " || kind === 'postgres-urls'", ''],
    ]),
  ],
};
