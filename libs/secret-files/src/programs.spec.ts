import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveToAnotherUser, takeBack } from '../../../test/support/another-user';
import { trustedProgramSync } from './programs';
import { whyUnreadable } from './unsafe-file';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'aegis-programs-')));
  chmodSync(folder, 0o755);
  for (const path of [at('opt'), at('opt', 'bin')]) {
    mkdirSync(path);
    chmodSync(path, 0o755);
  }
  writeFileSync(at('opt', 'bin', 'tool'), '#!/bin/sh\n');
  chmodSync(at('opt', 'bin', 'tool'), 0o755);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Why a program is refused; undefined when it is trusted. */
function refusal(path = at('opt', 'bin', 'tool'), closedFolders?: number): string | undefined {
  try {
    expect(trustedProgramSync(path, closedFolders)).toBe(at('opt', 'bin', 'tool'));
    return undefined;
  } catch (error) {
    return whyUnreadable(error);
  }
}

it('a program of our own, in folders that nobody else writes to, is trusted', () => {
  expect(refusal()).toBeUndefined();
  expect(refusal(at('opt', 'bin', 'tool'), 2)).toBeUndefined();
  expect(refusal(at('missing'))).toBe("can't be read (ENOENT)");
});

it('a program of the system is trusted', () => {
  expect(trustedProgramSync('/bin/sh', 2)).toBe(realpathSync('/bin/sh'));
});

it('a program is judged by the file that its links lead to, and run from there', () => {
  symlinkSync('opt/bin', at('link'));
  symlinkSync('tool', at('opt', 'bin', 'name'));
  expect(refusal(at('link', 'name'))).toBeUndefined();
  chmodSync(at('opt', 'bin', 'tool'), 0o757);
  expect(refusal(at('link', 'name'))).toMatch(/^has mode 0757: /);
});

it.each([0o020, 0o002, 0o022])('a program that others may change is refused: +%o', (bits) => {
  chmodSync(at('opt', 'bin', 'tool'), 0o755 | bits);
  expect(refusal()).toMatch(/^has mode 07[57][57]: neither the group nor others may write to it/);
});

it('a folder is not a program', () => {
  expect(refusal(at('opt', 'bin'))).toBe('is not a regular file');
});

it('a program, or a folder above it, of another user is refused', () => {
  const [tool, bin, opt] = [at('opt', 'bin', 'tool'), at('opt', 'bin'), at('opt')];
  for (const path of [tool, bin, opt]) {
    giveToAnotherUser(path);
    expect(refusal()).toMatch(
      /^(is in the folder \/.*, which )?belongs to uid \d+: .*must belong to root or to the user that runs this/,
    );
    takeBack(path);
    expect(refusal()).toBeUndefined();
  }
});

it.each([
  ['the folder itself', ['opt', 'bin'], [0o775, 0o757, 0o777, 0o1777], []],
  ['the folder above it', ['opt'], [0o757, 0o777], [0o775, 0o1777]],
] as const)('a program in folders that others may write to is refused: %s', (_, names, refused, trusted) => {
  for (const mode of refused) {
    chmodSync(at(...names), mode);
    expect(refusal()).toMatch(
      new RegExp(`^is in the folder ${at(...names)}, which has mode ${mode.toString(8).padStart(4, '0')}: `),
    );
  }
  for (const mode of trusted) {
    chmodSync(at(...names), mode);
    expect(refusal()).toBeUndefined();
  }
});

it('a program that reads files next to its folder is trusted only if the folder above is closed too', () => {
  chmodSync(at('opt'), 0o1777);
  expect(refusal(at('opt', 'bin', 'tool'), 1)).toBeUndefined();
  expect(refusal(at('opt', 'bin', 'tool'), 2)).toMatch(/^is in the folder \/.*\/opt, which has mode 1777: /);
});
