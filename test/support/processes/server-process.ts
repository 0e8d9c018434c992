import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandLine } from './command-line';
import { programArguments } from './program';
import { PATIENCE } from '../patience';
import { until } from '../until';

/** A first start creates a database cluster; other tests share the machine. */
export const START_PATIENCE_MS = 200_000;

/** How a process ended. */
export interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The server as a separate process. Its environment has only what is given, and `PATIENCE`. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<End>;
  /** Standard output and standard error, as far as they are pipes. */
  stdout = '';
  stderr = '';

  constructor(
    variables: Readonly<Record<string, string>>,
    folder: string,
    stdio: StdioOptions = ['ignore', 'pipe', 'pipe'],
  ) {
    this.child = spawn(process.execPath, programArguments('server'), {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: '0',
        METRICS_PORT: '0',
        ...PATIENCE,
        ...variables,
      },
      stdio,
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((done) => {
      this.child.once('close', (code, signal) => {
        done({ code, signal });
      });
    });
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Where it listens, as its log says in either format; empty before. */
  get url(): string {
    return urlIn(this.stdout);
  }

  /** Status of a probe; 0 where nobody listens. */
  probe(route: 'live' | 'ready' | 'startup'): Promise<number> {
    return this.url === '' ? Promise.resolve(0) : probeAt(this.url, route);
  }

  /** Waits until requests may be sent. */
  async ready(): Promise<this> {
    await untilReady(this, () => this.probe('ready'));
    return this;
  }

  /** Asks it to end, and waits. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<End> {
    this.kill(signal);
    return this.ended;
  }
}

/** Where a server listens, as its log says in either format; empty before. */
export function urlIn(log: string): string {
  const [line = ''] = /^.* listens\b.*$/m.exec(log) ?? [];
  return /\burl"?[=:]"?(http:[^\s",]+)/.exec(line)?.[1] ?? '';
}

/** Status of a probe of the server at `url`; 0 where nobody listens. */
export async function probeAt(url: string, route: 'live' | 'ready' | 'startup'): Promise<number> {
  try {
    return (await fetch(`${url}/health/${route}`)).status;
  } catch {
    return 0;
  }
}

/**
 * Waits until readiness says yes.
 * @param probe status of the readiness probe
 */
export function untilReady(server: ServerProcess, probe: () => Promise<number>): Promise<void> {
  const say = async (): Promise<boolean> => {
    if (server.hasEnded) throw new Error(`the server ended:\n${server.output}`);
    return (await probe()) === 200;
  };
  return until('readiness', say, START_PATIENCE_MS);
}

/** Processes and folders of a suite; `close` ends and removes what is left of them. */
export class Processes {
  readonly folder = mkdtempSync(join(tmpdir(), 'aegis-process-'));
  private readonly started: ServerProcess[] = [];

  server(variables: Readonly<Record<string, string>>, stdio?: StdioOptions): ServerProcess {
    const server = new ServerProcess(variables, this.folder, stdio);
    this.started.push(server);
    return server;
  }

  /** `aegis` with these settings. */
  commandLine(variables: Readonly<Record<string, string>>): CommandLine {
    return new CommandLine(this.folder, variables);
  }

  /** An empty folder of its own. */
  emptyFolder(): string {
    return mkdtempSync(join(this.folder, 'folder-'));
  }

  /** Kills what still runs. */
  async endAll(): Promise<void> {
    for (const server of this.started) if (!server.hasEnded) server.kill('SIGKILL');
    await Promise.all(this.started.splice(0).map(({ ended }) => ended));
  }

  async close(): Promise<void> {
    await this.endAll();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
