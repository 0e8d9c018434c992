import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const PATIENCE_MS = 120_000;
/** Longer than any test waits. */
const FOREVER = 'exec sleep 3600';

/** `.ci/run` with programs in the place of node and npm, which write their arguments to a file. */
describe('.ci/run', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-ci-'));
    mkdirSync(join(folder, 'bin'));
    for (const name of ['run', 'budget']) cpSync(join(ROOT, '.ci', name), join(folder, '.ci', name));
    for (const name of ['node', 'npm']) standIn(name);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function standIn(name: string, script = ''): void {
    const path = join(folder, 'bin', name);
    writeFileSync(path, `#!/bin/sh\necho "$0 $*" >> '${folder}/called'\n${script}\n`);
    chmodSync(path, 0o755);
  }
  function budget(from: RegExp, to: string): void {
    const path = join(folder, '.ci/budget');
    const before = readFileSync(path, 'utf8');
    expect(before).toMatch(from);
    writeFileSync(path, before.replace(from, to));
  }
  const run = (): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(join(folder, '.ci/run'), {
      env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` },
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const called = (): string[] =>
    existsSync(join(folder, 'called')) ? readFileSync(join(folder, 'called'), 'utf8').trim().split('\n') : [];

  it('runs every step, and says how long the whole took', () => {
    const { status, stdout, stderr } = run();
    expect([status, stderr]).toEqual([0, '']);
    expect(called()).toHaveLength(16);
    expect(called().at(-1)).toMatch(/npm test$/);
    expect(stdout).toMatch(/\n== the whole run took \d+ s of 5400 s\n$/);
  });

  it('ends with the first step that fails', () => {
    standIn('npm', 'exit 3');
    expect(run().status).toBe(3);
    expect(called()).toHaveLength(2);
  });

  it.each([
    [3, 0, 16],
    [1, 1, 7],
    [124, 1, 7],
  ])('where the audit of dependencies ends with %i it ends with %i', (code, status, calls) => {
    standIn('npm', `case "$*" in *audit:production*) exit ${code};; esac`);
    expect(run().status).toBe(status);
    expect(called()).toHaveLength(calls);
  });

  it.each(['tests', 'whole run'])('runs nothing while .ci/budget has no line for %s', (name) => {
    budget(new RegExp(`^${name}=.*$`, 'm'), '');
    const { status, stderr } = run();
    expect([status, stderr]).toEqual([1, `.ci/budget has no line for '${name}'\n`]);
    expect(called()).toEqual([]);
  });

  it('ends a step that hangs, with all that it started, and fails', () => {
    budget(/^install and build=.*$/m, 'install and build=1');
    // A child that lived longer would keep the pipe open that is read here to its end.
    standIn('npm', `(${FOREVER}) & wait`);
    const { status, stderr } = run();
    expect([status, stderr]).toEqual([1, `'install and build' took longer than .ci/budget allows\n`]);
    expect(called()).toHaveLength(2);
  });

  it('ends a step with the time of the whole run, and fails', () => {
    budget(/^whole run=.*$/m, 'whole run=3');
    standIn('npm', FOREVER);
    const { status, stderr } = run();
    expect([status, stderr]).toEqual([1, 'The whole run took longer than 3 s\n']);
    // On a machine that is busy the time may be over before that step begins.
    expect(called().length).toBeLessThanOrEqual(2);
  });
});
