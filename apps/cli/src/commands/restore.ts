import type { Command } from 'commander';
import type { ReconcileCommandOptions } from '../restore/restore-reconcile';
import type { Output } from '../terminal/output';
import { addCommand, type Ends } from './command';

export function addRestore(program: Command, output: Output, ends: Ends): void {
  const restore = program.command('restore').description('a database that was restored to an earlier moment');
  addCommand(
    restore,
    'begin',
    'note that the database was restored: nothing is validated or changed until it is reconciled',
  )
    .addHelpText(
      'after',
      `
Run it after a restore, before any server starts. Servers then answer 503 restore_not_reconciled, and are not ready.`,
    )
    .action(() =>
      ends(import('../restore/restore-begin.js').then(({ beginRestore }) => beginRestore(output))),
    );
  addCommand(
    restore,
    'reconcile',
    'replay the shipped records that the restored database does not have; needs the role that owns the schema',
  )
    .option(
      '--shipped <path>',
      'what CHECKPOINT_SINK has: a file, or a folder of files; may be repeated',
      another,
      [],
    )
    .option(
      '--keys <file>',
      'trust these keys: a JWK set or a public key in PEM; may be repeated (default: those that are in KEYS_DIR and on record)',
      another,
      [],
    )
    .option(
      '--unproven <what>',
      'records that no trusted key proves: apply (revocations, suspensions, deactivations, deletions, compromises and activations that were ended take effect) or ignore',
    )
    .option('--accept-loss', 'give up records that were not shipped, or are not proven')
    .option(
      '--skip-unreplayable',
      'continue without proven records that cannot be replayed; without it they are listed, and nothing is done',
    )
    .option('--dry-run', 'only say what would be done')
    .addHelpText(
      'after',
      `
Verifies the checkpoints that were shipped and the records with them, and replays, in one transaction, what they say of
licenses, tokens, activations, customers and keys. Token texts are not in them: reissue those licenses, or import their tokens. May be
run again: a restore that is reconciled is left alone.`,
    )
    .action((options: ReconcileCommandOptions) =>
      ends(
        import('../restore/restore-reconcile.js').then(({ reconcileRestore }) =>
          reconcileRestore(output, options),
        ),
      ),
    );
}

/** Collects an option that may be given more than once. */
function another(path: string, before: readonly string[] = []): string[] {
  return [...before, path];
}
