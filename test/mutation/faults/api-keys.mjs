import { inFile } from './fault.mjs';

export default {
  area: 'API keys',
  suites: [
    'libs/api-keys/src/api-key-format.spec.ts',
    'libs/api-keys/src/peppers/peppers.spec.ts',
    'libs/api-keys/src/api-key-authentication.spec.ts',
    'libs/api-keys/src/api-keys.service.spec.ts',
    'libs/api-keys/src/api-key-rotation.spec.ts',
    'libs/api-keys/src/peppers/pepper-renewal.spec.ts',
    'libs/api-keys/src/peppers/pepper-use.spec.ts',
    'libs/api-keys/src/peppers/pepper-checks.spec.ts',
    'libs/api-keys/src/http/api-keys.controller.spec.ts',
  ],
  faults: [
    ...inFile('libs/api-keys/src/api-key-format.ts', [
      ['ignores the checksum', '|| checksum(body) !== crc', ''],
      ['makes short secrets', 'const SECRET_BYTES = 32;', 'const SECRET_BYTES = 16;'],
      ['makes the same key always', 'randomBytes(SECRET_BYTES)', 'Buffer.alloc(SECRET_BYTES, 7)'],
    ]),
    ...inFile('libs/api-keys/src/api-keys.service.ts', [
      [
        'lets a caller wait for a key that it may not change',
        'if (apiKey) assertHolds(holder, apiKey.scopes);',
        'return;',
      ],
    ]),
    ...inFile('libs/api-keys/src/peppers/peppers.ts', [
      ['takes any secret', 'return equal && pepper !== undefined;', 'return pepper !== undefined;'],
      ['takes hashes of unknown peppers', 'return equal && pepper !== undefined;', 'return equal;'],
      ['hashes without a pepper', "createHmac('sha256', pepper)", "createHmac('sha256', '')"],
    ]),
    ...inFile('libs/api-keys/src/peppers/pepper-checks.ts', [
      ['starts with any secret', 'if (wrong.length === 0) return;', 'return;'],
    ]),
    ...inFile('libs/database/src/secret-checks.ts', [
      [
        'compares no secret',
        'return known?.length !== value.length || !timingSafeEqual(known, value);',
        'return known?.length !== value.length;',
      ],
      [
        'looks at no older pepper',
        'return given\n    .filter(',
        'return given\n    .slice(0, 1)\n    .filter(',
      ],
    ]),
    ...inFile('libs/api-keys/src/api-key-authentication.ts', [
      [
        'takes keys of other environments',
        'if (presented.environment !== this.environment.ENVIRONMENT)',
        'if (presented.environment === undefined)',
      ],
      [
        'takes anyone who knows an id',
        'if (!isCurrent && !(isPrevious && found.isInGrace))',
        'if (found.key.id === undefined)',
      ],
      ['takes inactive keys', "WHEN NOT is_active THEN 'inactive'", "WHEN false THEN 'inactive'"],
      [
        'takes expired keys',
        "WHEN expires_at <= clock_timestamp() THEN 'expired'",
        "WHEN false THEN 'expired'",
      ],
      [
        'ends no grace',
        'if (!isCurrent && !(isPrevious && found.isInGrace))',
        'if (!isCurrent && !isPrevious)',
      ],
      [
        'notes of every refused key that it is unknown',
        'return refused(presented.id, found);',
        "return refused(presented.id, 'unknown');",
      ],
      ['counts no use', 'this.usage.count(key.id, checkedAt);', ''],
      [
        'renews no pepper',
        'if (isCurrent && current.pepperVersion !==',
        'if (!isCurrent && current.pepperVersion !==',
      ],
    ]),
    ...inFile('libs/api-keys/src/api-keys.service.ts', [
      [
        'lets anybody grant by a change',
        'assertHolds(holder, [...new Set([...apiKey.scopes, ...(input.scopes ?? [])])]);',
        'assertHolds(holder, apiKey.scopes);',
      ],
      [
        'lets anybody weaken a stronger key',
        'assertHolds(holder, [...new Set([...apiKey.scopes, ...(input.scopes ?? [])])]);',
        'assertHolds(holder, input.scopes ?? []);',
      ],
      [
        'lets anybody delete a key that became stronger',
        'assertHolds(holderNow(holder, caller), apiKey.scopes);',
        '',
      ],
      [
        'lets the last admin key be weakened',
        'if (weakens && !evenLastAdmin &&',
        'if (weakens && evenLastAdmin &&',
      ],
      [
        'lets the last admin key be deleted',
        `if (!evenLastAdmin && (await isLastAdminKey(tx, apiKey))) throw new LastAdminKey();
      await tx.update(ApiKey, id, { is_active: false`,
        'await tx.update(ApiKey, id, { is_active: false',
      ],
      [
        'takes an end in the past by a change',
        'if (changes.expires_at && changes.expires_at <= changed.updated_at) throw new ExpiryInThePast();',
        '',
      ],
      [
        'makes a key that has ended',
        'if (apiKey.expires_at && apiKey.expires_at <= apiKey.created_at) throw new ExpiryInThePast();',
        '',
      ],
      [
        'makes a child that ends later',
        'assertWithin(now, { scopes, expires_at, rate_limit_per_minute }, this.environment.RATE_LIMIT_DEFAULT);',
        '',
      ],
      [
        'lets a key make itself stronger',
        'if (isStronger(after, apiKey, RATE_LIMIT_DEFAULT)) assertWithin(holder, after, RATE_LIMIT_DEFAULT);',
        '',
      ],
      ['ends no grace early', '...(endOfGrace === null && NO_PREVIOUS), ', ''],
      ['makes a second first admin key', 'if (await isAnyAdminKey(tx)) return null;', ''],
      ['records no deletion', "type: 'api_key.deleted'", "type: 'api_key.updated'"],
    ]),
    ...inFile('libs/api-keys/src/key-holder.ts', [
      ['lets an old secret manage keys', 'if (!hasCurrentSecret) throw new SecretReplaced();', ''],
      ['bounds no end', "...(endOf(after) > endOf(holder) ? ['a later end'] : []),", ''],
      ['bounds no limit', "...(isLimitedLess(after, holder, defaultLimit) ? ['a higher limit'] : []),", ''],
      [
        'lets a limit be taken away',
        'if (limit === null) return limitBefore !== null;',
        'if (limit === null) return false;',
      ],
      ['lets a stronger key be activated', '(after.is_active && !before.is_active) ||', ''],
      [
        'lets a scope be given to a stronger key',
        'after.scopes.some((scope) => !grants(before.scopes, scope)) ||',
        '',
      ],
    ]),
    ...inFile('libs/api-keys/src/api-key.entity.ts', [
      [
        'shows a grace that is over',
        'previous_expires_at > clock_timestamp() THEN',
        'previous_expires_at IS NOT NULL THEN',
      ],
    ]),
    ...inFile('libs/api-keys/src/api-key-list.ts', [
      [
        'lists every key as made by any',
        'if (made_by !== undefined) rows.andWhere(MADE_BY, { made_by });',
        '',
      ],
      ['finds only what a key made itself', "ON api_keys.created_by = 'api_key:' || made.id", 'ON false'],
      [
        "takes a cursor of another maker's list",
        "list: { list: 'api_keys', made_by }",
        "list: { list: 'api_keys' }",
      ],
    ]),
    ...inFile('libs/api-keys/src/admin-keys.ts', [
      [
        'takes no lock on the admin keys',
        "await tx.query('SELECT pg_advisory_xact_lock($1)', [ADMIN_KEYS_LOCK]);",
        '',
      ],
      ['counts an admin key that ends as lasting', '&& expires_at === null', ''],
    ]),
    ...inFile('libs/api-keys/src/api-key-rotation.ts', [
      ['lets anybody rotate a stronger key', 'assertHolds(now, apiKey.scopes);', ''],
      [
        'lets a key learn the secret of one that ends later',
        'assertWithin(now, apiKey, this.environment.RATE_LIMIT_DEFAULT);',
        '',
      ],
      [
        'keeps the old secret without being asked',
        'previous_expires_at = CASE WHEN $5 > 0',
        'previous_expires_at = CASE WHEN $5 >= 0',
      ],
    ]),
  ],
};
