import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { giveToAnotherUser } from '../../../test/support/another-user';
import { openOwnFolderSync } from './folders';
import { resolveOwnLinks, resolveOwnLinksSync, resolveOwnParentSync } from './own-links';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'aegis-own-links-')));
  mkdirSync(at('real', 'inner'), { recursive: true });
  writeFileSync(at('real', 'file'), 'content');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe('a path', () => {
  it('is resolved as the file system does it', async () => {
    symlinkSync(at('real'), at('absolute'));
    symlinkSync('real/inner', at('relative'));
    symlinkSync('absolute/../relative', at('chain'));
    symlinkSync('../../real/./file', at('real', 'inner', 'up'));
    const paths = [
      'real',
      'real/file',
      'absolute/inner',
      'relative',
      'relative/../file',
      'chain',
      'chain/up',
    ];
    for (const path of paths.map((one) => `${folder}/${one}`)) {
      expect(resolveOwnLinksSync(path)).toBe(realpathSync.native(path));
      expect(await resolveOwnLinks(path)).toBe(realpathSync.native(path));
      expect(resolveOwnLinksSync(`${relative(process.cwd(), folder)}${path.slice(folder.length)}`)).toBe(
        realpathSync.native(path),
      );
    }
  });

  it('may end in a file that does not exist', async () => {
    symlinkSync('real', at('link'));
    symlinkSync('real/missing', at('dangling'));
    expect(resolveOwnLinksSync(at('link', 'a', 'b'))).toBe(at('real', 'a', 'b'));
    expect(resolveOwnLinksSync(at('dangling'))).toBe(at('real', 'missing'));
    expect(await resolveOwnLinks(at('link', 'a', 'b'))).toBe(at('real', 'a', 'b'));
    expect(await resolveOwnLinks(at('dangling'))).toBe(at('real', 'missing'));
  });

  it('of a file that will be replaced keeps its last link', () => {
    symlinkSync('real', at('link'));
    symlinkSync('file', at('real', 'name'));
    expect(resolveOwnParentSync(at('link', 'name'))).toBe(at('real', 'name'));
  });

  it('with a loop of links is refused', async () => {
    symlinkSync('two', at('one'));
    symlinkSync('one', at('two'));
    expect(() => resolveOwnLinksSync(at('one'))).toThrow('is part of a loop of symbolic links');
    await expect(resolveOwnLinks(at('one'))).rejects.toThrow('is part of a loop of symbolic links');
  });
});

describe('a link of another user', () => {
  it.each([
    ['in the last place', 'link', 'link', 'real/file'],
    ['in the last place, to nothing', 'link', 'link', 'missing'],
    ['on the way', 'link/file', 'link', 'real'],
    ['on the way to what is not there', 'link/a/b', 'link', 'real'],
    ['behind a link of our own', 'ours/link', 'real/link', 'file'],
  ])('is refused %s', async (_, path, link, target) => {
    symlinkSync('real', at('ours'));
    symlinkSync(target, at(link));
    giveToAnotherUser(at(link));
    // Where another user is only simulated, the link of our own is foreign too, and comes first.
    const refusal =
      /^leads through the symbolic link \/.*(link|ours), which belongs to uid \d+: links must belong to root or to the user/;
    expect(() => resolveOwnLinksSync(at(path))).toThrow(refusal);
    await expect(resolveOwnLinks(at(path))).rejects.toThrow(refusal);
  });

  it('is refused on the way to a folder of secrets, and nothing is made behind it', () => {
    symlinkSync('real', at('data'));
    giveToAnotherUser(at('data'));
    expect(() => {
      openOwnFolderSync(at('data', 'secrets'));
    }).toThrow(/^leads through the symbolic link /);
    expect(() => realpathSync(at('real', 'secrets'))).toThrow('ENOENT');
  });
});
