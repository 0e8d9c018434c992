import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** For suites that hang without a fault: nobody waits longer. */
const PATIENCE_MS = 1_800_000;
/** A fault with which the suites take so many times as long as without, but no less than this, hangs: it is noticed. */
const HANGS = { times: 4, milliseconds: 240_000 };
const root = process.cwd();
const MAKE_TEMPLATE = `require('./test/support/database/database.ts').makeTemplate().then(() => process.exit(), () => process.exit(1))`;
let templates = 0;

/** How long each suite took without a fault, by its path. */
const durations = new Map();
/** The suite that noticed the last fault in a file, by the file's path. */
const noticedBefore = new Map();

/**
 * A copy of the checkout that faults are planted in, which itself is never touched. It is whole, since suites also read pages,
 * manifests and settings.
 */
export class Bench {
  folder = mkdtempSync(join(tmpdir(), 'aegis-mutation-'));

  constructor() {
    for (const name of filesOfCheckout()) {
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      cpSync(join(root, name), join(this.folder, name));
    }
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Whether every suite passes as the sources are; one that has is not run again. */
  async isSound(suites) {
    const unknown = suites.filter((suite) => !durations.has(suite));
    if (unknown.length === 0) return true;
    const { passed, results } = await this.test(unknown);
    for (const { suite, failed, milliseconds } of results) if (!failed) durations.set(suite, milliseconds);
    return passed;
  }

  /**
   * Plants a fault.
   * @returns whether every suite passes with it, and else which one did not; none where they took too long
   */
  async plant({ suites, file, from, to }) {
    const path = join(this.folder, file);
    const sound = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      sound.replace(from, () => to),
    );
    try {
      const expectedMs = suites.reduce((sum, suite) => sum + (durations.get(suite) ?? 0), 0);
      const patienceMs = Math.max(HANGS.milliseconds, HANGS.times * expectedMs);
      const env = { ...process.env };
      if (file.startsWith('migrations/')) {
        // The databases of tests are copies of one that was migrated before, without the fault.
        env.AEGIS_TEST_TEMPLATE = `aegis_template_${++templates}`;
        if (!(await this.makesTemplate(env))) return { survived: false, noticedBy: undefined };
      }
      const { passed, results } = await this.test(likeliestFirst(suites, file), {
        quiet: true,
        env,
        patienceMs,
      });
      const noticed = results.find(({ failed }) => failed);
      if (noticed !== undefined) noticedBefore.set(file, noticed.suite);
      return { survived: passed, noticedBy: noticed?.suite };
    } finally {
      writeFileSync(path, sound);
    }
  }

  /** Whether the suites pass, and what each did; the first failure ends them. */
  async test(suites, { quiet = false, env = process.env, patienceMs = PATIENCE_MS } = {}) {
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    const config = join(this.folder, 'test/mutation/jest.config.cjs');
    const file = join(this.folder, 'suite-results.jsonl');
    rmSync(file, { force: true });
    const passed = await this.run(
      [jest, '--config', config, '--bail', '--silent', '--runTestsByPath', ...suites],
      {
        quiet,
        patienceMs,
        env: {
          ...env,
          AEGIS_SUITES: JSON.stringify(suites),
          AEGIS_SUITE_RESULTS: file,
          AEGIS_FROM_SOURCES: 'yes',
        },
      },
    );
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    return { passed, results: lines.map((line) => JSON.parse(line)) };
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

/** Paths of what is, or may be, committed. */
function filesOfCheckout() {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  // A file that was deleted stays listed until that is committed.
  return listed.split('\0').filter((name) => name !== '' && existsSync(join(root, name)));
}

/** Suites in the order in which they are likely to notice a fault soon, which ends the run. */
function likeliestFirst(suites, file) {
  const distance = (suite) => {
    if (noticedBefore.get(file) === suite) return 0;
    return isNear(suite, file) ? 1 : 2;
  };
  return [...suites].sort(
    (a, b) => distance(a) - distance(b) || (durations.get(a) ?? 0) - (durations.get(b) ?? 0),
  );
}

/** Whether a suite lies in the folder of the file, or in one above it within its lib or app. */
function isNear(suite, file) {
  const folder = dirname(file);
  return (
    folder === dirname(suite) || (folder.startsWith(`${dirname(suite)}/`) && suite.split('/').length > 2)
  );
}
