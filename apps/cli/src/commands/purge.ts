import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import type { PurgeOptions } from '../purge/purge';
import { addCommand, type Ends } from './command';
import { wholeNumber } from './whole-number';

export function addPurge(program: Command, output: Output, ends: Ends): void {
  addCommand(program, 'purge', 'remove outdated data once, as the jobs of a server do')
    .option('--max-seconds <seconds>', 'begin nothing further after this time', wholeNumber, 300)
    .option('--dry-run', 'only count what is due')
    .addHelpText(
      'after',
      `
Forgets IP addresses of audit records older than AUDIT_IP_RETENTION_DAYS, and removes remembered answers of
Idempotency-Key after 24 hours, counts of validations after 25 hours, activations and the numbers of seats by day after
90 days, events after EVENTS_RETENTION_DAYS, and rows of server processes that ended long ago.
A running server does the same in the background; this is for a time without one, and as a proof that nothing is left.

Exit code 1: the time was over before everything was removed; run it again.`,
    )
    .action((options: PurgeOptions) =>
      ends(import('../purge/purge.js').then(({ purge }) => purge(output, options))),
    );
}
