import type { Command } from 'commander';
import type { OfflineFileOptions } from '../activations/offline-file';
import type { Output } from '../terminal/output';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

export function addActivations(program: Command, output: Output, ends: Ends): void {
  const activations = program
    .command('activations')
    .description('installations that hold seats of a license');
  addCommand(activations, 'list <license-id>', 'list the activations of a license, the newest first')
    .option('--ended', 'those that have ended, instead of those that hold a seat')
    .action((licenseId: string, { ended = false }: { ended?: boolean }) =>
      ends(
        import('../activations/list-activations.js').then(({ listActivations }) =>
          listActivations(output, licenseId, ended),
        ),
      ),
    );
  addCommand(activations, 'end <license-id> <activation-id>', 'end an activation: its seat is free at once')
    .requiredOption('--reason <text>', 'why, for the record; 1 to 500 characters')
    .addHelpText(
      'after',
      `
An activation token that was given out counts offline until its end, or until the machine has a newer status list.`,
    )
    .action((licenseId: string, activationId: string, { reason }: { reason: string }) =>
      ends(
        import('../activations/end-activation.js').then(({ endActivation }) =>
          endActivation(output, licenseId, activationId, reason),
        ),
      ),
    );
  addCommand(
    activations,
    'offline <license-id> <request>',
    'make the file that activates a machine without a network',
  )
    .requiredOption('--days <number>', 'for how long the file counts, 1 to 3650', wholeNumber)
    .requiredOption('--out <file>', 'where to write it; contains the license')
    .addHelpText(
      'after',
      `
<request> is the code that the program shows there: some 104 characters, in groups of five or not, in either case. The file
holds a seat until its end; only \`aegis activations end\` frees that before. The same machine may ask again: it keeps its
seat, and gets a new file.`,
    )
    .action((licenseId: string, request: string, options: OfflineFileOptions) =>
      ends(
        import('../activations/offline-file.js').then(({ makeOfflineFile }) =>
          makeOfflineFile(output, licenseId, request, options),
        ),
      ),
    );
}
