import { inFile } from './fault.mjs';

export default {
  area: 'notices of the end of licenses',
  suites: [
    'libs/licensing/src/notices/expiry-notices.spec.ts',
    'libs/restore/src/replay/replay-notices.spec.ts',
    'test/e2e/licenses/expiry-notices.spec.ts',
  ],
  faults: [
    ...inFile('libs/licensing/src/notices/notice.ts', [
      ['gives a notice again', 'OR known.given > excluded.given', 'OR known.given >= excluded.given'],
      [
        'gives none of a new end',
        'known.given IS NULL OR known.expires_at <> excluded.expires_at OR known.given > excluded.given',
        'known.given IS NULL OR known.given > excluded.given',
      ],
      ['records what another has given', 'licenses.filter(({ id }) => given.has(id))', 'licenses'],
      ['counts grace from nothing', '...(grace_days > 0 && {', '...(grace_days > 99 && {'],
    ]),
    ...inFile('libs/licensing/src/notices/notice-search.ts', [
      ['gives all thresholds that have passed', 'const next = list[index + 1] ?? 0;', 'const next = -9999;'],
      [
        'gives a threshold after the end',
        'const next = list[index + 1] ?? 0;',
        'const next = list[index + 1] ?? -9999;',
      ],
      ['gives notice of grace that is over', 'l.grace_days > 0 AND ${GRACE_END} > $2', 'l.grace_days > 0'],
      ['says expired when grace begins', `where: 'l.grace_days = 0'`, `where: 'true'`],
      [
        'is a moment late',
        '<= $2::timestamptz + $3::integer * ${DAY}',
        '< $2::timestamptz + $3::integer * ${DAY}',
      ],
      [
        'gives what was past at the issue',
        'coalesce(n.silent_until, l.created_at) <',
        `coalesce(n.silent_until, '-infinity') <`,
      ],
      ['gives what was past at the renewal', 'coalesce(n.silent_until, l.created_at) <', 'l.created_at <'],
      [
        'gives what was at exactly the moment of the issue',
        'l.created_at) < l.indexed',
        'l.created_at) <= l.indexed',
      ],
      [
        'gives every type the days of all',
        '($7::text[] IS NULL OR l.license_type = ANY($7::text[]))',
        '($7::text[] IS NULL OR true)',
      ],
    ]),
    ...inFile('libs/licensing/src/notices/expiry-notices.ts', [
      ['gives notice of a license that was just revoked', "  where: `status = 'active'`,\n", ''],
      [
        'gives notice of an end that was just changed',
        'before?.expires_at.getTime() === expires_at.getTime() &&',
        'before !== undefined &&',
      ],
      [
        'takes no lock of the licenses',
        "strength: 'SHARE',\n  where: `status = 'active'`",
        "strength: 'SHARE',\n  skipLocked: true,\n  where: `status = 'active'`",
      ],
      ['gives one batch', 'after = next;', 'after = undefined;'],
      ['does not stop', 'if (!goesOn()) return given;', ''],
      ['loses licenses whose transaction was open', "done_until - interval '10 minutes'", 'done_until'],
      [
        'gives what was past when it was installed',
        'ELSE greatest(begun_at, done_until',
        'ELSE least(done_until, done_until',
      ],
      ['forgets how far it came', 'ELSE greatest(done_until, $1) END', 'ELSE done_until END'],
      [
        'finds nothing after the clock was ahead',
        'CASE WHEN greatest(begun_at, done_until) > until',
        'CASE WHEN false',
      ],
      ['believes a clock that was ahead', 'CASE WHEN done_until > clock_timestamp()', 'CASE WHEN false'],
    ]),
    ...inFile('libs/licensing/src/renew/license-renewal.service.ts', [
      [
        'gives no notice when grace is taken away',
        "before.status !== 'active' ||",
        "before.status === 'active' ||",
      ],
      ['gives notice at each reissue', "|| after.status !== 'expired' ||", '||'],
    ]),
    ...inFile('libs/restore/src/replay/replay-notices.ts', [
      [
        'forgets the last notice',
        'expires_at = excluded.expires_at, given = excluded.given',
        'expires_at = excluded.expires_at',
      ],
      ['takes all for the first', 'NUMBERS.get(type) ?? data', 'data'],
    ]),
    ...inFile('migrations/1764290000000-give-expiry-notices.ts', [
      [
        'gives what was past at the reinstatement',
        "OR OLD.status = 'suspended' AND NEW.status = 'active'",
        '',
      ],
    ]),
  ],
};
