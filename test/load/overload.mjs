// `npm run bench:overload [-- --short] [-- --json]`: what a server still answers at twice its capacity. First validations
// over 64 connections, which is its capacity; then as many requests as that twice over, over so many connections that an
// answer that is late does not keep the next request from being sent. Probes are asked meanwhile.
import autocannon from 'autocannon';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { keepApart } from './cores.mjs';
import { median } from './median.mjs';
import { processorTime } from './processor-time.mjs';
import { startStockedServer } from './stocked-server.mjs';

const FULL = { licenses: 1000, rounds: 5, seconds: 5 };
const SHORT = { licenses: 200, rounds: 3, seconds: 2 };
const CAPACITY_CONNECTIONS = 64;
/** More than MAX_WAITING_REQUESTS, whose default is measured. */
const OVERLOAD_CONNECTIONS = 3000;
/** autocannon makes all requests of each connection before it sends one: of more, the first would time out meanwhile. */
const REQUESTS_PER_CONNECTION = 20;
const PROBE_EVERY_MS = 50;
const LEAST_GOODPUT = 0.75;
const MOST_PROBE_MS = 1000;

const { values: options } = parseArgs({ options: { short: { type: 'boolean' }, json: { type: 'boolean' } } });
const plan = options.short ? SHORT : FULL;
const folder = mkdtempSync(join(tmpdir(), 'aegis-overload-'));
/** @type {(() => unknown)[]} undone in reverse */
const cleanUps = [() => rmSync(folder, { recursive: true, force: true })];
try {
  const server = await startStockedServer({ folder, licenses: plan.licenses, cleanUps });
  const [validate] = server.workloads;
  const parts = { server: server.pid, echo: server.pid, postgres: server.postmaster };
  const keptApart = keepApart([server.pid], [server.postmaster]);
  /** @param {number} connections  @param {object} [rate] */
  const drive = async (connections, rate) => {
    const before = processorTime(parts)?.server ?? Number.NaN;
    const startedAt = performance.now();
    const { statusCodeStats, errors, timeouts } = await autocannon({
      url: server.url,
      connections,
      duration: plan.seconds,
      requests: validate.requests.slice(0, REQUESTS_PER_CONNECTION),
      ...rate,
    });
    if (errors + timeouts > 0) throw new Error(`${errors} errors, ${timeouts} time-outs`);
    const seconds = (performance.now() - startedAt) / 1000;
    const count = (/** @type {string} */ status) => statusCodeStats[status]?.count ?? 0;
    return {
      good: count('200') / seconds,
      refused: count('503') / seconds,
      others: Object.keys(statusCodeStats).filter((status) => status !== '200' && status !== '503'),
      processorMicroseconds: (processorTime(parts)?.server ?? Number.NaN) - before,
      seconds,
    };
  };
  await drive(CAPACITY_CONNECTIONS);
  const rounds = [];
  for (let round = 0; round < plan.rounds; round++) {
    const capacity = await drive(CAPACITY_CONNECTIONS);
    const probes = probing(server.url);
    const driven = drive(OVERLOAD_CONNECTIONS, { overallRate: Math.round(2 * capacity.good) });
    // Also before a failure, which stops the server.
    const times = await driven.then(probes.stop, probes.stop);
    rounds.push({ capacity, overload: await driven, probe99: percentile(times, 0.99) });
  }
  process.exitCode = report(rounds, keptApart);
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}

/** Asks `GET /health/live` again and again. @param {string} url */
function probing(url) {
  const times = [];
  let stopped = false;
  const asking = (async () => {
    while (!stopped) {
      const startedAt = performance.now();
      const answer = await fetch(`${url}/health/live`);
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`liveness: ${answer.status}`);
      times.push(performance.now() - startedAt);
      await pause(PROBE_EVERY_MS);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await asking;
      return times;
    },
  };
}

/** @param {number[]} values  @param {number} part */
function percentile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}

/** @returns {number} exit code */
function report(rounds, keptApart) {
  const others = [
    ...new Set(rounds.flatMap(({ capacity, overload }) => [...capacity.others, ...overload.others])),
  ];
  const of = (/** @type {(round: (typeof rounds)[number]) => number} */ value) => median(rounds.map(value));
  const result = {
    cores: availableParallelism(),
    load_average: loadavg()[0],
    kept_apart: keptApart,
    capacity: of(({ capacity }) => capacity.good),
    goodput: of(({ overload }) => overload.good),
    refused: of(({ overload }) => overload.refused),
    goodput_of_capacity: of(({ capacity, overload }) => overload.good / capacity.good),
    liveness_p99_ms: of(({ probe99 }) => probe99),
    // What the answers do not explain is the refusals'.
    refusal_microseconds: of(({ capacity, overload }) => {
      const answer = capacity.processorMicroseconds / (capacity.good * capacity.seconds);
      const left = overload.processorMicroseconds - overload.good * overload.seconds * answer;
      return left / (overload.refused * overload.seconds);
    }),
    other_statuses: others,
  };
  const met =
    result.goodput_of_capacity >= LEAST_GOODPUT &&
    result.liveness_p99_ms < MOST_PROBE_MS &&
    others.length === 0;
  if (options.json) console.log(JSON.stringify(result, null, 2));
  else
    for (const [name, value] of Object.entries(result))
      console.log(
        `${name.replaceAll('_', ' ').padEnd(24)}${typeof value === 'number' ? value.toFixed(value < 10 ? 2 : 0) : String(value)}`,
      );
  console.log(
    `Wanted: goodput ≥ ${LEAST_GOODPUT} of the capacity, liveness p99 < ${MOST_PROBE_MS} ms: ${met ? 'met' : 'NOT MET'}`,
  );
  return met ? 0 : 1;
}
