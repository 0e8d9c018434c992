import { inFile } from './fault.mjs';

export default {
  area: 'confirmation',
  suites: ['test/e2e/command-line/confirmation.spec.ts'],
  faults: [
    ...inFile('apps/cli/src/terminal/confirmation.ts', [
      ['any word confirms', 'if (typed.trim() !== word)', "if (typed.trim() === '')"],
      ['nobody is asked', 'if (options.yes === true) return;', 'if (options.yes !== false) return;'],
      ['a script needs no --yes', 'if (!yes && !canAsk())', 'if (!yes && !canAsk() && yes)'],
    ]),
    ...inFile('apps/cli/src/keys/compromise-key.ts', [
      [
        'a compromise does not ask',
        'if (options.yes !== true) await confirmEffect',
        'if (options.yes === false) await confirmEffect',
      ],
    ]),
    ...inFile('apps/cli/src/licenses/resign-licenses.ts', [
      [
        'withdrawing tokens does not ask',
        'supersede && options.dryRun !== true',
        'supersede && options.dryRun === false',
      ],
    ]),
  ],
};
