import { callersPath } from '@aegis/config';
import type { Argument, Command, Option } from 'commander';

/** Names of arguments and of option values that are paths. */
const PATH = /^(file|folder|path|pem)$/;
/** Standard input or output. */
const STANDARD_STREAM = '-';

/**
 * Makes every argument and option that is named as a path relative to the caller's folder.
 * @param command with all that is below it
 */
export function countPathsFromCaller(command: Command): void {
  for (const argument of command.registeredArguments) if (PATH.test(argument.name())) wrap(argument);
  for (const option of command.options)
    if (PATH.test(/<([^<>]+)>$/.exec(option.flags)?.[1] ?? '')) wrap(option);
  for (const below of command.commands) countPathsFromCaller(below);
}

function wrap(parameter: Argument | Option): void {
  const parse = parameter.parseArg as ((value: string, previous: unknown) => unknown) | undefined;
  parameter.argParser((value: string, previous: unknown) => {
    const path = value === STANDARD_STREAM ? value : callersPath(value);
    return parse ? parse(path, previous) : path;
  });
}
