import { inFile } from './fault.mjs';

export default {
  area: 'purge',
  suites: ['libs/database/src/remove-in-batches.spec.ts', 'apps/cli/src/purge/purge.spec.ts'],
  faults: [
    ...inFile('apps/cli/src/purge/purge.ts', [
      [
        'removes with --dry-run',
        'dryRun ? { removed: await count(), complete: true }',
        'false ? { removed: await count(), complete: true }',
      ],
      ['never stops', 'performance.now() < deadline', 'true'],
      [
        'ends with 0 although something is left',
        'return complete ? ExitCode.yes : ExitCode.no;',
        'return ExitCode.yes;',
      ],
      [
        'takes any time',
        'if (maxSeconds < 1 || maxSeconds > MOST_SECONDS)',
        'if (maxSeconds > MOST_SECONDS + 1)',
      ],
    ]),
    ...inFile('apps/cli/src/purge/outdated.ts', [
      [
        'says that nothing was forgotten',
        'removed: before - (await countAddresses(dataSource, until))',
        'removed: 0',
      ],
      ['clears no row of servers', '() => replicas.clearStale()', '() => Promise.resolve(0)'],
    ]),
    ...inFile('libs/idempotency/src/remove-expired-answers.ts', [
      [
        'removes answers that are still needed',
        "created_at <= now() - interval '24 hours'",
        'created_at <= now()',
      ],
    ]),
    ...inFile('libs/database/src/remove-in-batches.ts', [
      ['removes one batch', 'while (goesOn()) {', 'if (goesOn()) {'],
      ['removes more after its time', 'while (goesOn()) {', 'while (goesOn() || true) {'],
      ['forgets how many it removed', 'removed += batch;', 'removed = batch;'],
      ['says that nothing is left', '(await countLeft()) === 0', 'true'],
      ['says that something is left', '(await countLeft()) === 0', 'false'],
    ]),
    ...inFile('libs/audit/src/forget-addresses.ts', [
      ['forgets one hour', 'more = row?.more === true;', 'more = false;'],
      [
        'does not count what was taken over',
        'WHERE occurred_at < $1 AND recorded_at >= $1',
        'WHERE occurred_at < $1 AND recorded_at < $1',
      ],
    ]),
    ...inFile('libs/statistics/src/old-validation-counts.ts', [
      ['removes counts that statistics need', "interval '25 hours'", "interval '0 hours'"],
    ]),
  ],
};
