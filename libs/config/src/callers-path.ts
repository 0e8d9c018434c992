import { resolve } from 'node:path';

/** The npm script that runs the command line. */
const SCRIPT = 'aegis';

/**
 * A path that was typed as an argument. `npm run aegis` runs in the folder of the project wherever it is called; the
 * path counts from where the caller is, which npm says in INIT_CWD.
 * @returns the path as it is when this process was started otherwise
 */
export function callersPath(path: string): string {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
  return script === SCRIPT && folder !== undefined && folder !== '' ? resolve(folder, path) : path;
}
