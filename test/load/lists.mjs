// `npm run bench:lists [-- --rows 1000000]`: streams a list of that many licenses and watches the server's memory.
// What is measured: docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { AegisProcess, embeddedPostgres } from './aegis-process.mjs';

const { values: options } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } });
const rows = Number(options.rows);
const progress = (/** @type {string} */ sentence) => process.stderr.write(`${sentence}\n`);

/**
 * Reads a stream to its end.
 * @param {AegisProcess} server
 * @param {string} key
 * @param {string} accept
 * @param {number} stopAfter bytes after which the reader hangs up; Infinity reads all
 */
async function stream(server, key, accept, stopAfter = Number.POSITIVE_INFINITY) {
  const startedAt = performance.now();
  let lines = 0;
  let bytes = 0;
  let peak = server.residentMegabytes();
  const watch = setInterval(() => (peak = Math.max(peak, server.residentMegabytes())), 200);
  await new Promise((resolve, reject) => {
    get(`${server.url}/api/v1/licenses`, { headers: { 'X-API-Key': key, Accept: accept } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the list answered ${response.statusCode}`));
      response.on('data', (/** @type {Buffer} */ chunk) => {
        bytes += chunk.length;
        for (const byte of chunk) if (byte === 10) lines += 1;
        if (bytes > stopAfter) response.destroy();
      });
      response.on('close', resolve);
    }).on('error', reject);
  });
  clearInterval(watch);
  return { lines, megabytes: bytes / 2 ** 20, seconds: (performance.now() - startedAt) / 1000, peak };
}

/** Waits until the server runs no statement on licenses any longer. */
async function untilQuiet(/** @type {pg.Client} */ database) {
  const startedAt = performance.now();
  for (;;) {
    const { rows: found } = await database.query(
      `SELECT 1 FROM pg_stat_activity WHERE application_name = 'aegis' AND state = 'active'`,
    );
    if (found.length === 0) return performance.now() - startedAt;
    await delay(5);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'aegis-lists-'));
const dataDir = join(folder, 'data');
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
/** @type {{ stop(): Promise<void> }[]} */
const running = [];
try {
  const postgres = await startEmbeddedPostgres({ dataDir });
  running.push({ stop: () => postgres.release() });
  const server = await AegisProcess.start({ folder, dataDir });
  running.push(server);
  const key = server.firstAdminKey() ?? '';
  const database = new pg.Client({
    connectionString: postgres.ownerUrl,
  });
  await database.connect();
  running.push({ stop: () => database.end() });
  progress(`Inserting ${rows} licenses …`);
  await database.query(`INSERT INTO customers (id, name) VALUES ('bulk', 'Bulk')`);
  await database.query(
    `INSERT INTO licenses (customer_id, module_name, license_type, allowed_major_versions, issued_at, key_id, created_at)
     SELECT 'bulk', 'payroll', 'perpetual', ARRAY['17'], now(), (SELECT kid FROM signing_keys LIMIT 1),
            now() - make_interval(secs => n) FROM generate_series(1, $1::int) AS n`,
    [rows],
  );
  await database.query('ANALYZE licenses');
  const few = await stream(server, key, 'application/x-ndjson', 4 * 2 ** 20);
  const quietAfter = await untilQuiet(database);
  const before = server.residentMegabytes();
  for (const accept of ['application/x-ndjson', 'text/csv']) {
    progress(`Streaming ${accept} …`);
    const all = await stream(server, key, accept);
    const expected = rows + (accept === 'text/csv' ? 1 : 0);
    if (all.lines !== expected) throw new Error(`${accept}: ${all.lines} lines instead of ${expected}`);
    process.stdout.write(
      `${accept}: ${rows} rows, ${all.megabytes.toFixed(0)} MiB in ${all.seconds.toFixed(1)} s; ` +
        `memory ${before.toFixed(0)} MiB before, at most ${all.peak.toFixed(0)} MiB\n`,
    );
  }
  process.stdout.write(
    `hung up after ${few.megabytes.toFixed(1)} MiB: no statement was running ${quietAfter.toFixed(0)} ms later\n`,
  );
} finally {
  for (const one of running.reverse()) await one.stop();
  await removeEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
}
