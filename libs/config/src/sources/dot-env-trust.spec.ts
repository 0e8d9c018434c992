import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveToAnotherUser } from '../../../../test/support/another-user';
import { loadEnvironment } from '../load-environment';

const home = process.cwd();
const untouched = { ...process.env };
const CANARY = 'canary7f3a';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-dot-env-trust-'));
  process.chdir(folder);
  delete process.env.ENVIRONMENT;
});
afterEach(() => {
  jest.restoreAllMocks();
  process.chdir(home);
  process.env = { ...untouched };
  rmSync(folder, { recursive: true, force: true });
});

function refusal(): string {
  try {
    loadEnvironment(undefined, []);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigurationError' });
    return (error as Error).message;
  }
}

const REFUSED = 'Configuration refused: the file .env in the working directory';

/** What an attacker writes; with the value that a rule on values would name. */
const CONTENTS = {
  'programs that are run': 'PG_BIN=/tmp/attacker\n',
  'a file that is sent': 'ENVIRONMENT=production\nSIGNER=vault\nVAULT_JWT_FILE=/etc/shadow\n',
  'files that are read': 'ENVIRONMENT=production\nKEY_PASSPHRASE_FILE=/etc/shadow\n',
  'a secret': `KEY_PASSPHRASE=${CANARY}\n`,
  'another environment': 'ENVIRONMENT=test\n',
  'what is not understood': `PORT: ${CANARY}\n`,
  nothing: '',
};

describe.each(Object.entries(CONTENTS))('a .env with %s', (_, content) => {
  const environments = ['', 'production', 'development', 'test'];

  it('of another user is refused in every environment, before any of its values is used', () => {
    writeFileSync('.env', content, { mode: 0o600 });
    giveToAnotherUser('.env');
    for (const environment of environments) {
      process.env.ENVIRONMENT = environment;
      expect(refusal()).toMatch(
        new RegExp(`^${REFUSED} belongs to uid \\d+: it must belong to root or to the user that runs this`),
      );
      expect(refusal()).not.toMatch(/canary|line 1|PG_BIN|VAULT/);
    }
    expect(existsSync('.data')).toBe(false);
  });

  it.each([0o620, 0o602, 0o664, 0o646, 0o666])('that others may write to is refused: mode %o', (mode) => {
    writeFileSync('.env', content);
    chmodSync('.env', mode);
    for (const environment of environments) {
      process.env.ENVIRONMENT = environment;
      expect(refusal()).toBe(
        `${REFUSED} has mode 0${mode.toString(8)}: neither the group nor others may write to it. Run \`chmod go-w\` on it.`,
      );
    }
  });
});

it('a .env that is a link of another user is refused, no matter which file it leads to', () => {
  writeFileSync('settings', 'PORT=8123\n', { mode: 0o600 });
  symlinkSync('settings', '.env');
  giveToAnotherUser('.env');
  expect(refusal()).toMatch(
    new RegExp(`^${REFUSED} leads through the symbolic link /.*/\\.env, which belongs`),
  );
});

it('a .env that is our own link is judged by the file that it leads to', () => {
  writeFileSync('settings', 'PORT=8123\n', { mode: 0o644 });
  symlinkSync('settings', '.env');
  expect(loadEnvironment(undefined, []).PORT).toBe(8123);
  chmodSync('settings', 0o646);
  expect(refusal()).toMatch(new RegExp(`^${REFUSED} has mode 0646: `));
});

it('a .env that is not a regular file is refused at once', () => {
  execFileSync('mkfifo', ['-m', '600', '.env']);
  expect(refusal()).toBe(`${REFUSED} is not a regular file.`);
  rmSync('.env');
  mkdirSync('.env');
  expect(refusal()).toBe(`${REFUSED} is not a regular file.`);
});

it.each([0o600, 0o640, 0o644, 0o444])('a .env that only its owner may write is read: mode %o', (mode) => {
  writeFileSync('.env', 'PORT=8123\n');
  chmodSync('.env', mode);
  expect(loadEnvironment(undefined, []).PORT).toBe(8123);
});
