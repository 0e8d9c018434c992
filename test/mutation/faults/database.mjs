import { inFile } from './fault.mjs';

export default {
  area: 'database',
  suites: [
    'libs/database/src/outcome-unknown.spec.ts',
    'migrations/functions.spec.ts',
    'migrations/public-schema.spec.ts',
    'migrations/bounded-moments.spec.ts',
    'libs/database/src/connections/lost-connection.spec.ts',
    'libs/database/src/connections/disk-fullness.spec.ts',
    'libs/database/src/postgres-errors.spec.ts',
    'libs/database/src/connections/moments.spec.ts',
    'libs/database/src/connections/pool-renewal.spec.ts',
    'libs/database/src/connections/statement-limits.spec.ts',
    'migrations/planted-rows.spec.ts',
    'libs/database/src/role-and-database.spec.ts',
    'apps/cli/src/database/patience.spec.ts',
    'test/e2e/operation/readiness.spec.ts',
  ],
  faults: [
    ...inFile('migrations/1764100060000-fix-search-paths.ts', [
      [
        'leaves functions of the owner a path with public in it',
        'SET search_path = pg_catalog, pg_temp`);',
        'SET search_path = pg_catalog, public, pg_temp`);',
      ],
      [
        'judges signing keys by a temporary table',
        "'SET search_path = pg_catalog, pg_temp', 'public.signing_keys'",
        "'', 'signing_keys'",
      ],
      ['lets anybody attach trigger functions of the owner', "  'statistics_note_licenses()',\n", ''],
      [
        'leaves future functions to everybody',
        'await runner.query(`ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`);',
        '',
      ],
    ]),
    ...inFile('libs/database/src/connections/connection-options.ts', [
      [
        'ends with a connection that is lost between two statements',
        "client.on('error', () => undefined);",
        'void client;',
      ],
    ]),
    ...inFile('libs/database/src/connections/session-settings.ts', [
      ['takes sessions with any settings', 'if (others.length === 0) return;', 'return;'],
      ['warns of nothing that is kept for the role', 'if (rows.length === 0) return;', 'return;'],
    ]),
    ...inFile('migrations/1764100000000-close-the-public-schema.ts', [
      ['leaves public open to everybody', 'if (before.ownsSchema) for', 'if (!before.ownsSchema) for'],
      [
        'does not look at what the revocation did',
        'if (migrationRoleCreates && !publicCreates) return;',
        'return;',
      ],
      [
        'continues though the migration role may create nothing',
        'if (migrationRoleCreates && !publicCreates) return;',
        'if (!publicCreates) return;',
      ],
    ]),
    ...inFile('libs/database/src/transaction.ts', [
      [
        'takes an unconfirmed commit for one that was not made',
        'commit.isSent = true;',
        'commit.isSent = false;',
      ],
      [
        'calls every lost connection an unknown outcome',
        'throw commit.isSent && mayHaveCommitted',
        'throw mayHaveCommitted',
      ],
    ]),
    ...inFile('libs/database/src/postgres-errors.ts', [
      ['does not know of a refused commit that it was refused', 'OPEN_COMMIT.test(state)', 'true'],
      [
        'takes a file that PostgreSQL may not write for a fault of ours',
        '  if (isStorageError(error)) return true;\n',
        '',
      ],
      [
        'takes a commit that a full disk cut short for one that was not made',
        '/^(08|53|57P|58|XX)/',
        '/^(08|57P)/',
      ],
      ['takes an error of a file for a mistake of the statement', '/^(08|53|58)/', '/^(08|53)/'],
    ]),
    ...inFile('libs/database/src/connections/disk-fullness.ts', [
      [
        'never notices that the disk is full',
        'if (state === SqlState.diskFull) this.refusedAt',
        'if (state === undefined) this.refusedAt',
      ],
      [
        'takes the disk for free as soon as nobody was refused',
        'if (!(await this.hasRoom())) return true;',
        '',
      ],
      ['takes the disk for full forever', 'this.refusedAt = undefined;', ''],
      ['asks for what needs no file', "'64kB', true", "'64MB', true"],
    ]),
    ...inFile('libs/database/src/connections/driver-internals.ts', [
      ['keeps a connection that came too late', 'else if (client !== undefined) release();', ''],
      [
        'waits for a connection as long as it takes',
        '      isOver = true;\n      callback(',
        '      if (isOver) callback(',
      ],
    ]),
    ...inFile('libs/database/src/connections/connection-options.ts', [
      ['creates tables in a schema named after the role', "  search_path: 'public,pg_temp',\n", ''],
    ]),
    ...inFile('libs/database/src/connections/connection-options.ts', [
      [
        'waits forever for answers of a peer that vanished',
        '    query_timeout: environment.DB_DEADLINE_MS ?? environment.DB_STATEMENT_TIMEOUT_MS + DEADLINE_MARGIN_MS,\n',
        '',
      ],
      [
        'asks a silent peer after two hours only',
        'keepAlive: true, keepAliveInitialDelayMillis: 10_000',
        'keepAlive: true',
      ],
    ]),
    ...inFile('libs/database/src/connections/statement-limits.ts', [
      [
        'gives up what a transaction lets take long',
        'statementMs === 0 ? 0 : statementMs + ANSWER_MARGIN_MS',
        'ANSWER_MARGIN_MS / 50',
      ],
      [
        'ends statements without a limit',
        'statementMs === 0 ? 0 : statementMs',
        'statementMs === 0 ? 1 - ANSWER_MARGIN_MS : statementMs',
      ],
    ]),
    ...inFile('libs/database/src/connections/driver-internals.ts', [
      [
        'waits on as long as the last transaction allowed',
        'if (!usualTimeouts.has(released)) return;',
        'return;',
      ],
    ]),
    ...inFile('libs/database/src/connections/moments.ts', [
      [
        'reads times as the driver does',
        'if (oid !== types.builtins.TIMESTAMPTZ ||',
        'if (oid !== types.builtins.TIMESTAMP ||',
      ],
      [
        'reads times before Christ as the last',
        "text.endsWith(' BC') ? -Infinity",
        "text.endsWith(' BC') ? Infinity",
      ],
    ]),
    ...inFile('libs/idempotency/src/remembered-answers.ts', [
      ['repeats times that RFC 3339 has no form for', "withWritableMoments('', reply.body)", 'reply.body'],
    ]),
    ...inFile('migrations/1764220000000-bound-moments.ts', [
      [
        'leaves ends of licenses unbounded',
        "licenses: ['issued_at', 'expires_at', ",
        "licenses: ['issued_at', ",
      ],
      [
        'leaves stored times as they are',
        "else await repairRows(runner, table, nearest.join(', '), `(${rule.join(' AND ')}) IS FALSE`);",
        '',
      ],
      [
        'leaves the ETag of what it changes',
        "if (VERSIONED.has(table)) nearest.push('version = version % 2147483647 + 1');",
        '',
      ],
    ]),
    ...inFile('apps/server/src/health/database-readiness.ts', [
      ['is ready on a standby', 'if (answer === undefined || answer.read_only)', 'if (answer === undefined)'],
    ]),
    ...inFile('libs/database/src/connections/pool-renewal.ts', [
      ['keeps connections to a standby', 'if (this.isOld(client)) void client.end();', ''],
      ['keeps idle connections to a standby', 'idle = this.pool.idleCount; idle > 0', 'idle = 0; idle > 0'],
      [
        'does not see that a connection turned read-only',
        'if (sqlState === SqlState.readOnly) this.renew();',
        '',
      ],
      [
        'ends new connections as often as it is asked',
        'if (now - this.renewedAt < SHORTEST_INTERVAL_MS) return;',
        '',
      ],
    ]),
    ...inFile('libs/database/src/application-role.ts', [
      [
        'starts with a role that may create in public',
        'if (powers.createsInPublic)',
        'if (powers.createsInDatabase)',
      ],
      [
        'starts with a role that may create schemas',
        'if (powers.createsInDatabase)',
        'if (powers.createsInPublic)',
      ],
      ['starts with a role that may create roles', 'rolsuper OR rolcreaterole', 'rolsuper'],
      ['sees no privilege of a role that it may take on', "oid, 'MEMBER')", "oid, 'USAGE')"],
    ]),
    ...inFile('libs/database/src/role-and-database.ts', [
      [
        'gives roles that exist the password of the URL',
        '  if (rowCount !== 0) return false;\n  const secret',
        '  if (rowCount !== 0) await client.query(`DROP ROLE ${escapeIdentifier(role)}`);\n  const secret',
      ],
      ['sends passwords as they are', 'escapeLiteral(scramVerifier(password))', 'escapeLiteral(password)'],
      [
        'takes a membership of the administrator away',
        'if (rows[0]?.mayGive === true)',
        'if (rows.length > 1)',
      ],
      [
        'has no way in while the database does not exist',
        'cause.code !== DATABASE_MISSING',
        'cause.code === DATABASE_MISSING',
      ],
    ]),
    ...inFile('apps/cli/src/database/patience.ts', [
      ['waits for what does not pass', 'if (isOver || !mayPass(error)) throw', 'if (isOver) throw'],
      ['takes any answer', 'if (isOver || isWanted(answer)) return', 'if (isOver || answer) return'],
      ['never gives up an error', 'if (isOver || !mayPass(error))', 'if (!mayPass(error))'],
    ]),
  ],
};
