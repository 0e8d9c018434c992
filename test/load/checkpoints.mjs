// `npm run bench:checkpoints [-- --records 60000 --rate 5000 --servers 2]`: writes audit records at that rate while so
// many servers seal them, and watches how old the oldest unsealed one gets; then how fast a backlog is sealed.
// What is measured: docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { AegisProcess, embeddedPostgres } from './aegis-process.mjs';

const { values: options } = parseArgs({
  options: {
    records: { type: 'string', default: '60000' },
    rate: { type: 'string', default: '5000' },
    servers: { type: 'string', default: '2' },
  },
});
const [records, rate, servers] = [options.records, options.rate, options.servers].map(Number);
const progress = (/** @type {string} */ sentence) => process.stderr.write(`${sentence}\n`);
/** As many as one batch of validations appends at most. */
const BATCH = 500;
const WATCH_MS = 50;
const PATIENCE_MS = 120_000;

/** @param {pg.Client} client @param {number} count */
async function append(client, count) {
  await client.query(
    `INSERT INTO audit_logs (event_type, license_id, customer_id, module_name, actor, ip_address, user_agent, event_data)
     SELECT 'license.validated', gen_random_uuid(), 'acme', 'payroll', 'system', '203.0.113.7', 'bench/1.0', '{"code": "VALID"}'
     FROM generate_series(1, $1::int)`,
    [count],
  );
}

/** @param {pg.Client} client */
async function lag(client) {
  const { rows } = await client.query(`
    SELECT coalesce((SELECT extract(epoch FROM clock_timestamp() - recorded_at) FROM audit_logs
                     WHERE (xact, id) > (coalesce(last.sealed_xact, '0'), coalesce(last.sealed_id, 0))
                     ORDER BY xact, id LIMIT 1), 0)::float8 AS lag
    FROM (SELECT 1) AS one LEFT JOIN (SELECT * FROM audit_checkpoints ORDER BY number DESC LIMIT 1) AS last ON true`);
  return /** @type {number} */ (rows[0].lag);
}

/** @param {pg.Client} client */
async function untilSealed(client) {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await lag(client)) > 0) {
    if (performance.now() > deadline) throw new Error('The backlog was not sealed in time.');
    await delay(WATCH_MS);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'aegis-checkpoints-'));
const dataDir = join(folder, 'data');
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
/** @type {{ stop(): Promise<void> }[]} */
const running = [];
try {
  const postgres = await startEmbeddedPostgres({ dataDir });
  running.push({ stop: () => postgres.release() });
  const connect = async () => {
    const client = new pg.Client({ connectionString: postgres.ownerUrl });
    await client.connect();
    running.push({ stop: () => client.end() });
    return client;
  };
  const [writer, watcher] = [await connect(), await connect()];
  const sealing = [];
  for (let count = 0; count < servers; count += 1)
    sealing.push(await AegisProcess.start({ folder, dataDir }));
  running.push(...sealing);

  progress(`Writing ${records} records at ${rate}/s while ${servers} server(s) seal …`);
  let largest = 0;
  let writing = true;
  const watching = (async () => {
    while (writing) {
      largest = Math.max(largest, await lag(watcher));
      await delay(WATCH_MS);
    }
  })();
  const startedAt = performance.now();
  for (let written = 0; written < records; written += BATCH) {
    await append(writer, Math.min(BATCH, records - written));
    await delay(Math.max(0, startedAt + ((written + BATCH) / rate) * 1000 - performance.now()));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  writing = false;
  await watching;
  await untilSealed(watcher);
  const {
    rows: [sealed],
  } = await watcher.query(`
    SELECT (SELECT count(*)::int FROM audit_logs) AS records, (SELECT count(*)::int FROM audit_seals) AS seals,
           (SELECT count(*)::int FROM audit_checkpoints) AS checkpoints`);
  process.stdout.write(
    `${records} records in ${seconds.toFixed(1)} s (${Math.round(records / seconds)}/s), ${servers} server(s): ` +
      `largest lag ${largest.toFixed(2)} s, ${sealed.checkpoints} checkpoints, ` +
      `${sealed.seals} of ${sealed.records} records sealed\n`,
  );
  if (sealed.seals !== sealed.records) throw new Error('Records were left out, or sealed twice.');

  for (const server of sealing) await server.stop();
  progress(`Writing a backlog of ${records} records while none seals …`);
  for (let written = 0; written < records; written += BATCH)
    await append(writer, Math.min(BATCH, records - written));
  const server = await AegisProcess.start({ folder, dataDir });
  running.push(server);
  const readyAt = performance.now();
  const [first] = (await watcher.query('SELECT count(*)::int AS seals FROM audit_seals')).rows;
  await untilSealed(watcher);
  const took = (performance.now() - readyAt) / 1000;
  const left = sealed.records + records - first.seals;
  process.stdout.write(
    `backlog: ${left} records sealed in ${took.toFixed(1)} s (${Math.round(left / took)}/s) by one server\n`,
  );
} finally {
  for (const one of running.reverse()) await one.stop();
  await removeEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
}
