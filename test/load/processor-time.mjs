import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';

/** Linux counts in hundredths of a second, whatever its clock (USER_HZ). */
const TICK_MICROSECONDS = 10_000;

/**
 * Process ids of what is measured.
 * @typedef {object} Parts
 * @property {number} server
 * @property {number} echo
 * @property {number} postgres the postmaster, whose children count as it
 */

/**
 * Processor time in microseconds, of all threads, by user and system.
 * @typedef {{ server: number, echo: number, postgres: number, client: number }} ProcessorTime
 */

/**
 * @param {Parts} parts
 * @returns {ProcessorTime | undefined} since each part began; undefined where there is no /proc
 */
export function processorTime({ server, echo, postgres }) {
  if (process.platform !== 'linux') return undefined;
  const { user, system } = process.cpuUsage();
  const children = processesOf(postgres).slice(1);
  return {
    server: timeOf(server).own,
    echo: timeOf(echo).own,
    postgres: children.reduce((sum, pid) => sum + timeOf(pid).own, timeOf(postgres).withEnded),
    client: user + system,
  };
}

/** @param {number} pid  @returns {number[]} it and its children */
export function processesOf(pid) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return [pid, ...all.map(Number).filter((other) => statOf(other)?.[1] === pid)];
}

/**
 * @param {string} superuserUrl
 * @returns {Promise<number>} process id of the postmaster, on this machine
 */
export async function postmasterOf(superuserUrl) {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    return statOf(rows[0].pid)?.[1] ?? Number.NaN;
  } finally {
    await client.end();
  }
}

/** @param {number} pid  @returns {{ own: number, withEnded: number }} microseconds; withEnded: and its ended children's */
function timeOf(pid) {
  const [, , , , , , , , , , , user = 0, system = 0, endedUser = 0, endedSystem = 0] = statOf(pid) ?? [];
  const own = (user + system) * TICK_MICROSECONDS;
  return { own, withEnded: own + (endedUser + endedSystem) * TICK_MICROSECONDS };
}

/** @param {number} pid  @returns {number[] | undefined} proc(5): fields of `stat` after the name: state, ppid, … */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return undefined;
  }
}
