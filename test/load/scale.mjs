// `npm run bench:scale [-- --large 1000000] [-- --audit 1000000] [-- --json]`: what each operation takes on a server with
// 10,000 licenses and on one with many more, in turns. What is measured: docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { AegisProcess, embeddedPostgres } from './aegis-process.mjs';
import { measureInTurns } from './load.mjs';
import { median } from './median.mjs';
import { fill, settle } from './scale/bulk.mjs';
import { growthOf, printGrowth } from './scale/growth.mjs';
import { operations } from './scale/operations.mjs';
import { makeStock } from './stock.mjs';

const { values: options } = parseArgs({
  options: {
    small: { type: 'string', default: '10000' },
    large: { type: 'string', default: '1000000' },
    audit: { type: 'string', default: '1000000' },
    short: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});
const plan = options.short
  ? { connections: 4, warmUpSeconds: 0.5, rounds: 3, seconds: 0.5 }
  : { connections: 4, warmUpSeconds: 2, rounds: 3, seconds: 2 };
/** Licenses that were signed, and so can be validated. */
const STOCK = 1000;
const progress = (/** @type {string} */ sentence) => process.stderr.write(`${sentence}\n`);

const STARTS = 3;

/** Of the server that was started last, as is the next one. */
let superuserUrl = '';
let lastStarted = { folder: '', dataDir: '' };
const folder = mkdtempSync(join(tmpdir(), 'aegis-scale-'));
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
/** @type {(() => Promise<unknown>)[]} */
const cleanUps = [];
try {
  const small = await start(
    'small',
    Number(options.small),
    Math.min(Number(options.small), Number(options.audit)),
  );
  const large = await start('large', Number(options.large), Number(options.audit));
  progress(`Measuring ${small.length} operations on both, ${plan.rounds} rounds of ${plan.seconds} s each …`);
  const loads = await measureInTurns(
    small.flatMap((workload, index) => [workload, large[index] ?? workload]),
    plan,
  );
  const report = growthOf(
    small.map(({ operation, name }, index) => ({
      ...operation,
      small: loads.get(name),
      large: loads.get(large[index]?.name ?? ''),
    })),
  );
  progress('Starting a second server on the large database …');
  const readyMilliseconds = await timeToReady();
  if (options.json) process.stdout.write(`${JSON.stringify({ report, readyMilliseconds }, null, 2)}\n`);
  else printGrowth(report, { ...options, readyMilliseconds, sharedBuffers: await sharedBuffers() });
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  rmSync(folder, { recursive: true, force: true });
}

/**
 * A server on a PostgreSQL of its own, filled.
 * @param {string} name  @param {number} licenses  @param {number} auditRecords
 * @returns {Promise<(import('./speed/workloads.mjs').Workload & { operation: import('./scale/operations.mjs').Operation })[]>}
 */
async function start(name, licenses, auditRecords) {
  const own = mkdtempSync(join(folder, `${name}-`));
  const dataDir = join(own, 'data');
  const postgres = await startEmbeddedPostgres({ dataDir });
  cleanUps.push(async () => {
    await postgres.release();
    await removeEmbeddedPostgres(dataDir);
  });
  lastStarted = { folder: own, dataDir };
  const server = await AegisProcess.start(lastStarted);
  cleanUps.push(() => server.stop());
  superuserUrl = Object.assign(new URL(postgres.superuserUrl), {
    pathname: new URL(postgres.ownerUrl).pathname,
  }).href;
  const adminKey = server.firstAdminKey();
  if (adminKey === undefined) throw new Error('The server did not show an admin key.');
  progress(`Filling ${name}: ${licenses} licenses, ${auditRecords} audit records …`);
  await fill(postgres.ownerUrl, { licenses, auditRecords });
  const stock = await makeStock(server.url, adminKey, STOCK);
  progress('Waiting until every record is sealed …');
  await untilSealed();
  await settle(superuserUrl);
  return (await operations(server.url, adminKey, stock)).map((operation) => ({
    name: `${operation.name}, ${name}`,
    url: server.url,
    requests: operation.requests,
    operation,
  }));
}

/** Median of some starts on the database of the server that was started last, which runs meanwhile. */
async function timeToReady() {
  const times = [];
  for (let count = 0; count < STARTS; count++) {
    const server = await AegisProcess.start(lastStarted);
    times.push(server.startMilliseconds);
    await server.stop();
  }
  return median(times);
}

async function untilSealed() {
  const database = new pg.Client({ connectionString: superuserUrl });
  await database.connect();
  try {
    for (;;) {
      const { rows } = await database.query(
        'SELECT (SELECT max(id) FROM audit_logs) - (SELECT max(audit_id) FROM audit_seals) AS left',
      );
      if (Number(rows[0].left ?? 1) === 0) return;
      await delay(200);
    }
  } finally {
    await database.end();
  }
}

async function sharedBuffers() {
  const database = new pg.Client({ connectionString: superuserUrl });
  await database.connect();
  try {
    return (await database.query('SHOW shared_buffers')).rows[0].shared_buffers;
  } finally {
    await database.end();
  }
}
