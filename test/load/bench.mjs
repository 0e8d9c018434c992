// `npm run bench [-- --short] [-- --json] [-- --profile <folder>]`: how fast the built server is, next to a bare
// Nest route on the same machine at the same time. What is measured, and why so: docs/benchmarks.md. With
// `-- --against <commit>` next to the server of that commit: against.mjs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startEcho } from './echo-process.mjs';
import { assertEvidence } from './evidence.mjs';
import { measureInTurns } from './load.mjs';
import { printReport, reportOf } from './report.mjs';
import { AegisProcess, embeddedPostgres } from './aegis-process.mjs';
import { keepApart } from './cores.mjs';
import { postmasterOf } from './processor-time.mjs';
import { measureStarts } from './starts.mjs';
import { makeStock } from './stock.mjs';
import { workloads } from './workloads.mjs';

const FULL = {
  licenses: 1000,
  connections: 32,
  warmUpSeconds: 3,
  rounds: 5,
  seconds: 3,
  starts: 5,
  coldStarts: 3,
};
const SHORT = {
  licenses: 200,
  connections: 32,
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
  const parts = { server: server.pid, echo: echo.pid, postgres: await postmasterOf(postgres.superuserUrl) };
  const keptApart = keepApart([parts.server, parts.echo], [parts.postgres]);

  progress(`Issuing ${plan.licenses} licenses …`);
  const stock = await makeStock(server.url, starts.adminKey, plan.licenses);
  progress(`Measuring ${plan.rounds} rounds of ${plan.seconds} s each …`);
  const loads = await measureInTurns(workloads(server.url, echo.url, starts.adminKey, stock), {
    ...plan,
    parts,
  });
  const memoryAfterLoad = server.residentMegabytes();
  await assertEvidence({ loads, logFile: server.logFile, databaseUrl: postgres.superuserUrl });

  const report = reportOf({ starts, loads, memoryAfterLoad, keptApart });
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else printReport(report);
} finally {
  for (const one of running.reverse()) await one.stop();
  await removeEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
}
