import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** One running process, distinguished from a later one that was given the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: when it started, in the words of the operating system. */
  startedAt: string;
}

/**
 * @returns the process that has this pid now; undefined if no process has it. A zombie (state Z) is dead: it has no file
 * and no port open, and if nobody reaps it, it stays forever.
 */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const found = process.platform === 'linux' ? readProc(pid) : readPs(pid);
  return found === undefined || found.state.startsWith('Z') ? undefined : { pid, startedAt: found.startedAt };
}

/** @returns whether this very process, not merely one with its pid, is running. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

let self: ProcessIdentity | undefined;

/** @returns the identity of the process that runs this code. */
export function ownIdentity(): ProcessIdentity {
  self ??= identifyProcess(process.pid);
  if (self === undefined) throw new Error('The operating system does not report when this process started.');
  return self;
}

/** @returns the command line of a process, its arguments joined by spaces; empty if there is none to see. */
export function commandLineOf(pid: number): string {
  if (process.platform === 'linux') {
    return (readIfThere(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();
  }
  return ps(pid, 'command=');
}

interface ProcessState {
  state: string;
  startedAt: string;
}

function readProc(pid: number): ProcessState | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses: the fields are counted after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticksSinceBoot] = [fields[0], fields[19]];
  if (state === undefined || ticksSinceBoot === undefined) return undefined;
  return { state, startedAt: `${bootId()}/${ticksSinceBoot}` };
}

/** For systems without /proc (macOS). Exported for its test, which runs on Linux as well. */
export function readPs(pid: number): ProcessState | undefined {
  const [, state, startedAt] = /^(\S+)\s+(\S.*)$/.exec(ps(pid, 'stat=,lstart=')) ?? [];
  return state === undefined || startedAt === undefined ? undefined : { state, startedAt };
}

function ps(pid: number, columns: string): string {
  const result = spawnSync('ps', ['-ww', '-o', columns, '-p', String(pid)], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
  });
  return result.stdout.trim();
}

let boot: string | undefined;

function bootId(): string {
  boot ??= (readIfThere('/proc/sys/kernel/random/boot_id') ?? '').trim();
  return boot;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
