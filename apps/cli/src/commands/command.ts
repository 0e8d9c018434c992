import type { Command } from 'commander';
import type { ExitCode } from '../terminal/exit-code';

/** Takes the work of a command, whose exit code ends the program. */
export type Ends = (work: Promise<ExitCode>) => Promise<void>;

/** A command with `--json`, which every command has. */
export function addCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return parent
    .command(nameAndArguments)
    .description(description)
    .option('--json', 'print one JSON document');
}
