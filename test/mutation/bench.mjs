import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** For suites that hang without a fault: nobody waits longer. */
const PATIENCE_MS = 1_800_000;
/** A fault with which the suites take so many times as long as without, but no less than this, hangs: it is noticed. */
const HANGS = { times: 4, milliseconds: 240_000 };
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
const MAKE_TEMPLATE = `require('./test/support/database/database.ts').makeTemplate().then(() => process.exit(), () => process.exit(1))`;
let templates = 0;

/** How long suites took without a fault, by their names. */
const durations = new Map();

/** A copy of the sources that faults are planted in: those of the checkout are never touched. */
export class Bench {
  folder = mkdtempSync(join(tmpdir(), 'aegis-mutation-'));

  constructor() {
    for (const name of COPIED) cpSync(join(root, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Whether every suite passes as the sources are. */
  async isSound(suites) {
    const began = performance.now();
    const passed = await this.passes(suites);
    durations.set(suites.join(), performance.now() - began);
    return passed;
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
      const ordered = nearestFirst(suites, file);
      const patienceMs = Math.max(HANGS.milliseconds, HANGS.times * (durations.get(suites.join()) ?? 0));
      if (!file.startsWith('migrations/')) return await this.passes(ordered, { quiet: true, patienceMs });
      // The databases of tests are copies of one that was migrated before, without the fault.
      const env = { ...process.env, AEGIS_TEST_TEMPLATE: `aegis_template_${++templates}` };
      return (
        (await this.makesTemplate(env)) && (await this.passes(ordered, { quiet: true, env, patienceMs }))
      );
    } finally {
      writeFileSync(path, sound);
    }
  }

  /** Whether the suites pass; the first failure ends them. */
  passes(suites, { quiet = false, env = process.env, patienceMs = PATIENCE_MS } = {}) {
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    const config = join(this.folder, 'test/mutation/jest.config.cjs');
    return this.run([jest, '--config', config, '--bail', '--silent', '--runTestsByPath', ...suites], {
      quiet,
      patienceMs,
      env: { ...env, AEGIS_SUITES: JSON.stringify(suites) },
    });
  }

  /** Whether the migrations, as they are here, make the database that tests get copies of. */
  makesTemplate(env) {
    const args = ['-r', join(this.folder, 'test/support/register-swc.cjs'), '-e', MAKE_TEMPLATE];
    return this.run(args, { quiet: true, env, patienceMs: PATIENCE_MS });
  }

  /** Whether a process of Node ends with 0. */
  run(args, { quiet, env, patienceMs }) {
    const child = spawn(process.execPath, args, {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let reported = '';
    child.stderr.on('data', (text) => (reported += text));
    const clock = setTimeout(() => child.kill('SIGKILL'), patienceMs);
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

/** Suites in the order of the folders that they share with a file: the nearest notices most faults, and ends the run. */
function nearestFirst(suites, file) {
  const folders = dirname(file).split('/');
  const shared = (suite) => {
    const parts = suite.split('/');
    const other = folders.findIndex((folder, index) => folder !== parts[index]);
    return other === -1 ? folders.length : other;
  };
  return [...suites].sort((a, b) => shared(b) - shared(a));
}
