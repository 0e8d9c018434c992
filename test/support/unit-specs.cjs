// Which specs need neither PostgreSQL nor the build: those below apps, clients and libs that do not import what the
// tests start databases and servers with, directly or through other files.
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { dirname, join, resolve } = require('node:path');

const RELATIVE_IMPORT = /\b(?:from|import\()\s*'(\.[^']+)'/g;
/** What starts databases or programs, or knows where they are. */
const STARTS_THEM = /[\\/]test[\\/]support[\\/](database|processes|requests)[\\/]|\bstartEmbeddedPostgres\b/;

/**
 * @param {string} root absolute path of the checkout
 * @returns {string[]} absolute paths
 */
function unitSpecs(root) {
  const known = new Map();
  return ['apps', 'clients', 'libs'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.spec.ts'))
      .map((name) => join(root, folder, name))
      .filter((spec) => !needsMore(spec, known)),
  );
}

/** @param {Map<string, boolean>} known what was found out before, by file */
function needsMore(file, known) {
  const before = known.get(file);
  if (before !== undefined) return before;
  known.set(file, false);
  const source = readFileSync(file, 'utf8');
  const needed =
    STARTS_THEM.test(file) ||
    STARTS_THEM.test(source) ||
    [...source.matchAll(RELATIVE_IMPORT)].some(([, name]) => {
      const imported = sourceOf(resolve(dirname(file), name));
      return imported !== undefined && needsMore(imported, known);
    });
  known.set(file, needed);
  return needed;
}

function sourceOf(path) {
  return [`${path}.ts`, join(path, 'index.ts')].find((candidate) => existsSync(candidate));
}

module.exports = { unitSpecs };
