import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ConsoleFiles } from './console-files';
import { CONSOLE_BUILDER } from './console-folders';

/** What a visitor gets: the console, a page that says that it is being built or could not be, or an error. */
export type ConsoleState = 'ready' | 'building' | 'failed' | 'missing';

/**
 * Builds the console at its first visit, in a process of its own, so that the server starts without it. Only from a
 * checkout, and never in production, where the build comes with the image or the package.
 */
@Injectable()
export class ConsoleBuild implements BeforeApplicationShutdown {
  private state: ConsoleState | undefined;
  private builder: ChildProcess | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly files: ConsoleFiles,
    private readonly logger: Logger,
  ) {}

  /** @returns what there is to show now; begins a build where one is needed */
  visit(): ConsoleState {
    if (this.environment.isProduction || !existsSync(CONSOLE_BUILDER))
      return this.files.exist ? 'ready' : 'missing';
    if (this.state === undefined) this.begin();
    const state = this.state ?? 'building';
    // The next visit tries again.
    if (state === 'failed') this.state = undefined;
    return state;
  }

  beforeApplicationShutdown(): void {
    this.builder?.kill();
  }

  private begin(): void {
    this.state = 'building';
    // The packages that build it get none of the server's secrets.
    const builder = spawn(process.execPath, [CONSOLE_BUILDER, '--no-install'], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.builder = builder;
    let said = '';
    builder.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4_000)));
    const end = (isBuilt: boolean): void => {
      this.builder = undefined;
      this.files.forget();
      this.state = isBuilt ? 'ready' : 'failed';
      if (!isBuilt) this.logger.write('error', 'the console could not be built', { output: said.trim() });
    };
    builder.once('error', () => {
      end(false);
    });
    builder.once('close', (code) => {
      end(code === 0);
    });
  }
}
