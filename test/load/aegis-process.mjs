import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { residentMegabytes } from './resident-memory.mjs';

/** This checkout. */
const here = resolve(import.meta.dirname, '../..');
const PATIENCE_MS = 60_000;
const POLL_MS = 5;
/** As good as none, while every request still passes the code that counts it. */
const UNREACHED_LIMIT = '1000000000';

/** @returns {Promise<typeof import('../../libs/embedded-postgres/src/embedded-postgres')>} as it was built */
export async function embeddedPostgres() {
  const built = join(here, 'dist/libs/embedded-postgres/src/embedded-postgres.js');
  const { default: exports } = await import(pathToFileURL(built).href);
  return exports;
}

/** The built server as a process of its own, in development, with its log written to a file as JSON. */
export class AegisProcess {
  /**
   * Starts it and waits until it is ready.
   * @param {{ folder: string, dataDir: string, cpuProfile?: string, root?: string, variables?: Record<string, string>,
   *   preload?: string }}
   *   options
   *   folder: where the log, the keys and nothing else of the working directory is; cpuProfile: folder to write one to;
   *   root: of another checkout that is built; variables: settings besides those of every benchmark; preload: a module to load before it
   * @returns {Promise<AegisProcess>}
   */
  static async start({ folder, dataDir, cpuProfile, root = here, variables = {}, preload }) {
    const logFile = join(mkdtempSync(join(folder, 'log-')), 'server.log');
    const log = openSync(logFile, 'w');
    const startedAt = performance.now();
    const child = spawn(
      process.execPath,
      [
        ...(cpuProfile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`]),
        ...(preload === undefined ? [] : ['--require', preload]),
        join(root, 'dist/apps/server/src/main.js'),
      ],
      {
        cwd: folder,
        env: { ...environment({ folder, dataDir }), ...variables },
        stdio: ['ignore', log, log],
      },
    );
    closeSync(log);
    const server = new AegisProcess(child, logFile);
    try {
      await server.untilReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    server.startMilliseconds = performance.now() - startedAt;
    return server;
  }

  /** From the start of the process to the first 200 of /health/ready. */
  startMilliseconds = Number.NaN;

  /** Where it listens; empty before it is ready. */
  url = '';

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string} logFile
   */
  constructor(child, logFile) {
    this.child = child;
    this.logFile = logFile;
  }

  /** @returns {string | undefined} the secret of the first admin key, if this start made it */
  firstAdminKey() {
    return /^admin API key: (\S+)$/m.exec(readFileSync(this.logFile, 'utf8'))?.[1];
  }

  /** @returns {number} id of the process */
  get pid() {
    return this.child.pid ?? Number.NaN;
  }

  /** @returns {number} MiB of memory that the process occupies */
  residentMegabytes() {
    return residentMegabytes(this.child.pid);
  }

  /** Asks it to end, and waits until it has. */
  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }

  async untilReady() {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) break;
      this.url ||= listeningAt(readFileSync(this.logFile, 'utf8'));
      if (this.url !== '') {
        const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
        await answer?.arrayBuffer();
        if (answer?.status === 200) return;
      }
      await delay(POLL_MS);
    }
    throw new Error(`The server did not get ready. It said:\n${readFileSync(this.logFile, 'utf8')}`);
  }
}

/**
 * Only what is set here: settings of the person who runs the bench must not change what it measures.
 * @param {{ port: number, folder: string, dataDir: string }} options
 * @returns {NodeJS.ProcessEnv}
 */
function environment({ folder, dataDir }) {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    ...(process.env.PG_BIN && { PG_BIN: process.env.PG_BIN }),
    ENVIRONMENT: 'development',
    // The system chooses one: a port chosen here could be taken by another program before the server listens.
    PORT: '0',
    METRICS_PORT: '0',
    DATA_DIR: dataDir,
    KEYS_DIR: join(folder, 'keys'),
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
    RATE_LIMIT_DEFAULT: UNREACHED_LIMIT,
    RATE_LIMIT_PUBLIC: UNREACHED_LIMIT,
    RATE_LIMIT_VALIDATE: UNREACHED_LIMIT,
    RATE_LIMIT_LICENSE: UNREACHED_LIMIT,
    RATE_LIMIT_BATCH_ITEMS: UNREACHED_LIMIT,
    RATE_LIMIT_ADMISSIONS: UNREACHED_LIMIT,
    RATE_LIMIT_ACTIVATION: UNREACHED_LIMIT,
  };
}

/**
 * @param {string} log lines of JSON
 * @returns {string} where a server said that it listens; empty when it did not yet
 */
function listeningAt(log) {
  const [line] = /^.* listens".*\n/m.exec(log) ?? [];
  return line === undefined ? '' : JSON.parse(line).url;
}
