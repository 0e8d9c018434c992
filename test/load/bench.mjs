// `npm run bench [-- --short] [-- --json] [-- --profile <folder>]`: how fast the built server is, next to a bare
// Nest route on the same machine at the same time. What is measured, and why so: docs/benchmarks.md. With
// `-- --against <commit>` next to the server of that commit: against.mjs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startEcho } from './speed/echo-process.mjs';
import { assertEvidence } from './speed/evidence.mjs';
import { measureInTurns } from './load.mjs';
import { printReport, reportOf } from './speed/report.mjs';
import { AegisProcess, embeddedPostgres } from './aegis-process.mjs';
import { keepApart } from './cores.mjs';
import { postmasterOf } from './processor-time.mjs';
import { measureStarts } from './speed/starts.mjs';
import { makeStock } from './stock.mjs';
import { makeSeatStock, seatWorkloads } from './speed/seats.mjs';
import { findPgbench, issueByPgbench } from './speed/pgbench.mjs';
import { furtherWorkloads, validations, workloads, yardsticks } from './speed/workloads.mjs';
import { startStockedServer } from './stocked-server.mjs';

const FULL = {
  licenses: 10_000,
  seats: { licenses: 1000, full: 10_000 },
  connections: 64,
  warmUpSeconds: 3,
  rounds: 5,
  seconds: 3,
  starts: 5,
  coldStarts: 3,
};
const SHORT = {
  licenses: 500,
  seats: { licenses: 100, full: 200 },
  connections: 64,
  warmUpSeconds: 1,
  rounds: 3,
  seconds: 1,
  starts: 3,
  coldStarts: 1,
};

const { values: options } = parseArgs({
  options: { short: { type: 'boolean' }, json: { type: 'boolean' }, profile: { type: 'string' } },
});
const plan = options.short ? SHORT : FULL;
const progress = (/** @type {string} */ sentence) => process.stderr.write(`${sentence}\n`);

const folder = mkdtempSync(join(tmpdir(), 'aegis-bench-'));
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
const dataDir = join(folder, 'data');
/** @type {{ stop(): Promise<void> }[]} */
const running = [];
/** @type {(() => unknown)[]} undone in reverse */
const cleanUps = [];
try {
  progress('Measuring starts …');
  const starts = await measureStarts({ folder, dataDir, ...plan });

  const postgres = await startEmbeddedPostgres({ dataDir });
  running.push({ stop: () => postgres.release() });
  const cpuProfile = options.profile === undefined ? undefined : resolve(options.profile);
  const server = await AegisProcess.start({ folder, dataDir, cpuProfile });
  running.push(server);
  const echo = await startEcho();
  running.push(echo);
  const postmaster = await postmasterOf(postgres.superuserUrl);
  progress(`Issuing ${plan.licenses} licenses …`);
  const stock = await makeStock(server.url, starts.adminKey, plan.licenses);
  const seatStock = await makeSeatStock(server.url, starts.adminKey, plan.seats);
  const others = options.short ? [] : [await serve('naive'), await serve('forgetful')];
  const inserting = options.short ? [] : await inserts();
  const parts = { server: server.pid, echo: echo.pid, postgres: postmaster };
  const keptApart = keepApart(
    [parts.server, parts.echo, ...others.map(({ pid }) => pid)],
    [postmaster, ...[...others, ...inserting].map((other) => other.postmaster)],
  );

  progress(`Measuring ${plan.rounds} rounds of ${plan.seconds} s each …`);
  const all = [
    ...(await yardsticks(echo, server.url, starts.adminKey, stock)),
    ...workloads(server.url, starts.adminKey, stock),
    ...furtherWorkloads(server.url, starts.adminKey, stock),
    ...seatWorkloads(server.url, seatStock),
    ...others.map(({ name, url, stock: own, pid, postmaster: theirs }) => ({
      ...validations(`${name} validate`, url, own),
      parts: { server: pid, echo: echo.pid, postgres: theirs },
    })),
    ...inserting,
  ];
  const loads = await measureInTurns(all, { ...plan, parts });
  const memoryAfterLoad = server.residentMegabytes();
  await assertEvidence({ loads, logFile: server.logFile, databaseUrl: postgres.superuserUrl });

  const report = reportOf({
    starts,
    loads,
    memoryAfterLoad,
    keptApart,
    isShort: options.short === true,
  });
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else printReport(report);
} finally {
  for (const one of running.reverse()) await one.stop();
  await removeEmbeddedPostgres(dataDir);
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  rmSync(folder, { recursive: true, force: true });
}

/**
 * A server of this build whose validation is replaced: speed/<name>-validation.cjs.
 * @param {string} name
 */
async function serve(name) {
  const own = mkdtempSync(join(folder, `${name}-`));
  const preload = join(import.meta.dirname, 'speed', `${name}-validation.cjs`);
  const stocked = await startStockedServer({ folder: own, licenses: plan.licenses, cleanUps, preload });
  return { ...stocked, name };
}

/** The inserts of an issue by pgbench, where it is installed: on a database of its own, which no server seals meanwhile. */
async function inserts() {
  const pgbench = findPgbench();
  if (pgbench === undefined) {
    progress('pgbench is not installed (Debian: postgresql-contrib): issues are not compared with it.');
    return [];
  }
  const own = mkdtempSync(join(folder, 'pgbench-'));
  const { applicationUrl, postmaster, stock, stop } = await startStockedServer({
    folder: own,
    licenses: 1,
    cleanUps,
  });
  await stop();
  const workload = issueByPgbench({
    pgbench,
    databaseUrl: applicationUrl,
    token: stock[0].token,
    folder: own,
  });
  return [{ ...workload, postmaster }];
}
