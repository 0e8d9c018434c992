import { inFile } from './fault.mjs';

export default {
  area: 'seats: what is kept',
  suites: [
    'apps/cli/src/purge/purge.spec.ts',
    'libs/activations/src/admission/admissions.spec.ts',
    'libs/statistics/src/seat-statistics.spec.ts',
  ],
  faults: [
    ...inFile('libs/activations/src/retention/ended-activations.ts', [
      ['removes the numbers of all days', '::date - ${DAYS_KEPT}`', '::date + 1`'],
    ]),
    ...inFile('migrations/1764270360000-forget-ended-activations.ts', [
      ['removes what has just ended', 'ended_at IS NOT NULL AND kept_until <= now()', 'ended_at <= now()'],
      [
        'removes those of which a token counts',
        'greatest(token_expires_at, offline_until, (',
        'greatest(offline_until, (',
      ],
      [
        'removes those that a file is for',
        'greatest(token_expires_at, offline_until, (',
        'greatest(token_expires_at, (',
      ],
      ['keeps them for a month', "interval '2160 hours'", "interval '720 hours'"],
    ]),
    ...inFile('libs/activations/src/admission/seat-days.ts', [
      ['keeps the last number as the peak', 'greatest(known.peak, excluded.peak)', 'excluded.peak'],
      [
        'counts no admissions of a day but the first',
        'known.admissions + excluded.admissions',
        'known.admissions',
      ],
      ['counts no refusals of a day but the first', 'known.refusals + excluded.refusals', 'known.refusals'],
      ['counts what it has written again', 'this.counted = new Map();', ''],
    ]),
    ...inFile('libs/statistics/src/seat-statistics.service.ts', [
      ['counts seats whose lease is over as taken', 'lease_ends_at > statement_timestamp()', 'true'],
      [
        'counts the seats of all licenses as those of one',
        "statement('license_id = $1')",
        "statement('$1::uuid IS NOT NULL')",
      ],
      ['adds up peaks', 'max(peak) AS peak', 'sum(peak) AS peak'],
      ['shows a day too many', '::date - ${DAYS_SHOWN} AND', '::date - ${DAYS_SHOWN} - 1 AND'],
    ]),
    ...inFile('libs/activations/src/admission/seat-round.ts', [
      ['counts no admissions', 'this.writes.days.admitted(this.licenseId, this.now, after.open);', ''],
      ['counts no refusals', 'this.writes.days.refused(this.licenseId, now, this.account.open);', ''],
    ]),
  ],
};
