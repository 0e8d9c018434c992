import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Longer than any of the suites takes without a fault; a fault that hangs is noticed. */
const PATIENCE_MS = 240_000;
const COPIED = [
  'apps',
  'libs',
  'migrations',
  'test',
  '.swcrc',
  'jest.config.cjs',
  'package.json',
  'tsconfig.json',
];
const root = process.cwd();

/** A copy of the sources that faults are planted in: those of the checkout are never touched. */
export class Bench {
  folder = mkdtempSync(join(tmpdir(), 'aegis-mutation-'));

  constructor() {
    for (const name of COPIED) cpSync(join(root, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Whether every suite passes with the fault. */
  async survives({ suites, file, from, to }) {
    const path = join(this.folder, file);
    const sound = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      sound.replace(from, () => to),
    );
    try {
      return await this.passes(suites, { quiet: true });
    } finally {
      writeFileSync(path, sound);
    }
  }

  /** Whether the suites pass; the first failure ends them. */
  passes(suites, { quiet = false } = {}) {
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    const config = join(this.folder, 'test/mutation/jest.config.cjs');
    const args = [jest, '--config', config, '--bail', '--silent', '--runTestsByPath', ...suites];
    const child = spawn(process.execPath, args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let reported = '';
    child.stderr.on('data', (text) => (reported += text));
    const clock = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    return new Promise((resolve) => {
      child.on('close', (code) => {
        clearTimeout(clock);
        if (code !== 0 && !quiet) console.error(reported);
        resolve(code === 0);
      });
    });
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
