import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/** A program that a test runs, and what it said last. */
export class Child {
  readonly process: ChildProcess;
  private said = '';

  constructor(
    private readonly program: string,
    args: readonly string[],
    options: SpawnOptions = {},
  ) {
    this.process = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (text: Buffer): void => {
      this.said = (this.said + text.toString()).slice(-16_384);
    };
    this.process.stdout?.on('data', keep);
    this.process.stderr?.on('data', keep);
    this.process.on('error', (error) => (this.said += String(error)));
  }

  get output(): string {
    return this.said;
  }

  get hasEnded(): boolean {
    return (
      this.process.exitCode !== null || this.process.signalCode !== null || this.process.pid === undefined
    );
  }

  /** @throws with its last words once it has ended */
  assertRuns(): void {
    if (this.hasEnded) throw new Error(`${this.program} ended:\n${this.said}`);
  }

  /** @returns its exit code; null when a signal ended it */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.hasEnded) {
      const ended = once(this.process, 'exit');
      this.process.kill(signal);
      await ended;
    }
    return this.process.exitCode;
  }
}
