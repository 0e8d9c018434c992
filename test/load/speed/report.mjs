import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { median } from '../median.mjs';
import { SEAT_LOADS } from './seats.mjs';
import { BATCH } from './workloads.mjs';

/**
 * @typedef {object} Target
 * @property {string} what
 * @property {number} measured
 * @property {string} wanted
 * @property {boolean} met
 */

/** A ratio of the same run, and its limit; the last says that it is the most, not the least. */
const TARGETS = [
  ['validate / echo', 'validate', 0.8],
  ['validate / echo, processor time', 'validate_processor', 1.15, true],
  ['validate / echo, p99', 'validate_p99', 2, true],
  ['validate / naive', 'validate_naive', 2.5],
  ['validate of new tokens / echo', 'validate_new', 0.45],
  ['licenses in batches / one by one', 'batch', 5],
  ['read a license / echo', 'read', 0.6],
  ['issue / echo', 'issue', 0.33],
  ['issue / echo, processor time', 'issue_processor', 2.7, true],
  ['issue / pgbench', 'issue_pgbench', 0.35],
  ['status list / bare GET', 'status_list', 0.9],
  ['key set / bare GET', 'key_set', 0.9],
  ['status / validate', 'status', 1],
  ['heartbeat / validate', 'heartbeat', 0.8],
  ['heartbeat with a token / validate', 'heartbeat_with_token', 0.5],
  ['activation / issue', 'activation', 0.6],
  ['refusal of a full license / activation, time', 'refusal', 5, true],
];
/** What no machine may miss in a run of seconds. */
const SHORT_TARGETS = [
  ['validate / echo', 'validate', 0.5],
  ['issue / echo', 'issue', 0.2],
];

/**
 * @param {{ starts: import('./starts.mjs').Starts, loads: Map<string, import('../load.mjs').Load>,
 *   memoryAfterLoad: number, keptApart: boolean, isShort: boolean }} measured
 */
export function reportOf({ starts, loads, memoryAfterLoad, keptApart, isShort }) {
  const ratios = {
    validate: ratio(loads, 'validate', 'echo of validate'),
    issue: ratio(loads, 'issue', 'echo of issue'),
    validate_processor: processorRatio(loads, 'validate', 'echo of validate'),
    issue_processor: processorRatio(loads, 'issue', 'echo of issue'),
    validate_p99: p99Ratio(loads, 'validate', 'echo of validate'),
    validate_naive: ratio(loads, 'validate', 'naive validate'),
    validate_new: ratio(loads, 'forgetful validate', 'echo of validate'),
    batch: BATCH * ratio(loads, 'batch of validations', 'validate'),
    read: ratio(loads, 'read a license', 'echo of license'),
    status_list: ratio(loads, 'status list', 'echo of status-list'),
    key_set: ratio(loads, 'key set', 'echo of key-set'),
    status: ratio(loads, 'status', 'validate'),
    issue_pgbench: ratio(loads, 'issue', 'pgbench of issue'),
    heartbeat: ratio(loads, SEAT_LOADS.heartbeat, 'validate'),
    heartbeat_with_token: ratio(loads, SEAT_LOADS.heartbeatWithToken, 'validate'),
    activation: ratio(loads, SEAT_LOADS.activation, 'issue'),
    refusal: ratio(loads, SEAT_LOADS.alone, SEAT_LOADS.refusal),
  };
  return {
    commit: commit(),
    node: process.version,
    cpus: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    load_average: loadavg()[0],
    kept_apart: keptApart,
    loads: Object.fromEntries(loads),
    authentication_microseconds: difference(loads, 'status with a key', 'status'),
    ratios,
    ready_ms: starts.readyMilliseconds,
    cold_ms: starts.coldMilliseconds,
    idle_mb: starts.idleMegabytes,
    after_load_mb: memoryAfterLoad,
    targets: [
      ...(isShort ? SHORT_TARGETS : TARGETS).map(([what, ratioName, limit, isAtMost]) =>
        (isAtMost ? atMost : atLeast)(what, ratios[ratioName], limit),
      ),
      below('start to ready, ms', starts.readyMilliseconds, 2000),
      below('idle memory, MiB', starts.idleMegabytes, 150),
    ].filter(({ measured }) => !Number.isNaN(measured)),
  };
}

/** @param {ReturnType<typeof reportOf>} report */
export function printReport(report) {
  const line = (/** @type {unknown[]} */ ...cells) =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(34) : String(cell).padStart(13))).join('');
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
 * @param {Map<string, import('../load.mjs').Load>} loads  @param {string} name  @param {string} yardstick
 * @returns {number} median over the rounds of what the one did of what the other did in the same round
 */
function ratio(loads, name, yardstick) {
  const base = loads.get(yardstick)?.rounds ?? [];
  const rounds = loads.get(name)?.rounds ?? [];
  if (base.length === 0 || rounds.length === 0) return Number.NaN;
  return median(rounds.map(({ perSecond }, round) => perSecond / (base[round]?.perSecond ?? Number.NaN)));
}

/**
 * @param {Map<string, import('../load.mjs').Load>} loads  @param {string} name  @param {string} yardstick
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

/** As `ratio`, of the server's processor time for a request to that of the yardstick. */
function processorRatio(loads, name, yardstick) {
  return (
    (loads.get(name)?.processor?.server ?? Number.NaN) / (loads.get(yardstick)?.processor?.echo ?? Number.NaN)
  );
}

/** As `ratio`, of the times that all but one of a hundred requests stay below. */
function p99Ratio(loads, name, yardstick) {
  return (loads.get(name)?.p99 ?? Number.NaN) / (loads.get(yardstick)?.p99 ?? Number.NaN);
}

/** @param {string} what  @param {number} measured  @param {number} most  @returns {Target} */
function atMost(what, measured, most) {
  return { what, measured, wanted: `≤ ${most}`, met: measured <= most };
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
