import type { Command } from 'commander';
import type { Output } from '../terminal/output';
import type { RotateDatabaseOptions } from '../rotation/rotate-database';
import { addCommand, type Ends } from './command';

export function addRotateSecrets(program: Command, output: Output, ends: Ends): void {
  const rotate = program
    .command('rotate-secrets')
    .description(
      'change peppers, SECRETS_KEY and database passwords, step by step; no secret is ever printed',
    );
  addCommand(
    rotate,
    'status',
    'show the next step for each secret; exit code 1 while a rotation is under way',
  ).action(() =>
    ends(import('../rotation/rotation-state.js').then(({ showRotations }) => showRotations(output))),
  );
  addCommand(
    rotate,
    'peppers',
    'write the next value of API_KEY_PEPPERS: add, move to the front, remove the older',
  )
    .requiredOption('--out <file>', 'new file, mode 0600')
    .addHelpText('after', '\nExit code 1: an older pepper is still needed; nothing was written.')
    .action(({ out }: { out: string }) =>
      ends(import('../rotation/rotate-peppers.js').then(({ rotatePeppers }) => rotatePeppers(output, out))),
    );
  addCommand(
    rotate,
    'secrets-key',
    'write the next value of SECRETS_KEY: add, move to the front, remove the older',
  )
    .requiredOption('--out <file>', 'new file, mode 0600')
    .addHelpText('after', '\nExit code 1: an older secret is still needed; nothing was written.')
    .action(({ out }: { out: string }) =>
      ends(
        import('../rotation/rotate-secrets-key.js').then(({ rotateSecretsKey }) =>
          rotateSecretsKey(output, out),
        ),
      ),
    );
  addCommand(rotate, 'database', 'give a database role a new password; the file contains the whole new URL')
    .requiredOption('--role <role>', 'application or owner')
    .option('--out <file>', 'new file, mode 0600')
    .option('--finish', 'disable the old application role, once nobody is connected with it')
    .addHelpText(
      'after',
      `
A role has one password. So that no process fails while the new one is rolled out, two application roles take turns
(aegis_app, aegis_app_b): this makes the other one, with the same rights; --finish disables the first one. It needs
ADMIN_DATABASE_URL, a role that may create roles. The owner's password is changed at once, by the owner itself.
The password is written only to the file: the database receives its SCRAM verifier.`,
    )
    .action((options: RotateDatabaseOptions) =>
      ends(
        import('../rotation/rotate-database.js').then(({ rotateDatabase }) =>
          rotateDatabase(output, options),
        ),
      ),
    );
}
