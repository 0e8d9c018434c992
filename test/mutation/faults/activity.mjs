import { inFile } from './fault.mjs';

export default {
  area: 'activity',
  suites: [
    'libs/statistics/src/activity/series-range.spec.ts',
    'libs/statistics/src/activity/activity-series.spec.ts',
    'test/e2e/licenses/series.spec.ts',
    'libs/statistics/src/statistics.spec.ts',
  ],
  faults: [
    ...inFile('libs/statistics/src/activity/series-range.ts', [
      ['begins in the middle of an interval', 'Math.floor(first / length) * length', 'first'],
      [
        'leaves out the last interval',
        'Math.ceil((end - from) / length)',
        'Math.floor((end - from) / length)',
      ],
      ['has no end', 'count > MOST_INTERVALS', 'count > Infinity'],
      ['goes backwards', 'first < end, interval', 'true, interval'],
    ]),
    ...inFile('libs/statistics/src/activity/counted-activity.ts', [
      [
        'writes the same increase again',
        'for (const [counter, value] of counted) this.written.set(counter, value);',
        '',
      ],
      [
        'keeps the last count of processes',
        'SET count = known.count + excluded.count',
        'SET count = excluded.count',
      ],
      [
        'keeps the last number of seats',
        'SET count = greatest(known.count, excluded.count)',
        'SET count = excluded.count',
      ],
      [
        'counts seats whose lease is over',
        'AND (lease_ends_at IS NULL OR lease_ends_at > statement_timestamp())',
        '',
      ],
      ['counts seats every time', ' || performance.now() < this.seatsFrom', ''],
      [
        'writes values that nobody knows',
        'if ((values as readonly string[]).includes(name))',
        'if (name !== "")',
      ],
      ['loses what a stopped server counted', 'runsAtShutdown: true,', 'runsAtShutdown: false,'],
    ]),
    ...inFile('libs/statistics/src/activity/activity-series.ts', [
      [
        'adds up seats',
        "CASE counter WHEN '${SEATS_IN_USE}' THEN max(count)",
        "CASE counter WHEN '' THEN max(count)",
      ],
      ['reads what came before', 'hour >= $2 AND hour < $3', 'hour < $3 OR hour < $2'],
      ['does not write before it reads', 'await this.counted.flush();', ''],
    ]),
    ...inFile('libs/statistics/src/activity/old-activity.ts', [
      ['keeps counts for a day less', '${ACTIVITY_DAYS * 24} hours', '${ACTIVITY_DAYS * 24 - 24} hours'],
    ]),
    ...inFile('libs/statistics/src/statistics.service.ts', [
      ['counts 30 days for 7', "'7d': 7,", "'7d': 30,"],
      ['counts the whole last day', 'counted.ending_on_last_day[time] -', '0 -'],
    ]),
  ],
};
