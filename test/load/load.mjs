import autocannon from 'autocannon';
import { median } from './median.mjs';
import { processorTime } from './processor-time.mjs';

/** @typedef {import('./processor-time.mjs').ProcessorTime} ProcessorTime */

/**
 * @typedef {object} Round
 * @property {number} answered requests
 * @property {number} perSecond
 * @property {number} p50 milliseconds
 * @property {number} p99 milliseconds
 * @property {ProcessorTime | undefined} processor microseconds a request, of each part
 */

/**
 * @typedef {object} Plan
 * @property {number} connections each waits for an answer before it asks again
 * @property {number} warmUpSeconds
 * @property {number} rounds
 * @property {number} seconds of a round
 * @property {import('./processor-time.mjs').Parts} [parts] whose processor time is read
 */

/**
 * @typedef {object} Load
 * @property {number} answered requests in all, warm-up included
 * @property {Round[]} rounds
 * @property {number} perSecond median of the rounds, as are the next two
 * @property {number} p50
 * @property {number} p99
 * @property {ProcessorTime | undefined} processor
 */

/**
 * Drives each workload for a while in turn, round by round, so that whatever else the machine does hits them all.
 * @param {readonly import('./speed/workloads.mjs').Workload[]} workloads
 * @param {Plan} plan
 * @returns {Promise<Map<string, Load>>} by the workload's name
 * @throws Error when any request is not answered with a 2xx, or with the status that its workload wants
 */
export async function measureInTurns(workloads, plan) {
  const answered = new Map();
  for (const workload of workloads)
    answered.set(workload.name, (await drive(workload, plan, plan.warmUpSeconds)).answered);
  const measured = new Map(workloads.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++)
    for (const workload of workloads)
      measured.get(workload.name).push(await drive(workload, plan, plan.seconds));
  return new Map([...measured].map(([name, all]) => [name, summary(all, answered.get(name))]));
}

/** @param {Round[]} rounds  @param {number} warmUp requests  @returns {Load} */
function summary(rounds, warmUp) {
  return {
    answered: rounds.reduce((sum, { answered }) => sum + answered, warmUp),
    rounds,
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
    processor: medianOfParts(rounds.flatMap(({ processor }) => processor ?? [])),
  };
}

/** @param {readonly ProcessorTime[]} times  @returns {ProcessorTime | undefined} undefined for none */
function medianOfParts(times) {
  if (times.length === 0) return undefined;
  return {
    server: median(times.map(({ server }) => server)),
    echo: median(times.map(({ echo }) => echo)),
    postgres: median(times.map(({ postgres }) => postgres)),
    client: median(times.map(({ client }) => client)),
  };
}

/**
 * @param {import('./speed/workloads.mjs').Workload} workload
 * @param {Plan} plan
 * @param {number} seconds
 * @returns {Promise<Round>}
 */
async function drive(workload, plan, seconds) {
  const connections = workload.connections ?? plan.connections;
  if (workload.drive !== undefined) return workload.drive(seconds, connections);
  const { name, url, requests = [] } = workload;
  const parts = workload.parts ?? plan.parts;
  /** @type {number[]} */
  const latencies = [];
  let client = 0;
  const before = parts && processorTime(parts);
  const startedAt = performance.now();
  const run = autocannon({
    url,
    connections,
    duration: seconds,
    sampleInt: 100,
    // Each connection has requests of its own: all together they go through them once in turn.
    setupClient: (connection) => connection.setRequests(share(requests, client++, connections)),
  });
  let endedAt = startedAt;
  run.on('response', (_client, _status, _bytes, milliseconds) => {
    latencies.push(milliseconds);
    endedAt = performance.now();
  });
  const { errors, timeouts, non2xx, statusCodeStats } = await run;
  const after = parts && processorTime(parts);
  const others = Object.keys(statusCodeStats).filter((status) => status !== String(workload.status));
  const unwanted = workload.status === undefined ? non2xx : others.length;
  if (errors + timeouts + unwanted > 0 || latencies.length === 0) {
    const seen = JSON.stringify({ answered: latencies.length, errors, timeouts, statusCodeStats });
    throw new Error(`${name}: not every request was answered with ${workload.status ?? 'a 2xx'}: ${seen}`);
  }
  latencies.sort((a, b) => a - b);
  return {
    answered: latencies.length,
    perSecond: (latencies.length * 1000) / (endedAt - startedAt),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    processor: before && after && perRequest(before, after, latencies.length),
  };
}

/** @param {ProcessorTime} before  @param {ProcessorTime} after  @param {number} requests  @returns {ProcessorTime} */
function perRequest(before, after, requests) {
  return {
    server: (after.server - before.server) / requests,
    echo: (after.echo - before.echo) / requests,
    postgres: (after.postgres - before.postgres) / requests,
    client: (after.client - before.client) / requests,
  };
}

/**
 * @template T
 * @param {readonly T[]} all  @param {number} index  @param {number} shares
 * @returns {T[]} copies, since autocannon keeps what it builds in them; at least one
 */
function share(all, index, shares) {
  const own = all.filter((_, position) => position % shares === index % Math.min(shares, all.length));
  return own.map((request) => ({ ...request }));
}

/** @param {readonly number[]} sorted  @param {number} part  @returns {number} */
const percentile = (sorted, part) => sorted[Math.ceil(sorted.length * part) - 1];
