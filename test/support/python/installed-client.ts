import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
/** Debian's own: its packages are not for another Python that may come first on the path. */
const PYTHON = '/usr/bin/python3';
const TOOLS = 'cryptography, pytest, build, setuptools, wheel, twine, mypy';

/** Whether what builds, checks and tests the package is there. */
export const hasPythonTools = spawnSync(PYTHON, ['-c', `import ${TOOLS}`]).status === 0;

/** A copy of clients/python, and a virtual environment for what is built of it. Nothing is downloaded. */
export class InstalledClient {
  /** The copy of clients/python. */
  readonly source: string;
  /** Of the virtual environment. */
  readonly python: string;

  /** @param folder an empty one, which stays after this */
  constructor(private readonly folder: string) {
    this.source = join(folder, 'clients/python');
    this.python = join(folder, 'venv/bin/python');
    mkdirSync(join(folder, 'clients'));
    // Without what a run in the tree itself leaves there.
    cpSync(join(ROOT, 'clients/python'), this.source, {
      recursive: true,
      filter: (path) => !/\/(__pycache__|build|dist|[^/]+\.egg-info|\.[a-z]+_cache)$/.test(path),
    });
  }

  /** Makes the virtual environment. Debian's packages are seen through it: cryptography, and the tools. */
  makeEnvironment(): void {
    this.run(PYTHON, ['-m', 'venv', '--system-site-packages', join(this.folder, 'venv')]);
  }

  /** @returns names of what was built */
  built(): string[] {
    return readdirSync(join(this.source, 'dist'));
  }

  /**
   * Runs commands as the page has them, in the copy and with the virtual environment's programs.
   * @returns what they wrote to standard output
   */
  commands(block: string, env: Record<string, string> = {}): string {
    const path = `${join(this.folder, 'venv/bin')}:/usr/bin:/bin`;
    return this.run('/bin/sh', ['-ec', block], this.source, { PATH: path, PIP_NO_INDEX: '1', ...env });
  }

  /**
   * Runs a program that must succeed.
   * @returns what it wrote to standard output
   */
  run(
    program: string,
    args: readonly string[],
    folder = this.folder,
    env: Record<string, string> = {},
  ): string {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    });
    if (status !== 0) throw new Error(`${program} ended with ${status}:\n${(stdout + stderr).slice(-4000)}`);
    return stdout;
  }
}
