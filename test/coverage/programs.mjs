import bcoe from '@bcoe/v8-coverage';
import coverage from 'istanbul-lib-coverage';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8ToIstanbul from 'v8-to-istanbul';

/**
 * What the built programs that tests started have run, in terms of their sources.
 * @param {string} folder where they wrote it (NODE_V8_COVERAGE)
 * @param {string} root the checkout
 * @returns {Promise<import('istanbul-lib-coverage').CoverageMap>}
 */
export async function coverageOfPrograms(folder, root) {
  const map = coverage.createCoverageMap();
  for (const { url, functions } of scriptsUnder(join(root, 'dist'), folder)) {
    const built = v8ToIstanbul(fileURLToPath(url), 0, undefined, isNoSource);
    await built.load();
    built.applyCoverage(functions);
    map.merge(built.toIstanbul());
  }
  return map;

  /** What a source map names that is not in the checkout. */
  function isNoSource(/** @type {string} */ path) {
    return relative(root, path).startsWith('..');
  }
}

/** The coverage of each built file, summed over all processes: one after another, for each has megabytes. */
function scriptsUnder(dist, folder) {
  let sum = { result: [] };
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const own = result.filter(({ url }) => url.startsWith('file:') && fileURLToPath(url).startsWith(dist));
    if (own.length > 0) sum = bcoe.mergeProcessCovs([sum, { result: own }]);
  }
  return sum.result;
}
