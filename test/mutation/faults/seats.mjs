import { inFile } from './fault.mjs';

const ADMISSION = 'libs/activations/src/admission';

export default {
  area: 'seats',
  suites: [
    'libs/activations/src/admission/decide-seat.spec.ts',
    'libs/activations/src/admission/admissions.spec.ts',
    'libs/activations/src/admission/seat-lines.spec.ts',
  ],
  faults: [
    ...inFile(`${ADMISSION}/seat-round.ts`, [
      ['puts all lapses on record in one transaction', 'this.moreLapses = ended.length > 0;', ''],
    ]),
    ...inFile(`${ADMISSION}/seat-lines.ts`, [
      ['takes a connection for each license', 'maxConcurrent: LINES_AT_ONCE', 'maxConcurrent: Infinity'],
    ]),
    ...inFile(`${ADMISSION}/lapse-together.ts`, [
      ['lapses what somebody has locked', 'free.has(act.subject.licenseId) ? [id] : []', '[id]'],
      [
        'tells of an activation of another license',
        'row?.license_id === subject.licenseId ? row : null',
        'row ?? null',
      ],
    ]),
    ...inFile(`${ADMISSION}/admissions.ts`, [
      [
        'takes a transaction for each lapse',
        'this.lines.has(licenseId) ? LATER : await this.lapses.add({ act, id })',
        'LATER',
      ],
    ]),
    ...inFile(`${ADMISSION}/decide-seat.ts`, [
      ['admits one too many', 'account.open >= limit', 'account.open > limit'],
      ['forgets the overage', 'const limit = account.max + account.overage;', 'const limit = account.max;'],
      ['looks for lapses though there is room', 'account.open >= account.max && isReached(', 'isReached('],
      [
        'marks somebody because of seats whose lease is over',
        'account.open >= account.max && isReached(',
        'isFull && isReached(',
      ],
      ['takes over without leave', '&& account.takeOver && takeOver !== null', '&& takeOver !== null'],
      ['keeps a license above a lowered maximum', 'account.open === limit &&', 'account.open >= limit &&'],
      [
        'lets a takeover cost no move',
        'if (movesPer30Days === null || isReturning) return null;',
        'if (movesPer30Days === null || isReturning || account.open >= max) return null;',
      ],
      ['lets one come back for a move', 'movesPer30Days === null || isReturning', 'movesPer30Days === null'],
      [
        'counts no newcomers without a limit',
        'isReturning ? account.newcomers :',
        'isReturning || account.movesPer30Days === null ? account.newcomers :',
      ],
      [
        'counts moves again each time',
        'newcomersFewerAt === null || isReached(newcomersFewerAt, now)',
        'newcomers >= limit',
      ],
      ['marks nobody as over', 'over: others >= account.max', 'over: others > account.max'],
      ['gives a fence twice', 'account.lastFence + 1', 'account.lastFence'],
      [
        'gives a fence that does not follow the clock',
        'Math.max(account.lastFence + 1, now.getTime())',
        'account.lastFence + 1',
      ],
      [
        'forgets when the first lease ends',
        'noLapseBefore: earlier(account.noLapseBefore, leaseEndsAt)',
        'noLapseBefore: leaseEndsAt',
      ],
      [
        'renews what is over',
        "hasLapsed(own, now) ? lookUp('own-lapse')",
        "hasLapsed(own, new Date(0)) ? lookUp('own-lapse')",
      ],
    ]),
    ...inFile(`${ADMISSION}/seat-accounts.ts`, [
      ['reads the clock of the transaction', 'clock_timestamp() AS now', 'now() AS now'],
      [
        'counts before it has the lock',
        'await LOCK.run(tx, [licenseIds]);',
        'await new Promise(setImmediate).then(() => LOCK.run(tx, [licenseIds]));',
      ],
      ['takes no lock', 'await LOCK.run(tx, [licenseIds]);', 'await Promise.resolve([tx, licenseIds]);'],
      ['waits for one license together with others', '{ ...SEATS, skipLocked: true }', '{ ...SEATS }'],
    ]),
    ...inFile(`${ADMISSION}/seat-look-ups.ts`, [
      [
        'ends what a heartbeat renewed meanwhile',
        '`a.ended_at IS NULL AND a.lease_ends_at <= $2`',
        '`a.ended_at IS NULL AND $2::timestamptz IS NOT NULL`',
      ],
      ['records the moment of the finding as the end', 'SET ended_at = a.lease_ends_at', 'SET ended_at = $2'],
      [
        'takes over the oldest by creation',
        'ORDER BY last_seen_at, id LIMIT 1`',
        'ORDER BY admitted_at, id LIMIT 1`',
      ],
      ['takes over what an offline file holds', 'AND (offline_until IS NULL OR offline_until <= $2)', ''],
      [
        'proposes holders by creation',
        'ORDER BY last_seen_at, id LIMIT ${MOST_HOLDERS}',
        'ORDER BY last_seen_at DESC, id LIMIT ${MOST_HOLDERS}',
      ],
      [
        'counts moves of all time',
        'AND admitted_at > $2 GROUP BY fp',
        'AND $2::timestamptz IS NOT NULL GROUP BY fp',
      ],
      ['forgets who came back', 'earlier.fp = asked.fp', 'earlier.fp <> asked.fp'],
    ]),
    ...inFile(`${ADMISSION}/seat-round.ts`, [
      [
        'records every refusal',
        'now.getTime() - before.getTime() >= HOUR_MS',
        'now.getTime() >= before.getTime()',
      ],
      ['frees no seat that is released', 'open: this.account.open - 1', 'open: this.account.open'],
      [
        'frees no seat whose lease is over',
        'open: this.account.open - ended.length',
        'open: this.account.open',
      ],
      [
        'leaves the one that is taken over',
        'await this.endVictim(applicant, victim);',
        'this.forget(victim.fp);',
      ],
      [
        'reads before it has written',
        'await this.writes.flush();\n          if (decision.what',
        'if (decision.what',
      ],
    ]),
    ...inFile(`${ADMISSION}/end-seat.ts`, [
      [
        'releases what an offline file holds',
        "AND ($3 = 'ended' OR a.offline_until IS NULL OR a.offline_until <= $5)",
        '',
      ],
      [
        'ends the activation of another license',
        'WHERE a.id = $1 AND a.license_id = $2 AND a.ended_at',
        'WHERE a.id = $1 AND $2::uuid IS NOT NULL AND a.ended_at',
      ],
    ]),
    ...inFile(`${ADMISSION}/seat-writes.ts`, [
      [
        'writes a seat row twice in a transaction',
        'const accounts = [...this.accounts];',
        'const accounts = [...this.accounts];\n    if (accounts.length > 0) await ACCOUNTS.run(this.tx, accountValues(accounts, this.refusals));',
      ],
    ]),
    ...inFile('libs/activations/src/activation-rows.ts', [
      ['shrinks a lease', 'greatest(${row}.lease_ends_at,', 'coalesce(NULL,'],
    ]),
    ...inFile('libs/activations/src/leases/heartbeats.ts', [
      ['renews a lease that is over', 'AND (a.lease_ends_at IS NULL OR a.lease_ends_at > beat.now)', ''],
      [
        'reads the clock before it waits',
        "date_trunc('milliseconds', clock_timestamp())",
        "date_trunc('milliseconds', now())",
      ],
      [
        'waits for a row together with others',
        'lockByIdSql({ ...ACTIVATIONS, skipLocked: true })',
        'lockByIdSql(ACTIVATIONS)',
      ],
      [
        'sees the row as it was before it waited',
        'LOCK.run(tx, [[beat.activationId]])',
        'Promise.resolve(LOCK)',
      ],
    ]),
  ],
};
