import { resolveOwnLinksSync, resolveOwnParentSync, whyUnwritable } from '@aegis/secret-files';
import { UsageProblem } from './usage-problem';

/**
 * Where a file is created or renamed over: no link of another user leads there.
 * @param path as typed
 * @returns the same file; only the last part may be a link
 * @throws UsageProblem
 */
export function outputPath(path: string): string {
  return resolved(path, resolveOwnParentSync);
}

/**
 * The same for a folder, or where a link in place of a file is not to be replaced.
 * @returns a path without links
 * @throws UsageProblem
 */
export function outputTarget(path: string): string {
  return resolved(path, resolveOwnLinksSync);
}

function resolved(path: string, resolve: (path: string) => string): string {
  try {
    return resolve(path);
  } catch (error) {
    throw new UsageProblem(`${path} ${whyUnwritable(error)}.`);
  }
}
