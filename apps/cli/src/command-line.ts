import { Command } from 'commander';
import { addActivations } from './commands/activations';
import { addApiKeys } from './commands/api-keys';
import { addAudit } from './commands/audit';
import { countPathsFromCaller } from './commands/callers-paths';
import type { Ends } from './commands/command';
import { addDatabase } from './commands/database';
import { addDoctor } from './commands/doctor';
import { addImport } from './commands/import';
import { addKeys } from './commands/keys';
import { addLicenses } from './commands/licenses';
import { addMigrate } from './commands/migrate';
import { addOffline } from './commands/offline';
import { addPurge } from './commands/purge';
import { addRestore } from './commands/restore';
import { addStatusLists } from './commands/status-lists';
import { addRotateSecrets } from './commands/rotate-secrets';
import { ExitCode } from './terminal/exit-code';
import type { Output } from './terminal/output';
import { printableLines } from './terminal/printable';

const AFTER_HELP = `
Settings come from the environment and a file .env in the working directory, as the server's do. Paths are
relative to it too; with \`npm run aegis\`, from where it is called.

Exit codes: 0 yes, done; 1 no, refused; 2 wrong usage or configuration; 3 unknown, the database cannot be reached.`;

/**
 * Runs a command. What a command needs is loaded when it is run, so that help comes at once.
 * @param args without the program's name
 * @returns its exit code
 * @throws CommanderError after help (exit code 0) and for invalid arguments; whatever the command throws
 */
export async function commandLine(output: Output, args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.yes;
  const program = commandTree(output, (work) =>
    work.then((code) => {
      exitCode = code;
    }),
  );
  if (args[0] === '-V' || args[0] === '--version') {
    const { version } = await import('./version.js');
    output.end({ version }, version);
    return exitCode;
  }
  await program.parseAsync(args, { from: 'user' });
  return exitCode;
}

/** Every command, with its arguments and options. */
export function commandTree(output: Output, ends: Ends): Command {
  const program = new Command('aegis')
    .description(
      'Manages an AEGIS License Server: signing keys, API keys, licenses, activations, status lists, migrations, import, audit trail, restore; verifies licenses offline.',
    )
    .option('-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(printableLines(text)) })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', AFTER_HELP);
  addKeys(program, output, ends);
  addApiKeys(program, output, ends);
  addDatabase(program, output, ends);
  addMigrate(program, output, ends);
  addImport(program, output, ends);
  addLicenses(program, output, ends);
  addActivations(program, output, ends);
  addStatusLists(program, output, ends);
  addAudit(program, output, ends);
  addRestore(program, output, ends);
  addPurge(program, output, ends);
  addDoctor(program, output, ends);
  addRotateSecrets(program, output, ends);
  addOffline(program, output, ends);
  countPathsFromCaller(program);
  return program;
}
