import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { median } from './median.mjs';

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {number} measured
 * @property {string} wanted
 * @property {boolean} met
 */

/**
 * @param {{ starts: import('./starts.mjs').Starts, loads: Map<string, import('./load.mjs').Load>,
 *   memoryAfterLoad: number, keptApart: boolean }} measured
 */
export function reportOf({ starts, loads, memoryAfterLoad, keptApart }) {
  const validate = ratio(loads, 'validate', 'echo of validate');
  const issue = ratio(loads, 'issue', 'echo of issue');
  return {
    commit: commit(),
    node: process.version,
    cpus: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    load_average: loadavg()[0],
    kept_apart: keptApart,
    loads: Object.fromEntries(loads),
    authentication_microseconds: difference(loads, 'status with a key', 'status'),
    ratios: { validate, issue },
    ready_ms: starts.readyMilliseconds,
    cold_ms: starts.coldMilliseconds,
    idle_mb: starts.idleMegabytes,
    after_load_mb: memoryAfterLoad,
    targets: [
      atLeast('validate / echo', validate, 0.5),
      atLeast('issue / echo', issue, 0.2),
      below('start to ready, ms', starts.readyMilliseconds, 2000),
      below('idle memory, MiB', starts.idleMegabytes, 150),
    ],
  };
}

/** @param {ReturnType<typeof reportOf>} report */
export function printReport(report) {
  const line = (/** @type {unknown[]} */ ...cells) =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(22) : String(cell).padStart(13))).join('');
  const lines = [
    `commit ${report.commit}, Node ${report.node}, ${report.cpus}, load average ${report.load_average.toFixed(1)}`,
    '',
    report.kept_apart
      ? 'Server and echo had core 0, client and PostgreSQL the others.'
      : 'Server, echo, client and PostgreSQL shared all cores.',
    '',
    line('', 'requests/s', 'p50 ms', 'p99 ms'),
    ...Object.entries(report.loads).map(([name, { perSecond, p50, p99 }]) =>
      line(name, perSecond.toFixed(0), p50.toFixed(1), p99.toFixed(1)),
    ),
    '',
    line('processor µs a request', 'server', 'echo', 'PostgreSQL', 'client'),
    ...Object.entries(report.loads).map(([name, { processor }]) =>
      line(
        name,
        ...['server', 'echo', 'postgres', 'client'].map((part) => processor?.[part].toFixed(0) ?? '–'),
      ),
    ),
    '',
    `Authentication costs a request ${report.authentication_microseconds.toFixed(0)} µs.`,
    `Start to ready, where the server starts PostgreSQL first: ${report.cold_ms.toFixed(0)} ms.`,
    `Memory right after the load: ${report.after_load_mb.toFixed(0)} MiB.`,
    '',
    line('target', 'measured', 'wanted', ''),
    ...report.targets.map(({ what, measured, wanted, met }) =>
      line(what, measured.toFixed(measured < 10 ? 2 : 0), wanted, met ? 'met' : 'NOT MET'),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/**
 * @param {Map<string, import('./load.mjs').Load>} loads  @param {string} name  @param {string} yardstick
 * @returns {number} median over the rounds of what the one did of what the other did in the same round
 */
function ratio(loads, name, yardstick) {
  const base = loads.get(yardstick)?.rounds ?? [];
  const rounds = loads.get(name)?.rounds ?? [];
  return median(rounds.map(({ perSecond }, round) => perSecond / (base[round]?.perSecond ?? Number.NaN)));
}

/**
 * @param {Map<string, import('./load.mjs').Load>} loads  @param {string} name  @param {string} yardstick
 * @returns {number} median over the rounds of how many microseconds a request of the one took more than one of the
 *   other in the same round; noise can make it negative
 */
function difference(loads, name, yardstick) {
  const base = loads.get(yardstick)?.rounds ?? [];
  const rounds = loads.get(name)?.rounds ?? [];
  return median(
    rounds.map(({ perSecond }, round) => 1e6 / perSecond - 1e6 / (base[round]?.perSecond ?? Number.NaN)),
  );
}

/** @param {string} what  @param {number} measured  @param {number} least  @returns {Target} */
function atLeast(what, measured, least) {
  return { what, measured, wanted: `≥ ${least}`, met: measured >= least };
}

/** @param {string} what  @param {number} measured  @param {number} limit  @returns {Target} */
function below(what, measured, limit) {
  return { what, measured, wanted: `< ${limit}`, met: measured < limit };
}

/** @returns {string} short id, with a plus sign where the work tree differs */
function commit() {
  const git = (/** @type {string[]} */ ...words) =>
    execFileSync('git', words, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no').trim() !== '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}
