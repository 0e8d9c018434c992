// `npm run bench:traces [-- --short] [-- --json]`: what traces cost a validation. Three servers of this build, each on a
// database of its own, are driven in turn: without traces, with one of twenty requests traced, and with all of them.
import { fork, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { keepApart } from '../cores.mjs';
import { measureInTurns } from '../load.mjs';
import { median } from '../median.mjs';
import { startStockedServer } from '../stocked-server.mjs';

const FULL = { licenses: 500, connections: 32, warmUpSeconds: 8, rounds: 9, seconds: 3 };
const SHORT = { licenses: 200, connections: 32, warmUpSeconds: 1, rounds: 3, seconds: 1 };

const { values: options } = parseArgs({ options: { short: { type: 'boolean' }, json: { type: 'boolean' } } });
const plan = options.short ? SHORT : FULL;
const folder = mkdtempSync(join(tmpdir(), 'aegis-traces-'));
/** @type {(() => unknown)[]} undone in reverse */
const cleanUps = [() => rmSync(folder, { recursive: true, force: true })];
try {
  const { endpoint, collector } = await startCollector();
  /** @param {string} share */
  const traced = (share) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: share,
  });
  const servers = [
    await serve('off', collector, {}),
    await serve('5 %', collector, traced('0.05')),
    await serve('100 %', collector, traced('1')),
  ];
  const keptApart = keepApart(
    servers.map(({ pid }) => pid),
    servers.map(({ postmaster }) => postmaster),
  );
  const loads = await measureInTurns(
    servers.map(({ validate }) => validate),
    plan,
  );
  report(loads, keptApart);
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}

/** @returns {Promise<{ endpoint: string, collector: number }>} its URL and process id */
async function startCollector() {
  const child = fork(join(import.meta.dirname, 'discarding-collector.mjs'), { execArgv: [] });
  cleanUps.push(() => child.disconnect());
  const [{ port }] = await once(child, 'message');
  return { endpoint: `http://127.0.0.1:${port}`, collector: child.pid ?? Number.NaN };
}

/** @param {string} name  @param {number} collector process id  @param {Record<string, string>} variables */
async function serve(name, collector, variables) {
  const own = mkdtempSync(join(folder, 'server-'));
  const { pid, postmaster, workloads } = await startStockedServer({
    folder: own,
    licenses: plan.licenses,
    cleanUps,
    variables,
  });
  const validate = workloads.find((one) => one.name === 'validate');
  if (validate === undefined) throw new Error('There is no workload "validate".');
  // The collector takes the place of the echo, which is not measured here.
  const parts = { server: pid, echo: collector, postgres: postmaster };
  return { pid, postmaster, validate: { ...validate, name, parts } };
}

/** @param {Map<string, import('../load.mjs').Load>} loads  @param {boolean} keptApart */
function report(loads, keptApart) {
  const off = loads.get('off');
  const rows = [...loads].map(([traces, load]) => ({
    traces,
    perSecond: Math.round(load.perSecond),
    p50: load.p50,
    p99: load.p99,
    serverMicroseconds: load.processor?.server ?? Number.NaN,
    // Round by round: what else the machine does hits both.
    ratio: median(
      load.rounds.map(({ perSecond }, at) => perSecond / (off?.rounds[at]?.perSecond ?? Number.NaN)),
    ),
  }));
  const usual = rows[0]?.serverMicroseconds ?? Number.NaN;
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = { commit, node: process.version, cores: cpus().length, load: loadavg()[0], keptApart };
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...machine, rows }, null, 2)}\n`);
    return;
  }
  console.log(
    `Commit ${commit}, Node ${machine.node}, ${machine.cores} cores, load average ${machine.load?.toFixed(1)}; each process ${keptApart ? 'kept to its core' : 'on all cores'}.`,
  );
  console.log(`traces    validations/s    p50 ms    p99 ms   of off   server µs   of off`);
  for (const { traces, perSecond, p50, p99, ratio, serverMicroseconds } of rows)
    console.log(
      traces.padEnd(10) +
        String(perSecond).padStart(13) +
        p50.toFixed(1).padStart(10) +
        p99.toFixed(1).padStart(10) +
        ratio.toFixed(2).padStart(9) +
        serverMicroseconds.toFixed(0).padStart(12) +
        (serverMicroseconds / usual).toFixed(2).padStart(9),
    );
}
