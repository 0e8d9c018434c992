// `npm run bench -- --against <commit> [--short]`: this checkout next to the build of another commit. Both servers run at
// the same time, each on a database of its own, and are driven in turn. Ends with 1 where one of the routes is slower by
// more than the tolerance.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keepApart } from './cores.mjs';
import { measureInTurns } from './load.mjs';
import { median } from './median.mjs';
import { startStockedServer } from './stocked-server.mjs';

/** Less is noise. */
const TOLERANCE = 0.03;
const FULL = { licenses: 1000, connections: 32, warmUpSeconds: 3, rounds: 15, seconds: 2 };
const SHORT = { licenses: 200, connections: 32, warmUpSeconds: 1, rounds: 5, seconds: 1 };

const { values: options } = parseArgs({
  options: { against: { type: 'string' }, short: { type: 'boolean' } },
});
const here = resolve(import.meta.dirname, '../..');
const plan = options.short ? SHORT : FULL;
const commit = git('rev-parse', '--verify', '--end-of-options', `${options.against}^{commit}`);
const folder = mkdtempSync(join(tmpdir(), 'aegis-against-'));
/** @type {(() => unknown)[]} undone in reverse */
const cleanUps = [() => rmSync(folder, { recursive: true, force: true })];
try {
  const there = buildOf(commit);
  const now = await serve('now', here);
  const then = await serve('then', there);
  if (!keepApart([now.pid, then.pid], [now.postmaster, then.postmaster]))
    console.log('Servers, client and PostgreSQL share all cores.');
  // In turn, and each of the two first in every other workload.
  const all = now.workloads.flatMap((own, at) => {
    const pair = [own, then.workloads[at]];
    return at % 2 === 0 ? pair : pair.reverse();
  });
  process.exitCode = report(await measureInTurns(all, plan));
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}

/** @param {string} sha  @returns {string} folder of a build of that commit */
function buildOf(sha) {
  const tree = join(folder, 'tree');
  git('worktree', 'add', '--quiet', '--detach', tree, sha);
  cleanUps.push(() => git('worktree', 'remove', '--force', tree));
  const lock = (/** @type {string} */ root) => readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (lock(tree) === lock(here)) symlinkSync(join(here, 'node_modules'), join(tree, 'node_modules'));
  const { status } = spawnSync(process.execPath, ['apps/launcher/build.mjs'], {
    cwd: tree,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`Commit ${sha} cannot be built.`);
  return tree;
}

/** @param {string} name  @param {string} root of a checkout that is built */
async function serve(name, root) {
  const own = mkdtempSync(join(folder, `${name}-`));
  const server = await startStockedServer({ folder: own, licenses: plan.licenses, cleanUps, root });
  return {
    ...server,
    workloads: server.workloads
      .filter((workload) => !workload.name.startsWith('echo'))
      .map((workload) => ({ ...workload, name: `${name} ${workload.name}` })),
  };
}

/**
 * @param {Map<string, import('./load.mjs').Load>} loads
 * @returns {number} exit code
 */
function report(loads) {
  const line = (/** @type {string[]} */ ...cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(20) : cell.padStart(12))).join('');
  console.log(line('requests/s', git('rev-parse', '--short', 'HEAD'), commit.slice(0, 7), 'ratio'));
  let isSlower = false;
  for (const [name, now] of loads) {
    if (!name.startsWith('now ')) continue;
    const route = name.slice('now '.length);
    const then = loads.get(`then ${route}`);
    if (then === undefined) throw new Error(`${route} was not measured on both.`);
    const ratio = median(
      now.rounds.map(({ perSecond }, at) => perSecond / (then.rounds[at]?.perSecond ?? Number.NaN)),
    );
    const slower = ratio < 1 - TOLERANCE;
    isSlower ||= slower;
    console.log(
      line(route, now.perSecond.toFixed(0), then.perSecond.toFixed(0), ratio.toFixed(3)) +
        (slower ? '  SLOWER' : ''),
    );
  }
  return isSlower ? 1 : 0;
}

/** @param {string[]} words  @returns {string} */
function git(...words) {
  return execFileSync('git', words, { cwd: here, encoding: 'utf8' }).trim();
}
