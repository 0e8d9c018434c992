#!/usr/bin/env node
import { CommanderError } from 'commander';
import { commandLine } from './command-line';
import { ExitCode } from './terminal/exit-code';
import { describeFailure } from './failures/describe-failure';
import { isInterrupted, listenForInterrupts } from './terminal/interruption';
import { Output } from './terminal/output';
import { printableLines } from './terminal/printable';

const output = new Output(process.argv.includes('--json'));

async function run(): Promise<ExitCode> {
  try {
    return await commandLine(output, process.argv.slice(2));
  } catch (error) {
    // Help and version end like this too.
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.yes;
    if (isInterrupted()) return new Promise(() => undefined);
    if (error instanceof CommanderError) {
      // It was reported on standard error already.
      output.fail('usage', error.message);
      return ExitCode.usage;
    }
    const failure = await describeFailure(error);
    process.stderr.write(`${printableLines(failure.message)}\n`);
    output.fail(failure.code, failure.message);
    return failure.exitCode;
  }
}

async function main(): Promise<void> {
  // No file that this command creates is writable by others, whatever the umask of the caller.
  process.umask(process.umask(0o022) | 0o022);
  listenForInterrupts();
  const exitCode = await run();
  try {
    await output.flush();
  } catch (error) {
    process.stderr.write(`Standard output can't be written: ${String(error)}\n`);
    process.exit(ExitCode.unknown);
  }
  process.exit(exitCode);
}

void main();
