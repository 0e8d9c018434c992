import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const MODULE = pathToFileURL(join(__dirname, '../apps/launcher/changed-files.mjs')).href;

describe('files that `npm run check` reads', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-changed-'));
    write('kept.md');
    write('changed.ts');
    write('deleted.ts');
    git('init', '-q', '-b', 'main');
    commit();
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, text = name): void => {
    writeFileSync(join(folder, name), text);
  };
  function git(...args: string[]): void {
    const { status, stderr } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }
  function commit(): void {
    git('add', '-A');
    git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-q', '-m', 'x');
  }
  /** As a process of its own finds them: the module is not one that Jest can load. */
  function changed(env: NodeJS.ProcessEnv = process.env): unknown {
    const script = `
      import { changedFiles } from '${MODULE}';
      try { console.log(JSON.stringify(changedFiles().sort())); } catch ({ message }) { console.log(JSON.stringify({ message })); }`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
      env,
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  }
  function changeAll(): void {
    write('changed.ts', 'other');
    rmSync(join(folder, 'deleted.ts'));
    write('committed é.ts');
  }

  it('are those that differ from main, committed or not, and new ones', () => {
    git('checkout', '-q', '-b', 'work');
    changeAll();
    commit();
    write('new.ts');
    mkdirSync(join(folder, 'folder'));
    write('folder/new.md');
    expect(changed()).toEqual(['changed.ts', 'committed é.ts', 'folder/new.md', 'new.ts']);
  });

  it('are those that differ from origin/main in a clone that has no main', () => {
    git('update-ref', 'refs/remotes/origin/main', 'HEAD');
    git('checkout', '-q', '-b', 'work');
    git('branch', '-q', '-D', 'main');
    changeAll();
    commit();
    expect(changed()).toEqual(['changed.ts', 'committed é.ts']);
  });

  it('are those that are not committed where there is no main at all', () => {
    git('branch', '-q', '-m', 'work');
    changeAll();
    commit();
    write('new.ts');
    expect(changed()).toEqual(['new.ts']);
  });

  it('are unknown outside of git, and without it, which is an error', () => {
    expect(changed({ ...process.env, PATH: folder })).toEqual({ message: 'git does not start (ENOENT)' });
    rmSync(join(folder, '.git'), { recursive: true });
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() };
    expect(changed(env)).toMatchObject({ message: expect.stringMatching(/^git diff .* failed: /) });
  });
});
