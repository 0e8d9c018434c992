import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../docker/make-secrets.sh');

/** The script runs as root, in a folder that earlier versions gave to user 10001, who could put links there. */
describe('make-secrets.sh', () => {
  let folder: string;
  let etc: string;
  let chowns: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-make-secrets-'));
    etc = join(folder, 'etc');
    chowns = join(folder, 'chowns');
    mkdirSync(join(folder, 'bin'));
    // So that it does not take root to run it: what is given to whom is noted.
    writeFileSync(join(folder, 'bin/chown'), `#!/bin/sh\necho "$*" >> ${chowns}\n`, { mode: 0o755 });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function run(path = etc): { code: number | null; stderr: string } {
    const { status, stderr } = spawnSync('sh', [SCRIPT, path], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}` },
    });
    return { code: status, stderr };
  }
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  it('gives the folder to root before anything is written, and only the keys and the files to user 10001', () => {
    expect(run()).toEqual({ code: 0, stderr: '' });
    const given = readFileSync(chowns, 'utf8').trimEnd().split('\n');
    expect(given.slice(0, 2)).toEqual([`0:0 ${etc}`, `10001:10001 ${etc}/keys`]);
    expect(new Set(given.slice(2))).toEqual(new Set([`10001:10001 ${etc}/.new`]));
    expect([modeOf(etc), modeOf(join(etc, 'keys'))]).toEqual([0o711, 0o700]);
    const files = readdirSync(etc).filter((name) => name !== 'keys');
    expect(files).toHaveLength(9);
    for (const name of files) expect([name, modeOf(join(etc, name))]).toEqual([name, 0o400]);
  });

  it.each(['.new', 'keys', 'postgres-password', 'database-url', 'something'])(
    'writes nothing, and gives nothing away, where %s is a link',
    (name) => {
      const victim = join(folder, 'victim');
      if (name === 'keys') mkdirSync(victim, { mode: 0o755 });
      else writeFileSync(victim, 'as it was', { mode: 0o644 });
      chmodSync(victim, 0o755);
      mkdirSync(etc, { mode: 0o700 });
      symlinkSync(victim, join(etc, name));
      const { code, stderr } = run();
      expect([code, stderr]).toEqual([1, expect.stringContaining(join(etc, name)) as string]);
      expect(modeOf(victim)).toBe(0o755);
      if (name !== 'keys') expect(readFileSync(victim, 'utf8')).toBe('as it was');
      expect(readdirSync(etc)).toEqual([name]);
    },
  );

  it('refuses a folder that is itself a link', () => {
    const victim = join(folder, 'victim');
    mkdirSync(victim);
    symlinkSync(victim, etc);
    expect(run()).toEqual({ code: 1, stderr: expect.stringContaining('is a link') as string });
    expect([readdirSync(victim), existsSync(chowns)]).toEqual([[], false]);
  });

  it.each(['/', '//'])('refuses a folder that is itself a link, also with %s at its end', (end) => {
    const victim = join(folder, 'victim');
    mkdirSync(victim);
    symlinkSync(victim, etc);
    expect(run(`${etc}${end}`)).toEqual({ code: 1, stderr: expect.stringContaining('is a link') as string });
    expect([readdirSync(victim), existsSync(chowns)]).toEqual([[], false]);
  });

  it.each([
    ['a pipe', (path: string) => spawnSync('mkfifo', [path])],
    [
      'a folder',
      (path: string) => {
        mkdirSync(path);
      },
    ],
    [
      'an empty file',
      (path: string) => {
        writeFileSync(path, '');
      },
    ],
  ])('treats %s as a missing secret', (_, put) => {
    for (const name of ['key-passphrase', 'postgres-password']) {
      mkdirSync(etc);
      put(join(etc, name));
      expect(run()).toEqual({ code: 1, stderr: expect.stringContaining(join(etc, name)) as string });
      expect(readdirSync(etc)).toEqual([name]);
      rmSync(etc, { recursive: true });
    }
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'leaves no secret that openssl did not make, where it fails the %dth time',
    (time) => {
      writeFileSync(
        join(folder, 'bin/openssl'),
        `#!/bin/sh\necho >> ${folder}/asked\n[ $(wc -l < ${folder}/asked) -ne ${time} ] || exit 1\necho secret\n`,
        { mode: 0o755 },
      );
      expect(run().code).not.toBe(0);
      for (const name of readdirSync(etc).filter((one) => one !== 'keys'))
        expect(readFileSync(join(etc, name), 'utf8')).toContain('secret');
      expect(run()).toEqual({ code: 0, stderr: '' });
      expect(readdirSync(etc)).toHaveLength(10);
    },
  );

  it('changes no secret when it runs again', () => {
    run();
    const all = (): string[] => readdirSync(etc).filter((name) => name !== 'keys');
    const texts = (): string[] => all().map((name) => readFileSync(join(etc, name), 'utf8'));
    const before = texts();
    expect(run()).toEqual({ code: 0, stderr: '' });
    expect(texts()).toEqual(before);
  });
});
