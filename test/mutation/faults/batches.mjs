import { inFile } from './fault.mjs';

export default {
  area: 'batches',
  suites: [
    'libs/database/src/statements/run-splitting.spec.ts',
    'libs/database/src/statements/micro-batch.spec.ts',
    'libs/license-token/src/parse.spec.ts',
    'libs/database/src/statements/sent-together.spec.ts',
  ],
  faults: [
    ...inFile('libs/database/src/statements/sent-together.ts', [
      [
        'fails with what came of the first failure',
        'await Promise.allSettled(statements)',
        'await Promise.all(statements).then(() => Promise.allSettled(statements))',
      ],
    ]),
    ...inFile('libs/database/src/statements/run-splitting.ts', [
      [
        'runs again what may have been done',
        'if (inputs.length === 1 || !isInputRefused(error)) {',
        'if (inputs.length === 1) {',
      ],
      [
        'lets one refused input fail all',
        'if (inputs.length === 1 || !isInputRefused(error)) {',
        'if (inputs.length > 0) {',
      ],
      [
        'forgets half of a refused batch',
        'await runSplitting(inputs.slice(middle), run, onDone, onFailure);',
        '',
      ],
    ]),
    ...inFile('libs/database/src/statements/micro-batch.ts', [
      [
        'runs a batch in the context of the request that began it',
        'void runOutsideRequests(() => inBatchSpan(this.spanName, members, () => this.flush(batch)));',
        'void inBatchSpan(this.spanName, members, () => this.flush(batch));',
      ],
      [
        'waits again behind a run that waited without success',
        'if (isWaitOver(error)) for (const { reject } of this.queue.splice(0)) reject(error);',
        '',
      ],
      [
        'refuses what waits behind any run that failed',
        'if (isWaitOver(error)) for (const { reject }',
        'for (const { reject }',
      ],
    ]),
    ...inFile('libs/database/src/postgres-errors.ts', [
      ['splits no data exception', '/^(22|23|54)/', '/^(23|54)/'],
      ['splits no broken constraint', '/^(22|23|54)/', '/^(22|54)/'],
      ['splits no exceeded limit', '/^(22|23|54)/', '/^(22|23)/'],
      ['splits for any refusal', '/^(22|23|54)/', '/^(22|23|42|54)/'],
    ]),
    ...inFile('libs/license-token/src/parse.ts', [
      ['reads claims of any length', 'if (overlong !== null) return { malformed: `claim ${overlong}` };', ''],
    ]),
    ...inFile('libs/license-token/src/claims/claim-lengths.ts', [
      [
        'counts UTF-16 units',
        'text.length > maxLength && Array.from(text).length > maxLength',
        'text.length > maxLength',
      ],
      ['refuses names that v0.8 issued', "['customer.name', 255,", "['customer.name', 200,"],
      ['reads a customer id that no column holds', "['customer.id', 50,", "['customer.id', 4096,"],
    ]),
  ],
};
