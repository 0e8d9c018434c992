import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, compiledMain, hasSources, isCompiled } from './compilation.mjs';
import { install, isInstalled } from './installation.mjs';
import { withLauncherLock } from './launcher-lock.mjs';

/** Absolute path of the checkout. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * Installs what is missing and builds what is stale; when neither is, it costs some milliseconds. Writes nothing
 * to standard output. Ends the process when it fails.
 * @param {{ withTools?: boolean, withBuild?: boolean }} [options]
 *   withTools: what builds and tests is needed in any case; withBuild: false where nothing that is built is needed
 */
export async function prepare({ withTools = false, withBuild = true } = {}) {
  // What is installed and built here is run: nobody else may write to it, whatever the umask of the caller.
  process.umask(process.umask(0o022) | 0o022);
  if (!hasSources(root)) {
    if (existsSync(compiledMain(root, 'server'))) return;
    console.error(`There are neither sources nor a build in ${root}.`);
    process.exit(2);
  }
  const isReady = () => (!withBuild || isCompiled(root)) && isInstalled(root, withTools);
  if (isReady()) return;
  await withLauncherLock(root, () => {
    // Another process may have done it while this one waited.
    if (isReady()) return;
    const needsTools = withTools || !isCompiled(root);
    if (!isInstalled(root, needsTools)) install(root);
    if (withBuild && !isCompiled(root)) compile(root);
  });
}
