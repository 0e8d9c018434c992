import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COMMAND = `
  const [root, policyFile, uid, module] = process.argv.slice(1);
  const { installSystemPackages } = await import(module);
  console.log(String(installSystemPackages({ root, policyFile, uid: Number(uid) })));`;

/** Knows what is installed from a file, and notes its calls and whether daemons may start meanwhile. */
const APT_GET = `
  const fs = require('node:fs');
  const [command, ...rest] = process.argv.slice(2);
  if (command === '--version') process.exit(0);
  const folder = require('node:path').dirname(__dirname);
  const quiet = fs.existsSync(folder + '/policy') ? 'no daemons' : 'daemons';
  fs.appendFileSync(folder + '/calls', [command, ...rest, quiet].join(' ') + '\\n');
  if (command === 'install') fs.appendFileSync(folder + '/installed', rest.filter((name) => name[0] !== '-').join('\\n') + '\\n');`;
const DPKG_QUERY = `
  const installed = require('node:fs').readFileSync(__dirname + '/../installed', 'utf8').split('\\n');
  if (installed.includes(process.argv.at(-1))) process.stdout.write('install ok installed');
  else process.exit(1);`;

// With a package manager that only says what it was asked for.
describe('system packages', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const program = (name: string, text: string): void => {
    writeFileSync(at(`bin/${name}`), `#!${process.execPath}\n${text}\n`, { mode: 0o755 });
  };

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'aegis-packages-')));
    for (const name of ['.ci', 'bin']) mkdirSync(at(name));
    writeFileSync(at('.ci/packages.txt'), '# needed\n\nchromium\ncurl\nredis-server\n');
    writeFileSync(at('installed'), 'curl\n');
    program('apt-get', APT_GET);
    program('dpkg-query', DPKG_QUERY);
    program('sudo', 'process.exit(1);');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** @returns what is still missing, as it was said */
  const install = (uid: number): string => {
    const options = [folder, at('policy'), String(uid), join(__dirname, 'system-packages.mjs')];
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', COMMAND, ...options], {
      encoding: 'utf8',
      // The machine's own programs cannot be reached.
      env: { PATH: at('bin') },
    });
    return stdout.trim();
  };
  const calls = (): string[] =>
    existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8').trim().split('\n') : [];

  it('are installed if they are missing, without starting a daemon', () => {
    expect(install(0)).toBe('undefined');
    expect(calls()).toEqual([
      'update -qq no daemons',
      'install -y -qq --no-install-recommends chromium redis-server no daemons',
    ]);
    expect(existsSync(at('policy'))).toBe(false);
    expect(install(0)).toBe('undefined');
    expect(calls()).toHaveLength(2);
  });

  it('leave a policy on daemons that was there before as it is', () => {
    writeFileSync(at('policy'), 'mine');
    expect(install(0)).toBe('undefined');
    expect(readFileSync(at('policy'), 'utf8')).toBe('mine');
  });

  it('are named when they cannot be installed', () => {
    const sentence = 'The system tests need these Debian packages: apt-get install chromium redis-server';
    expect(install(1000)).toBe(sentence);
    program('apt-get', 'process.exit(process.argv[2] === "--version" ? 0 : 100);');
    expect(install(0)).toBe(sentence);
    for (const name of ['apt-get', 'dpkg-query', 'sudo']) rmSync(at(`bin/${name}`));
    expect(install(0)).toMatch(/: apt-get install chromium/);
  });
});
