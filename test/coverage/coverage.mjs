// `npm run test:coverage [-- <what jest takes>]`: which statements and branches the tests run, also in the programs
// that they start (command line, servers). Ends with 1 where a test fails or a target is missed.
import coverage from 'istanbul-lib-coverage';
import report from 'istanbul-lib-report';
import reports from 'istanbul-reports';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coverageOfPrograms } from './programs.mjs';

const TARGET_PERCENT = 90;

const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'aegis-coverage-'));
try {
  const jest = ['node_modules/jest/bin/jest.js', '--config', 'jest.config.cjs'];
  const measured = ['--coverage', '--coverageReporters=json'];
  const { status } = spawnSync(process.execPath, [...jest, ...process.argv.slice(2), ...measured], {
    env: { ...process.env, NODE_V8_COVERAGE: folder },
    stdio: 'inherit',
  });
  const map = coverage.createCoverageMap(JSON.parse(readFileSync('coverage/coverage-final.json', 'utf8')));
  const sources = new Set(map.files());
  const programs = await coverageOfPrograms(folder, root);
  programs.filter((file) => sources.has(file));
  map.merge(programs);
  const context = report.createContext({ dir: 'coverage', coverageMap: map });
  for (const kind of ['text', 'json', 'lcov']) reports.create(kind).execute(context);
  const { statements, branches } = map.getCoverageSummary();
  const missed = [statements, branches].some(({ pct }) => pct < TARGET_PERCENT);
  console.log(`Statements ${statements.pct} %, branches ${branches.pct} % (wanted: ${TARGET_PERCENT} %).`);
  process.exitCode = status !== 0 || missed ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
