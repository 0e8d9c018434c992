// `npm run bench:webhooks [-- --short]`: events at a steady rate, and as many as can be sent, to a fast receiver on this
// machine. What is measured: docs/benchmarks.md.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { AegisProcess, embeddedPostgres } from '../aegis-process.mjs';

const RATE = 500;
/** What commits at once: a twentieth of a second has this many events. */
const TOGETHER = RATE / 20;
const IN_FLIGHT = 16;

const { values: options } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const seconds = options.short ? 4 : 30;
const backlog = options.short ? 2000 : 20_000;
const progress = (/** @type {string} */ sentence) => process.stderr.write(`${sentence}\n`);

const folder = mkdtempSync(join(tmpdir(), 'aegis-webhooks-'));
const dataDir = join(folder, 'data');
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
/** @type {(() => unknown)[]} */
const cleanUps = [];

/** Puts as many changes on record, each of a license of its own. */
async function change(/** @type {pg.Client} */ sql, /** @type {number} */ count) {
  await sql.query(
    `INSERT INTO audit_logs (event_type, actor, license_id, customer_id, module_name, event_data)
     SELECT 'license.updated', 'system', gen_random_uuid(), 'bench', 'payroll', '{"fields": ["notes"]}'
     FROM generate_series(1, $1::integer)`,
    [count],
  );
}

/** @param {string} url  @param {number} count  @returns {Promise<number>} seconds until as many events are there */
async function received(url, count) {
  const startedAt = performance.now();
  while ((await (await fetch(`${url}/count`)).json()) < count) await pause(5);
  return (performance.now() - startedAt) / 1000;
}

/** Sends the same body as often, as fast as Node alone does. @returns {Promise<number>} requests per second */
async function plainRate(/** @type {string} */ url, /** @type {number} */ count) {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const body = JSON.stringify({
    id: `evt_${randomUUID()}`,
    timestamp: new Date(),
    data: { text: 'x'.repeat(200) },
  });
  let left = count;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0)
        await new Promise((resolve, reject) => {
          const sent = request(
            url,
            { method: 'POST', agent, headers: { 'content-length': body.length } },
            (answer) => answer.resume().on('end', resolve),
          );
          sent.on('error', reject).end(body);
        });
    }),
  );
  agent.destroy();
  return count / ((performance.now() - startedAt) / 1000);
}

try {
  const child = fork(join(import.meta.dirname, 'receiver-process.mjs'));
  cleanUps.push(() => child.kill());
  const [port] = await once(child, 'message');
  const url = `http://127.0.0.1:${port}`;

  const postgres = await startEmbeddedPostgres({ dataDir });
  cleanUps.push(async () => {
    await postgres.release();
    await removeEmbeddedPostgres(dataDir);
  });
  const server = await AegisProcess.start({ folder, dataDir });
  cleanUps.push(() => server.stop());
  const sql = new pg.Client({ connectionString: postgres.applicationUrl });
  await sql.connect();
  cleanUps.push(() => sql.end());
  const created = await fetch(`${server.url}/api/v1/admin/webhooks`, {
    method: 'POST',
    headers: { 'x-api-key': server.firstAdminKey() ?? '', 'content-type': 'application/json' },
    body: JSON.stringify({ url, event_types: ['license.updated'] }),
  });
  if (created.status !== 201)
    throw new Error(`The endpoint was not created: ${created.status} ${await created.text()}`);

  progress('Warming up …');
  await change(sql, RATE);
  await received(url, RATE);
  await fetch(`${url}/take`);

  progress(`${RATE} events per second for ${seconds} s …`);
  const startedAt = performance.now();
  let made = 0;
  while (made < RATE * seconds) {
    await change(sql, TOGETHER);
    made += TOGETHER;
    await pause(Math.max(0, startedAt + (made / RATE) * 1000 - performance.now()));
  }
  const offered = made / ((performance.now() - startedAt) / 1000);
  const behind = await received(url, made);
  const latencies = (await (await fetch(`${url}/take`)).json()).sort(
    (/** @type {number} */ a, /** @type {number} */ b) => a - b,
  );
  const quantile = (/** @type {number} */ share) => latencies[Math.ceil(latencies.length * share) - 1];

  progress(`${backlog} events at once …`);
  await change(sql, backlog);
  const drained = backlog / (await received(url, backlog));
  const plain = await plainRate(url, backlog);

  process.stdout.write(
    [
      `steady: ${offered.toFixed(0)} events per second were committed, all received ${(behind * 1000).toFixed(0)} ms after the last`,
      `  from commit to receipt: p50 ${quantile(0.5)} ms, p95 ${quantile(0.95)} ms, p99 ${quantile(0.99)} ms`,
      `at once: ${backlog} events at ${drained.toFixed(0)} per second`,
      `  / plain requests of Node with ${IN_FLIGHT} in flight (${plain.toFixed(0)} per second): ${(drained / plain).toFixed(2)}`,
      '',
    ].join('\n'),
  );
  if (latencies.length !== made) throw new Error(`${latencies.length} events arrived instead of ${made}`);
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  rmSync(folder, { recursive: true, force: true });
}
