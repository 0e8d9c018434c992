import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { PATIENCE } from '../patience';
import { programArguments } from './program';

const TERMINAL = join(__dirname, 'terminal.py');

/** How a command ended. */
export interface Ended {
  /** 128 and the signal's number when a signal ended it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** A command that runs. */
export interface Running {
  process: ChildProcess;
  /** What it wrote to standard error so far. */
  stderr(): string;
  ended: Promise<Ended>;
}

/** Runs `aegis` as a process of its own. */
export class CommandLine {
  /**
   * @param folder working directory: no file .env of anyone else's
   * @param variables the whole environment of the process, except for PATH, HOME and `PATIENCE`
   */
  constructor(
    private readonly folder: string,
    private readonly variables: Readonly<Record<string, string>> = {},
  ) {}

  /** The same with other settings; undefined unsets one. */
  with(variables: Readonly<Record<string, string | undefined>>): CommandLine {
    const all = Object.entries({ ...this.variables, ...variables });
    return new CommandLine(
      this.folder,
      Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    );
  }

  /** Starts a command whose standard input stays open. */
  start(...args: string[]): Running {
    return this.spawn(process.execPath, ...programArguments('cli'), ...args);
  }

  /**
   * Runs a command at a terminal, where both outputs are one, and types an answer once a text appears.
   * @param answer as typed, with a line feed at its end; Ctrl-C is `\x03`
   */
  answer(text: string, answer: string, ...args: string[]): Promise<Ended> {
    return this.spawn(
      'python3',
      TERMINAL,
      text,
      answer,
      process.execPath,
      ...programArguments('cli'),
      ...args,
    ).ended;
  }

  private spawn(program: string, ...args: string[]): Running {
    const { PATH, HOME } = process.env;
    const child = spawn(program, args, {
      cwd: this.folder,
      env: { PATH, HOME, ...PATIENCE, ...this.variables },
      stdio: 'pipe',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (exitCode) => {
        resolve({ exitCode, stdout, stderr });
      });
    });
    return { process: child, stderr: () => stderr, ended };
  }

  run(...args: string[]): Promise<Ended> {
    return this.feed('', ...args);
  }

  /** @param input for standard input */
  feed(input: string, ...args: string[]): Promise<Ended> {
    const running = this.start(...args);
    // Who ends before reading it breaks the pipe.
    running.process.stdin?.on('error', () => undefined).end(input);
    return running.ended;
  }
}
