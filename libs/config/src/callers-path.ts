import { resolve } from 'node:path';

/** The npm script that runs the command line. */
const SCRIPT = 'aegis';

/**
 * A path that was typed as an argument. `npm run aegis` always runs in the folder of the project; the path is relative
 * to the caller's folder, which npm gives in INIT_CWD.
 * @returns the path as it is when this process was started otherwise
 */
export function callersPath(path: string): string {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
  return script === SCRIPT && folder !== undefined && folder !== '' ? resolve(folder, path) : path;
}
