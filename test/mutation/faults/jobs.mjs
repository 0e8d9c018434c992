import { inFile } from './fault.mjs';

export default {
  area: 'jobs',
  suites: ['libs/jobs/src/jobs.spec.ts', 'libs/jobs/src/write-behind.spec.ts'],
  faults: [
    ...inFile('libs/jobs/src/job.ts', [
      ['runs twice at once', 'if (this.running === undefined) return this.begin();', 'return this.begin();'],
      [
        'takes a run that began before for one that was asked for',
        'return this.running.then(() => this.stopping ?? this.running ?? this.begin());',
        'return this.running;',
      ],
      [
        'runs for each who asked',
        'this.stopping ?? this.running ?? this.begin()',
        'this.stopping ?? this.begin()',
      ],
      ['runs after it was stopped', 'if (this.stopping !== undefined) return this.stopping;', ''],
      [
        'runs what was asked for after it was stopped',
        'this.stopping ?? this.running ?? this.begin()',
        'this.running ?? this.begin()',
      ],
      [
        'does not wait at shutdown',
        '      await this.running;\n      if (this.runsAtShutdown',
        '      if (this.runsAtShutdown',
      ],
      ['leaves unwritten what waits', 'if (this.runsAtShutdown && !isLate()) await this.begin();', ''],
      ['waits forever for a run that hangs', '      resolve(false);\n', ''],
      [
        'runs again at shutdown what ended too late',
        'if (this.runsAtShutdown && !isLate()) await this.begin();',
        'if (this.runsAtShutdown) await this.begin();',
      ],
      [
        'keeps the timer besides a run that was asked for',
        'private begin(): Promise<void> {\n    clearTimeout(this.timer);',
        'private begin(): Promise<void> {',
      ],
      [
        'repeats after it was stopped',
        'if (!this.isStarted || this.stopping !== undefined) return;',
        'if (!this.isStarted) return;',
      ],
      [
        'repeats what was not started',
        'if (!this.isStarted || this.stopping !== undefined) return;',
        'if (this.stopping !== undefined) return;',
      ],
      ['tells long work to continue forever', '() => this.stopping === undefined', '() => true'],
      ['has no other pause after a failure', 'this.isFailing ? pauseAfterFailureMs : pauseMs', 'pauseMs'],
      ['has no jitter', ' + randomInt(jitterMs + 1)', ''],
      [
        'logs every failed run',
        'if (!this.isFailing) this.logger.write(failureLevel',
        'this.logger.write(failureLevel',
      ],
      [
        'logs every run that succeeds',
        "if (this.isFailing) this.logger.write('info'",
        "this.logger.write('info'",
      ],
      ['never says again that it fails', '    this.isFailing = false;\n', ''],
      ['counts no failure', '    this.metrics.failed(name);\n', ''],
      ['reports no success', '    this.metrics.succeeded(name);\n', ''],
      ['shows no series before the first run', '    metrics.begin(options.name);\n', ''],
      [
        'starts although the first run failed',
        "if (this.options.startNeeds === 'first-success' && this.error !== undefined) throw this.error;",
        '',
      ],
      ['does not wait for the first run', '    await firstRun;\n', ''],
      [
        'runs in the context of a request',
        'this.context.runInAsyncScope(() =>',
        '((run: () => Promise<void>) => run())(() =>',
      ],
    ]),
    ...inFile('libs/jobs/src/jobs.ts', [
      [
        'stops before requests have ended what must run after them',
        'this.jobs.filter((job) => !job.runsAtShutdown).map',
        'this.jobs.map',
      ],
      ['leaves jobs running after a start that failed', '      await this.onApplicationShutdown();\n', ''],
    ]),
    ...inFile('libs/jobs/src/job-metrics.ts', [
      [
        'reports nothing under the earlier name',
        'if (earlierName !== undefined)',
        'if (earlierName === null)',
      ],
      ['reports milliseconds', 'Date.now() / 1000', 'Date.now()'],
    ]),
    ...inFile('libs/jobs/src/write-behind.ts', [
      ['keeps a refused write forever', 'if (isInputRefused(error)) {', 'if (error === undefined) {'],
      ['loses what cannot be written', '        this.putBack(entries);\n', ''],
      [
        'loses what came during a write that failed',
        'for (const [key, value] of later) this.keep(key, value);',
        '',
      ],
      ['takes a failed write for a success', 'if (failures.length > 0) throw failures[0];', ''],
      ['keeps without a bound', 'else if (this.waiting.size < MOST_KEYS) this', 'else this'],
      [
        'waits for the interval when it is full',
        'this.waiting.size === MOST_KEYS) void this.flush();',
        'this.waiting.size > MOST_KEYS) void this.flush();',
      ],
      ['writes for each key that it drops', 'waited < MOST_KEYS && ', ''],
      ['writes nothing at shutdown', 'runsAtShutdown: true, ', ''],
    ]),
  ],
};
