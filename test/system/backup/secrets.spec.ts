import { spawnSync } from 'node:child_process';
import {
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

const SCRIPT = join(__dirname, '../../../deploy/backup/back-up-secrets.sh');
const hasTools =
  spawnSync('openssl', ['version']).status === 0 && spawnSync('tar', ['--version']).status === 0;
// Under CI a missing tool is a failure, not a reason to skip.
const describeScript = hasTools || process.env.CI === 'true' ? describe : describe.skip;

describeScript('deploy/backup/back-up-secrets.sh (openssl and tar are needed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-secrets-'));

  beforeAll(() => {
    for (const who of ['backup', 'stranger'])
      run(
        'openssl',
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=x',
        '-keyout',
        `${who}.key`,
        '-out',
        `${who}.crt`,
      );
    mkdirSync(join(folder, 'keys'));
    writeFileSync(join(folder, 'keys/k.private.pem'), 'an encrypted key');
    writeFileSync(join(folder, 'pepper'), 'v1:a-pepper-that-nobody-may-read');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function run(
    program: string,
    ...args: string[]
  ): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  }
  const open = (file: string, key: string): ReturnType<typeof run> => {
    mkdirSync(join(folder, 'restored'), { recursive: true });
    return run(
      'bash',
      '-c',
      `set -o pipefail; openssl cms -decrypt -inform DER -inkey ${key} -in ${file} | tar -x -C restored`,
    );
  };

  it('writes a file with everything that was named, which only the holder of the key can open', () => {
    expect(run(SCRIPT, 'backup.crt', 'out.cms', 'keys', 'pepper')).toEqual(
      expect.objectContaining({ status: 0, stderr: '' }),
    );
    expect(statSync(join(folder, 'out.cms')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'out.cms')).includes('nobody-may-read')).toBe(false);
    expect(open('out.cms', 'stranger.key').status).not.toBe(0);
    expect(open('out.cms', 'backup.key').status).toBe(0);
    expect(readFileSync(join(folder, 'restored/keys/k.private.pem'), 'utf8')).toBe('an encrypted key');
    expect(readFileSync(join(folder, 'restored/pepper'), 'utf8')).toBe('v1:a-pepper-that-nobody-may-read');
  });

  it.each([
    ['a path that does not exist', ['backup.crt', 'new.cms', 'keys', 'missing'], "missing can't be read\n"],
    ['a file that exists', ['backup.crt', 'pepper', 'keys'], 'pepper exists; name a new file\n'],
  ])('refuses %s, and leaves nothing', (_what, args, stderr) => {
    const before = readdirSync(folder);
    expect(run(SCRIPT, ...args)).toEqual(expect.objectContaining({ status: 1, stderr }));
    expect(readdirSync(folder)).toEqual(before);
  });

  it('writes nothing through existing links', () => {
    symlinkSync('missing', join(folder, 'linked.cms'));
    symlinkSync('pepper', join(folder, 'ready.cms.part'));
    expect(run(SCRIPT, 'backup.crt', 'linked.cms', 'keys')).toEqual(
      expect.objectContaining({ status: 1, stderr: 'linked.cms exists; name a new file\n' }),
    );
    expect(existsSync(join(folder, 'missing'))).toBe(false);
    expect(run(SCRIPT, 'backup.crt', 'ready.cms', 'keys').status).toBe(0);
    expect(readFileSync(join(folder, 'pepper'), 'utf8')).toBe('v1:a-pepper-that-nobody-may-read');
  });

  it('refuses links, because it would keep only their names', () => {
    symlinkSync('pepper', join(folder, 'linked-pepper'));
    mkdirSync(join(folder, 'mounted'));
    symlinkSync('../pepper', join(folder, 'mounted/pepper'));
    for (const [path, link] of [
      ['linked-pepper', 'linked-pepper'],
      ['mounted', 'mounted/pepper'],
    ] as const) {
      expect(run(SCRIPT, 'backup.crt', 'of-links.cms', 'keys', path)).toEqual(
        expect.objectContaining({ status: 1, stderr: `these are links; name what they lead to:\n${link}\n` }),
      );
      expect(existsSync(join(folder, 'of-links.cms'))).toBe(false);
    }
  });

  it('encrypts everything, no matter what the variable TAPE says', () => {
    expect(
      run('env', `TAPE=${join(folder, 'plain.tar')}`, SCRIPT, 'backup.crt', 'tape.cms', 'pepper').status,
    ).toBe(0);
    expect(existsSync(join(folder, 'plain.tar'))).toBe(false);
    expect(open('tape.cms', 'backup.key').status).toBe(0);
  });

  it('leaves nothing when the certificate is not one', () => {
    expect(run(SCRIPT, 'pepper', 'new.cms', 'keys').status).not.toBe(0);
    expect(readdirSync(folder).filter((name) => /new\.cms|^\.secrets/.test(name))).toEqual([]);
  });
});
