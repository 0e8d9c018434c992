import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEnvironment, sourcesOf } from './load-environment';

const home = process.cwd();
const untouched = { ...process.env };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-dot-env-'));
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(home);
  process.env = { ...untouched };
  rmSync(folder, { recursive: true, force: true });
});

/** Whatever the umask, the group must not write to it. */
function writeDotEnv(content: string | Buffer): void {
  writeFileSync('.env', content, { mode: 0o644 });
}

it('reads .env of the working directory', () => {
  writeDotEnv('# settings\nPORT=8123\nLICENSE_ISSUER="https://issuer.test"\n');
  expect(loadEnvironment()).toMatchObject({ PORT: 8123, LICENSE_ISSUER: 'https://issuer.test' });
});

it('never lets .env override what the process has', () => {
  writeDotEnv('PORT=8123\nMETRICS_PORT=9999\n');
  process.env.PORT = '8124';
  expect(loadEnvironment()).toMatchObject({ PORT: 8124, METRICS_PORT: 9999 });
});

it('starts without .env', () => {
  expect(loadEnvironment().PORT).toBe(8000);
});

it('refuses a .env that cannot be read', () => {
  mkdirSync('.env');
  expect(() => loadEnvironment()).toThrow(
    expect.objectContaining({
      name: 'ConfigurationError',
      message: expect.stringMatching(/the file \.env .* is not a regular file\.$/),
    }),
  );
});

it('refuses a bad value in .env like any other', () => {
  writeDotEnv('PORT=canary7f3a\n');
  expect(() => loadEnvironment()).toThrow(/^Configuration refused:\n {2}PORT: (?!.*canary7f3a)/);
});

describe('a .env that is not understood', () => {
  const PRODUCTION = 'ENVIRONMENT=production\nKEY_PASSPHRASE=canary7f3a\n';

  it.each([
    ['UTF-16', Buffer.from(`\uFEFF${PRODUCTION}`, 'utf16le'), /\n {2}\.env, line 1: .*UTF-16/],
    ['YAML', 'ENVIRONMENT: production\n', /\n {2}\.env, line 1: must be NAME=value/],
    ['a comment behind a value', 'PORT=8000\nKEY_PASSPHRASE=canary7f3a#x\n', /\n {2}\.env, line 2: has a #/],
  ])('stops the start and makes nothing: %s', (_, content, message) => {
    writeDotEnv(content);
    expect(() => loadEnvironment()).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', message: expect.stringMatching(message) }),
    );
    expect(() => loadEnvironment()).not.toThrow(/canary7f3a/);
    expect(existsSync('.data')).toBe(false);
  });

  it('stops the start as well when it is a link to nothing', () => {
    symlinkSync('missing', '.env');
    expect(() => loadEnvironment()).toThrow(/the file \.env .*\(ENOENT\)/);
  });
});

it('does not lose the first line of a .env with a byte order mark', () => {
  writeDotEnv('\uFEFFENVIRONMENT=test\nPORT=8123\n');
  expect(loadEnvironment()).toMatchObject({ ENVIRONMENT: 'test', PORT: 8123 });
});

it('takes what .env says where the process has an empty variable', () => {
  process.env.ENVIRONMENT = '';
  writeDotEnv('ENVIRONMENT=test\n');
  expect(loadEnvironment().ENVIRONMENT).toBe('test');
});

it('says by name which settings came from where, and what of .env is not a setting', () => {
  writeFileSync('passphrase', 'canary7f3a of a passphrase', { mode: 0o600 });
  writeDotEnv('PORT=8123\nLOG_LEVEL=warn\nENVIROMENT=test\nKEY_PASSPHRASE_FILE=passphrase\n');
  process.env.PORT = '8124';
  const sources = sourcesOf(loadEnvironment());
  expect(sources).toMatchObject({ dotEnv: ['KEY_PASSPHRASE_FILE', 'LOG_LEVEL'], unknown: ['ENVIROMENT'] });
  expect(sources.process).toContain('PORT');
  expect(JSON.stringify(sources)).not.toContain('canary7f3a');
});

it('refuses a .env with secrets that others may read, in production only', () => {
  const production = 'ENVIRONMENT=production\nPUBLIC_URL=https://licenses.acme.test\n';
  writeDotEnv(`${production}KEY_PASSPHRASE=canary7f3a\n`);
  const refusal = (): string => {
    try {
      loadEnvironment(undefined, []);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refusal()).toMatch(
    /the file \.env in the working directory has secrets and has mode 0644: others must have no access/,
  );
  expect(refusal()).not.toContain('canary7f3a');
  writeDotEnv(production);
  expect(refusal()).not.toContain('.env');
  writeDotEnv('KEY_PASSPHRASE=canary7f3a\n');
  expect(refusal()).toBe('');
});
