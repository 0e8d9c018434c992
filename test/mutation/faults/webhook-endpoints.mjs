import { inFile } from './fault.mjs';

export default {
  area: 'webhook endpoints',
  suites: [
    'test/e2e/webhooks/webhooks.spec.ts',
    'test/e2e/webhooks/webhook-tests.spec.ts',
    'test/e2e/events/pull-of-webhook.spec.ts',
  ],
  faults: [
    ...inFile('libs/webhooks/src/endpoints/webhook-endpoints.ts', [
      ['takes any address', 'assertUrl(input.url, this.environment.isProduction);', ''],
      [
        'takes any address later',
        'if (changes.url !== undefined) assertUrl(changes.url, this.environment.isProduction);',
        '',
      ],
      ['takes any text later', 'if (broken.length > 0) throw new InvalidInput(broken);', ''],
      ['counts without a lock', "await tx.query('SELECT pg_advisory_xact_lock($1)', [ENDPOINTS_LOCK]);", ''],
      ['counts those that were deleted', '{ deleted_at: IsNull() }', '{}'],
      ['makes a hundred and one', 'count >= MOST_ENDPOINTS', 'count > MOST_ENDPOINTS'],
      ['writes though nothing changes', 'if (fields.length === 0) return endpoint;', ''],
      [
        'leaves open what waits for a disabled one',
        'if (input.is_active === false) await this.endBacklog(id);',
        '',
      ],
      ['remembers failures of before', 'SET failing_since = NULL', 'SET failing_since = failing_since'],
      [
        'remembers failures at another address',
        'changes.is_active !== true && changes.url === undefined',
        'changes.is_active !== true',
      ],
      ['keeps the keys of a deleted one', "keys: '',", ''],
      [
        'keeps the previous keys of a deleted one',
        'previous_keys: null,',
        'previous_keys: () => "previous_keys",',
      ],
      ['records the whole address', 'origin: originOf(changed)', 'origin: changed.url'],
    ]),
    ...inFile('libs/webhooks/src/endpoints/endpoint-lock.ts', [
      ['records the path of an address', 'new URL(url).origin', 'url'],
      [
        'finds what was deleted',
        'tx.findOneBy(WebhookEndpoint, { id, deleted_at: IsNull() })',
        'tx.findOneBy(WebhookEndpoint, { id })',
      ],
      [
        'changes what was deleted',
        'lockRow(tx, WebhookEndpoint, { id, deleted_at: IsNull() })',
        'lockRow(tx, WebhookEndpoint, { id })',
      ],
    ]),
    ...inFile('libs/webhooks/src/endpoints/endpoint-settings.ts', [
      ['takes a part of a filter for the whole', 'some.length === others.length && some.every', 'some.every'],
    ]),
    ...inFile('libs/webhooks/src/endpoints/endpoint-rotation.ts', [
      [
        'keeps previous keys without an overlap',
        'previous_keys = CASE WHEN $4 > 0 THEN keys END',
        'previous_keys = keys',
      ],
      ['keeps the keys', 'keys = $2,', 'keys = CASE WHEN $2 IS NULL THEN $2 ELSE keys END,'],
    ]),
    ...inFile('libs/webhooks/src/endpoints/endpoint-test.ts', [
      ['tests what was deleted', 'AND deleted_at IS NULL', ''],
      [
        'signs with previous keys forever',
        'CASE WHEN previous_valid_until > clock_timestamp() THEN previous_keys END',
        'previous_keys',
      ],
      [
        'signs with the new keys alone',
        '[keys, ...(previous_keys === null ? [] : [previous_keys])]',
        '[keys]',
      ],
    ]),
    ...inFile('libs/webhooks/src/http/webhook-test.controller.ts', [
      ['tests without a limit', 'await this.limiter.chargeWebhookTest(response, id);', ''],
    ]),
    ...inFile('libs/events/src/reading/endpoint-pages.ts', [
      [
        'answers events of other webhooks',
        'delivery.endpoint_id = $1::uuid AND delivery.sequence',
        'delivery.sequence',
      ],
      [
        'answers the event that is known already',
        'delivery.sequence > $2::bigint',
        'delivery.sequence >= $2::bigint',
      ],
      ['hides that events were removed', 'if (after < first - 1)', 'if (after < 0)'],
      ['answers events of a deleted one', ' AND endpoint.deleted_at IS NULL', ''],
      ['takes removed events for kept', 'AND kept.position > place.forgotten', ''],
      ['begins after the last where none is kept', 'row.first ?? last + 1', 'row.first ?? 1'],
      ['waits for what was never given', 'if (after > last)', 'if (after < 0)'],
      ['skips events for which a page has no room', 'events.length < row.found', 'false'],
      ['skips events beyond the limit', 'events.length === limit ||', ''],
    ]),
    ...inFile('libs/events/src/reading/event-pull.ts', [
      [
        'waits for events of the webhook by the position of others',
        'this.watch.beyond(seen.position, over)',
        'this.watch.beyond(Number.MAX_SAFE_INTEGER, over)',
      ],
      [
        'answers who waits for a webhook with the first event of others',
        'while (isAtTheEnd(seen.page) &&',
        'if (isAtTheEnd(seen.page) &&',
      ],
    ]),
    ...inFile('libs/events/src/http/events.controller.ts', [
      ['ignores types with a webhook', 'if (type !== undefined) throw', 'if (type === "") throw'],
    ]),
  ],
};
