import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveToAnotherUser } from '../../../../../test/support/another-user';
import { loadPkcs11 } from './pkcs11-module';

/** An addon that writes down what it loads. */
const ADDON = `exports.PKCS11 = class {
  load(path) { require('node:fs').appendFileSync(require('node:path').join(__dirname, 'loaded'), path); }
  C_Initialize() {}
};`;

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'aegis-pkcs11-')));
  writeFileSync(at('addon.cjs'), ADDON);
  writeFileSync(at('module.so'), 'a library', { mode: 0o644 });
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});
const load = (name: string) => loadPkcs11(at(name), at('addon.cjs'));

it('loads a module of our own from where its links end', () => {
  symlinkSync('module.so', at('link.so'));
  load('link.so');
  expect(readFileSync(at('loaded'), 'utf8')).toBe(at('module.so'));
});

it.each([
  [
    'another user owns it',
    () => {
      giveToAnotherUser(at('module.so'));
    },
    /(is in the folder .*)?belongs to uid \d+: /,
  ],
  [
    'another user owns its folder',
    () => {
      giveToAnotherUser(folder);
    },
    /(is in the folder .*)?belongs to uid \d+: /,
  ],
  [
    'others may write to it',
    () => {
      chmodSync(at('module.so'), 0o646);
    },
    /has mode 0646: /,
  ],
  [
    'others may write to its folder',
    () => {
      chmodSync(folder, 0o777);
    },
    /is in the folder .*has mode 0777: /,
  ],
  [
    'it is not there',
    () => {
      rmSync(at('module.so'));
    },
    /can't be used \(not loaded\)/,
  ],
])('loads nothing where %s', (_, arrange, message) => {
  arrange();
  expect(() => load('module.so')).toThrow(
    expect.objectContaining({
      name: 'ConfigurationError',
      message: expect.stringMatching(new RegExp(`^The module that PKCS11_MODULE names ${message.source}`)),
    }),
  );
  expect(existsSync(at('loaded'))).toBe(false);
});
