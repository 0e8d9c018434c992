import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEnvironment } from './load-environment';

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

it('reads .env of the working directory', () => {
  writeFileSync('.env', '# settings\nPORT=8123\nLICENSE_ISSUER="https://issuer.test"\n');
  expect(loadEnvironment()).toMatchObject({ PORT: 8123, LICENSE_ISSUER: 'https://issuer.test' });
});

it('never lets .env override what the process has', () => {
  writeFileSync('.env', 'PORT=8123\nMETRICS_PORT=9999\n');
  process.env.PORT = '8124';
  expect(loadEnvironment()).toMatchObject({ PORT: 8124, METRICS_PORT: 9999 });
});

it('starts without .env', () => {
  expect(loadEnvironment().PORT).toBe(8000);
});

it('refuses a .env that can not be read', () => {
  mkdirSync('.env');
  expect(() => loadEnvironment()).toThrow(
    expect.objectContaining({
      name: 'ConfigurationError',
      message: expect.stringMatching(/the file \.env .*\(EISDIR\)/),
    }),
  );
});

it('refuses a bad value in .env like any other', () => {
  writeFileSync('.env', 'PORT=canary7f3a\n');
  expect(() => loadEnvironment()).toThrow(/^Configuration refused:\n {2}PORT: (?!.*canary7f3a)/);
});
