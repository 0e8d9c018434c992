import { inFile } from './fault.mjs';

export default {
  area: 'deliveries',
  suites: [
    'libs/restore/src/deliveries-before-restore.spec.ts',
    'libs/webhooks/src/deliveries/claims.spec.ts',
    'libs/webhooks/src/deliveries/deliverer.spec.ts',
    'libs/webhooks/src/deliveries/disabling.spec.ts',
    'libs/webhooks/src/deliveries/outcomes.spec.ts',
    'libs/webhooks/src/deliveries/retry-schedule.spec.ts',
    'libs/webhooks/src/deliveries/unknown-sizes.spec.ts',
    'libs/webhooks/src/upkeep/upkeep.spec.ts',
    'test/e2e/webhooks/deliveries.spec.ts',
  ],
  faults: [
    ...inFile('libs/webhooks/src/deliveries/claims.ts', [
      ['sends while a restored database is not reconciled', ' AND NOT ${NOT_RECONCILED}', ''],
      [
        'sends to endpoints that are disabled',
        'endpoint.is_active AND endpoint.deleted_at',
        'endpoint.deleted_at',
      ],
      ['sends to endpoints that were deleted', ' AND endpoint.deleted_at IS NULL', ''],
      [
        'sends the later ones of a license at once',
        'ORDER BY earlier.sequence LIMIT 1) IS NULL',
        'LIMIT 0) IS NULL',
      ],
      ['sends a later one before the first attempt of an earlier one', 'earlier.attempts = 0 OR ', ''],
      ['sends a later one during the first attempt of an earlier one', 'earlier.error IS NULL OR ', ''],
      [
        'does not hold back the later ones after a failed attempt',
        ' OR earlier.holds_until > (SELECT now FROM moment)',
        '',
      ],
      [
        'holds back the later ones for as long as retries take',
        'CASE WHEN delivery.attempts = 0 THEN moment.now + ${HOLD} ELSE delivery.holds_until END',
        'moment.now + ${HOLD}',
      ],
      [
        'looks through all that waits for each delivery',
        'WHERE earlier.stream = candidate.stream',
        "WHERE earlier.stream || '' = candidate.stream || ''",
      ],
      [
        'looks at all that is due',
        'OFFSET ${LOOKED_AT - 1} LIMIT 1) AS last ON true',
        'LIMIT 0) AS last ON true',
      ],
      ['looks at the same ones forever', 'await this.putBack();', ''],
      [
        'puts the next one back for longer than those before it hold it',
        'ELSE greatest(holding.holds_until, moment.now + ${LEASE}) END',
        "ELSE moment.now + interval '1 day' END",
      ],
      ['waits for claims of others', 'OF candidate SKIP LOCKED', 'OF candidate'],
      ['takes from one endpoint as many as it likes', 'LIMIT asked.places', 'LIMIT 100'],
      [
        'takes nothing of an endpoint while others have all places',
        'coalesce(named.least, 1)',
        'coalesce(named.least, 0)',
      ],
      ['does not count attempts', 'least(delivery.attempts + 1, 100)', 'greatest(delivery.attempts, 1)'],
      [
        'signs with keys whose time is over',
        'CASE WHEN endpoint.previous_valid_until > moment.now THEN endpoint.previous_keys END',
        'endpoint.previous_keys',
      ],
    ]),
    ...inFile('libs/webhooks/src/deliveries/outcomes.ts', [
      [
        'does not wait for events that get their places',
        'LOCK_PROGRESS.run(tx, [endpoints])',
        'Promise.resolve([])',
      ],
      [
        'takes the outcome of another attempt',
        'AND delivery.attempts = outcome.attempts AND delivery.attempted_at = outcome.attempted_at',
        '',
      ],
      [
        'says that a delivery was given up which was made',
        " OR delivery.failed_reason = 'endpoint_disabled' AND outcome.state = 'delivered'",
        '',
      ],
      [
        'counts attempts that were stopped',
        'pause_ms: step.pauseMs, uncounted: 1',
        'pause_ms: step.pauseMs, uncounted: 0',
      ],
      ['lets the next one wait', 'delivery.due_at > next.free_at', 'false'],
      [
        'looks through all that waits for a stream',
        'WHERE open.stream = ended.stream',
        "WHERE open.stream || '' = ended.stream || ''",
      ],
      [
        'begins the time of failing again with each failure',
        ' AND (turn.succeeded OR progress.failing_since IS NULL)',
        '',
      ],
      [
        'fails forever',
        'CASE WHEN turn.succeeded THEN NULL ELSE ${NOW} END',
        'coalesce(progress.failing_since, ${NOW})',
      ],
    ]),
    ...inFile('libs/webhooks/src/deliveries/disabling.ts', [
      ['disables twice', 'if (active.length === 0) return false;', ''],
      [
        'disables the new URL for what the former one answered',
        'AND endpoint.url = $2',
        'AND $2 <> endpoint.id::text',
      ],
      [
        'disables what is failing since yesterday',
        'AND progress.failing_since < ${NOW} - ${FAILING_FOR}',
        '',
      ],
      ['leaves the open ones', '    await endOpenDeliveries(tx, endpointId);', ''],
      ['ends all at once', 'LIMIT ${BATCH}', ''],
      ['leaves the rest of a backlog', 'this.unfinished.add(unwanted.endpointId)', 'undefined'],
      ['ends what was enabled meanwhile', "where: 'NOT is_active AND deleted_at IS NULL',", ''],
      ['leaves what another process left', 'while (goesOn() && !(await endOpenLater(dataSource, id)));', ';'],
      ['leaves no record', "type: 'webhook.disabled',", "type: 'webhook.updated',"],
    ]),
    ...inFile('libs/webhooks/src/deliveries/retry-schedule.ts', [
      [
        'comes back sooner than the receiver wants',
        'Math.max(jittered, (retryAfterSeconds ?? 0) * SECOND_MS)',
        'jittered',
      ],
      [
        'comes back as soon as the receiver wants',
        'Math.max(jittered, (retryAfterSeconds ?? 0) * SECOND_MS)',
        'retryAfterSeconds === null ? jittered : retryAfterSeconds * SECOND_MS',
      ],
      ['comes back with all others', '1 - JITTER + 2 * JITTER * random()', '1'],
    ]),
    ...inFile('libs/webhooks/src/deliveries/delivery-attempts.ts', [
      ['attempts forever what ends the process', ' || claim.attempts > MOST_ATTEMPTS', ''],
      [
        'fails a delivery that it could not sign',
        "const step: DeliveryStep = { kind: 'put_off', pauseMs: UNSIGNED_PAUSE_MS };",
        "const step: DeliveryStep = { kind: 'failed', pauseMs: UNSIGNED_PAUSE_MS };",
      ],
      [
        'fails a delivery because the server stops',
        "if (error === 'stopped') return { kind: 'put_off', pauseMs: 0 };",
        '',
      ],
      ['never disables a failing endpoint', "isFailing && isFailed ? 'failing' : undefined", 'undefined'],
      [
        'ignores Retry-After',
        'retryPauseMs(claim.attempts, retryAfterSeconds, random)',
        'retryPauseMs(claim.attempts, null, random)',
      ],
    ]),
    ...inFile('libs/webhooks/src/deliveries/deliverer.ts', [
      ['forgets what could not be written', 'this.ended.unshift(...some);', ''],
      ['begins attempts while it stops', 'if (goesOn()) for', 'for'],
      ['does not end attempts when it stops', 'this.stop.abort();', ''],
      ['is not woken', 'placedEvents.onPlaced(', 'void ('],
      ['never says that it cannot sign', 'if (problem !== undefined) throw problem;', ''],
    ]),
    ...inFile('libs/webhooks/src/deliveries/places.ts', [
      [
        'gives a silent endpoint all its places',
        'this.silent.has(endpointId) ? 1 : MOST_OF_ENDPOINT',
        'MOST_OF_ENDPOINT',
      ],
      ['never trusts an endpoint again', 'else this.silent.delete(endpointId);', ''],
    ]),
    ...inFile('libs/webhooks/src/history/redelivery.ts', [
      [
        'repeats to a webhook that is disabled',
        'if (!endpoint.is_active) throw new WebhookDisabled(id);',
        '',
      ],
      [
        'repeats all of a license at once',
        ' + (chosen.turn - 1) * ${HOLD}',
        '',
        'the claim keeps the order; this spares it looks',
      ],
      ['continues with the attempts that were used', 'attempts = 0, due_at', 'due_at'],
      ['repeats one batch', 'if (batch.length < BATCH) return', 'if (batch.length > 0) return'],
      ['repeats without end', 'while (redelivered < MOST)', 'while (redelivered < 10 * MOST)'],
      [
        'repeats what the state leaves out',
        'state === undefined ? REPEATED_STATES : [state]',
        'REPEATED_STATES',
      ],
    ]),
    ...inFile('libs/webhooks/src/history/first-sequence.ts', [
      ['repeats what is older', 'low = next.found + 1', 'low = high'],
      ['repeats everything', 'return low;', 'return 1;'],
    ]),
    ...inFile('libs/webhooks/src/history/delivery-list.ts', [
      [
        'lists those of events that were removed',
        "'delivery.position > (SELECT forgotten FROM event_positions)'",
        "'delivery.position > 0'",
      ],
      [
        'shows the delivery of another webhook',
        'andWhere({ endpoint_id: endpointId, id })',
        'andWhere({ id })',
      ],
    ]),
    ...inFile('libs/webhooks/src/upkeep/old-answers.ts', [
      ['keeps what was answered about a removed customer', 'customer.deleted_at IS NOT NULL', 'false'],
      ['keeps answers', "old.attempted_at < now() - interval '7 days'", 'false'],
    ]),
    ...inFile('libs/restore/src/deliveries-before-restore.ts', [
      ['sends again what was sent before the restore', "WHERE state = 'pending'`", "WHERE state = 'none'`"],
      ['gives sequences again', 'sequence = sequence + $1', 'sequence = sequence + $1 - $1'],
    ]),
  ],
};
