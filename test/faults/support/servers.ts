import type { StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { Processes, type ServerProcess } from '../../support/processes/server-process';
import { until } from '../../support/until';
import { WIDE_LIMITS } from '../../support/processes/wide-limits';
import type { CommandLine } from '../../support/processes/command-line';
import { PRODUCTION_SETTINGS, template } from './template';

/** The time-outs that docs/reliability.md names as defaults; servers of other tests are more patient. */
const DEFAULT_TIMEOUTS = {
  DB_ACQUIRE_TIMEOUT_MS: '800',
  DB_CONNECT_TIMEOUT_MS: '1500',
  DB_LOCK_TIMEOUT_MS: '1000',
  DB_STATEMENT_TIMEOUT_MS: '2000',
  DB_DEADLINE_MS: '2500',
  DB_IDLE_TX_TIMEOUT_MS: '5000',
} as const;

/**
 * Waits until a server is ready again, without having been restarted.
 * @returns how long that took, in milliseconds
 */
export async function untilReadyAgain(server: ServerProcess): Promise<number> {
  const began = performance.now();
  await until('the server is ready again', async () => {
    if (server.hasEnded) throw new Error(`the server ended:\n${server.output.slice(-8192)}`);
    return (await server.probe('ready')) === 200;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${server.output.slice(-8192)}`);
  });
  return performance.now() - began;
}

/** Built servers in production, with the defaults' time-outs, on the template's keys; `close` ends what still runs. */
export class Servers {
  private readonly processes = new Processes();

  /** @param databaseUrl under the application's role, perhaps through a link */
  constructor(private readonly databaseUrl: string) {}

  /** An empty folder of its own. */
  emptyFolder(): string {
    return this.processes.emptyFolder();
  }

  /** The settings of a server. @param changes further settings, or others */
  settings(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      ...PRODUCTION_SETTINGS,
      ...DEFAULT_TIMEOUTS,
      ...WIDE_LIMITS,
      DATABASE_URL: this.databaseUrl,
      DATA_DIR: join(this.processes.folder, 'data'),
      KEYS_DIR: template().keysDir,
      ...changes,
    };
  }

  /**
   * Starts one, and does not wait.
   * @param stdio standard input, output and error; pipes unless given
   */
  launch(changes?: Readonly<Record<string, string>>, stdio?: StdioOptions): ServerProcess {
    return this.processes.server(this.settings(changes), stdio);
  }

  /** Starts one, and waits until it is ready. */
  start(changes?: Readonly<Record<string, string>>): Promise<ServerProcess> {
    return this.launch(changes).ready();
  }

  /** `aegis` with these settings. */
  commandLine(changes?: Readonly<Record<string, string>>): CommandLine {
    return this.processes.commandLine(this.settings(changes));
  }

  close(): Promise<void> {
    return this.processes.close();
  }
}
