import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReplacedOutput, replaceOutput } from './replace-output';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-replace-output-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('replaces an older file, or a link to one, with the given mode', async () => {
  writeFileSync(at('older'), 'a longer text that was there', { mode: 0o644 });
  symlinkSync('older', at('link'));
  symlinkSync('missing', at('dangling'));
  for (const name of ['link', 'dangling', 'older', 'new']) {
    await replaceOutput(at(name), 'content', 0o600);
    expect(readFileSync(at(name), 'utf8')).toBe('content');
    expect(lstatSync(at(name)).mode & 0o777).toBe(0o600);
    expect(lstatSync(at(name)).isFile()).toBe(true);
  }
  expect(readdirSync(folder).sort()).toEqual(['dangling', 'link', 'new', 'older']);
});

it('is refused, before anything is done for it, where no file can be', async () => {
  writeFileSync(at('file'), 'kept');
  mkdirSync(at('folder'));
  execFileSync('mkfifo', [at('pipe')]);
  symlinkSync('/dev/null', at('device'));
  const before = readdirSync(folder);
  for (const [name, why] of [
    ['folder', 'is not a regular file'],
    ['pipe', 'is not a regular file'],
    ['device', 'is not a regular file'],
    ['missing/file', 'ENOENT'],
    ['file/below', 'ENOTDIR'],
    ['n'.repeat(300), 'ENAMETOOLONG'],
  ] as const)
    await expect(ReplacedOutput.begin(at(name))).rejects.toMatchObject({
      name: 'UsageProblem',
      message: expect.stringContaining(why),
    });
  expect(readdirSync(folder)).toEqual(before);
  expect(readFileSync(at('file'), 'utf8')).toBe('kept');
});

it('leaves what is there as it is until it is written, and when it is discarded', async () => {
  writeFileSync(at('file'), 'kept');
  const output = await ReplacedOutput.begin(at('file'));
  expect(readFileSync(at('file'), 'utf8')).toBe('kept');
  await output.discard();
  expect(readFileSync(at('file'), 'utf8')).toBe('kept');
  expect(readdirSync(folder)).toEqual(['file']);
});
