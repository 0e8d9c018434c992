import { spawn } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PROGRAM_ENVIRONMENT, type Cluster } from './cluster';
import { commandLineOf, identifyProcess, isRunning, type ProcessIdentity } from './process-identity';

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const POLL_MS = 10;

/** The running server process of a cluster. */
export interface Postmaster {
  process: ProcessIdentity;
  port: number;
  /** It takes connections. Before it recovers, afterwards it is stopping. */
  ready: boolean;
}

/** How a server process is started. */
export interface LaunchOptions {
  /** False, for tests: nothing is flushed to disk. */
  durable: boolean;
  /** Folder of a Unix socket; none unless given. */
  socketFolder?: string | undefined;
}

/** A server process that was started and may have ended since. */
export interface Launch {
  ended: boolean;
  /** @returns what it has written to its log. */
  said(): string;
}

/**
 * Looks for the postmaster that serves this very data folder. Its pid file outlives a crash: the pid counts only
 * if the process that has it now was called with this folder.
 */
export function findPostmaster(cluster: Cluster): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(cluster.dataFolder, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const found = identifyProcess(pid);
  if (found === undefined || !commandLineOf(pid).includes(` -D ${cluster.dataFolder}`)) return undefined;
  return { process: found, port, ready: lines[7]?.trim() === 'ready' };
}

/**
 * Starts a postmaster on a free port, in a separate session: Ctrl-C at our terminal does not reach it, and it
 * outlives us. Called when none runs. It is up when `findPostmaster` says so.
 * @param binaries folder with `postgres`
 */
export async function launchPostmaster(
  cluster: Cluster,
  binaries: string,
  options: LaunchOptions,
): Promise<Launch> {
  // PostgreSQL would take a zombie, or an unrelated process with this pid, for its predecessor. Without this file, it
  // still notices living backends of the predecessor by their shared memory.
  rmSync(join(cluster.dataFolder, 'postmaster.pid'), { force: true });
  const port = await freePort();
  const log = openSync(cluster.logFile, 'a', 0o600);
  try {
    if (fstatSync(log).size > LOG_LIMIT_BYTES) ftruncateSync(log);
    const logStart = fstatSync(log).size;
    const child = spawn(join(binaries, 'postgres'), postmasterArguments(cluster, port, options), {
      cwd: cluster.folder,
      env: PROGRAM_ENVIRONMENT,
      stdio: ['ignore', log, log],
      detached: true,
      ...cluster.account,
    });
    let failure = '';
    const launch: Launch = {
      ended: false,
      said: () => failure + readFileSync(cluster.logFile).subarray(logStart).toString(),
    };
    child.once('exit', () => {
      launch.ended = true;
    });
    child.once('error', (error) => {
      failure = `${error.message}\n`;
      launch.ended = true;
    });
    child.unref();
    return launch;
  } finally {
    closeSync(log);
  }
}

/** How long connections may take to end by themselves. */
const CLIENT_PATIENCE_MS = 3_000;
const SIGNAL_PATIENCE_MS = 15_000;

/**
 * Stops a postmaster and waits until it is gone.
 * @param mode `clean` lets connections that are ending end, then ends the others, and writes a checkpoint; `immediate`
 * is for data that is deleted anyway
 * @param clientPatienceMs how long connections may take to end by themselves: the driver's pool says that it has ended
 * while its connections are still being closed, and anyone who is cut off then reports an error (57P01)
 * @throws Error if it does not end
 */
export async function stopPostmaster(
  postmaster: Postmaster,
  mode: 'clean' | 'immediate',
  clientPatienceMs = CLIENT_PATIENCE_MS,
): Promise<void> {
  const signals: [NodeJS.Signals, number][] =
    mode === 'clean'
      ? [
          ['SIGTERM', clientPatienceMs],
          ['SIGINT', SIGNAL_PATIENCE_MS],
          ['SIGQUIT', SIGNAL_PATIENCE_MS],
        ]
      : [['SIGQUIT', SIGNAL_PATIENCE_MS]];
  for (const [signal, patienceMs] of signals) {
    const deadline = performance.now() + patienceMs;
    if (isRunning(postmaster.process)) process.kill(postmaster.process.pid, signal);
    while (isRunning(postmaster.process) && performance.now() < deadline) await delay(POLL_MS);
    if (!isRunning(postmaster.process)) return;
  }
  throw new Error(`The embedded PostgreSQL (process ${postmaster.process.pid}) does not stop.`);
}

function postmasterArguments(
  cluster: Cluster,
  port: number,
  { durable, socketFolder = '' }: LaunchOptions,
): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: socketFolder,
    shared_buffers: '64MB',
    max_connections: 100,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return [
    '-D',
    cluster.dataFolder,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
