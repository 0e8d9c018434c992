import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEnvironment } from './load-environment';

const FILES = ['api-key-pepper', 'key-passphrase', 'secrets-key'];
let dataDir: string;

beforeEach(() => {
  dataDir = join(mkdtempSync(join(tmpdir(), 'aegis-secrets-')), 'data');
});

afterEach(() => {
  rmSync(join(dataDir, '..'), { recursive: true, force: true });
});

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

it('makes each secret once, readable only by its user', () => {
  const first = loadEnvironment({ DATA_DIR: dataDir });
  expect(readdirSync(join(dataDir, 'secrets')).sort()).toEqual(FILES);
  expect(mode(join(dataDir, 'secrets'))).toBe(0o700);
  for (const file of FILES) expect(mode(join(dataDir, 'secrets', file))).toBe(0o600);

  const second = loadEnvironment({ DATA_DIR: dataDir });
  expect(second).toEqual(first);
  const made = [first.KEY_PASSPHRASE, first.SECRETS_KEY?.[0], first.API_KEY_PEPPERS[0]];
  expect(new Set(made).size).toBe(3);
});

it.each(
  FILES.flatMap(
    (name) =>
      [
        [name, ''],
        [name, '\n'],
        [name, '\0'.repeat(44)],
      ] as const,
  ),
)('refuses %s with %j in it, as a power cut may leave it, and does not replace it', (name, content) => {
  loadEnvironment({ DATA_DIR: dataDir });
  const file = join(dataDir, 'secrets', name);
  writeFileSync(file, content);
  expect(() => loadEnvironment({ DATA_DIR: dataDir })).toThrow(
    `secrets/${name} in it has no secret in it: restore it, or remove it together with what depends on it`,
  );
  expect(readFileSync(file, 'utf8')).toBe(content);
});

it('closes a folder that was open to others', () => {
  mkdirSync(join(dataDir, 'secrets'), { recursive: true, mode: 0o755 });
  loadEnvironment({ DATA_DIR: dataDir });
  expect(mode(join(dataDir, 'secrets'))).toBe(0o700);
});

it('gives the same secrets to all processes that start at the same time', async () => {
  // Each makes many, one after the other, so that they meet at some.
  const script = `
    const { developmentSecret } = require(${JSON.stringify(join(__dirname, 'development-secrets.ts'))});
    process.stdin.once('data', () => {
      for (let n = 0; n < 100; n += 1)
        process.stdout.write(developmentSecret(${JSON.stringify(dataDir)}, 'secret-' + n) + '\\n');
      process.stdin.unref();
    });
    process.stderr.write('waiting');`;
  const swc = join(__dirname, '../../../test/support/register-swc.cjs');
  const processes = Array.from({ length: 6 }, () => spawn(process.execPath, ['-r', swc, '-e', script]));
  await Promise.all(processes.map(({ stderr }) => once(stderr, 'data')));
  const said = processes.map(async (child) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    return text;
  });
  for (const { stdin } of processes) stdin.end('go');
  const secrets = await Promise.all(said);

  expect(secrets[0]).toMatch(/^([\w-]{43}\n){100}$/);
  expect(new Set(secrets).size).toBe(1);
  const files = readdirSync(join(dataDir, 'secrets'));
  expect(files).toHaveLength(100);
  for (const file of files)
    expect(secrets[0]).toContain(readFileSync(join(dataDir, 'secrets', file), 'utf8'));
});

it('makes none when all are set, and none in production', () => {
  const given = {
    DATA_DIR: dataDir,
    KEY_PASSPHRASE: 'correct horse battery staple',
    API_KEY_PEPPERS: `v1:${'x'.repeat(32)}`,
  };
  loadEnvironment({ ...given, SECRETS_KEY: `v1:${'y'.repeat(32)}` });
  loadEnvironment({
    ...given,
    ENVIRONMENT: 'production',
    PUBLIC_URL: 'https://licenses.acme.test',
    LICENSE_ISSUER: 'https://issuer.acme.test',
    DATABASE_URL: 'postgres://app@127.0.0.1/aegis',
  });
  expect(existsSync(dataDir)).toBe(false);
});

it('makes none when a wrong setting stops the start', () => {
  expect(() => loadEnvironment({ DATA_DIR: dataDir, PORT: 'x' })).toThrow('PORT: ');
  expect(existsSync(dataDir)).toBe(false);
});

it('names DATA_DIR when they cannot be made', () => {
  writeFileSync(dataDir, 'a file, no folder');
  expect(() => loadEnvironment({ DATA_DIR: dataDir })).toThrow(
    expect.objectContaining({
      name: 'ConfigurationError',
      message: expect.stringMatching(/^DATA_DIR: .*\((ENOTDIR|EEXIST)\); make it a folder/),
    }),
  );
});

it.each(['secrets', 'secrets/api-key-pepper'])(
  'refuses a link in place of %s, and follows it nowhere',
  (name) => {
    loadEnvironment({ DATA_DIR: dataDir });
    const elsewhere = join(dataDir, 'elsewhere');
    renameSync(join(dataDir, name), elsewhere);
    symlinkSync(elsewhere, join(dataDir, name));
    expect(() => loadEnvironment({ DATA_DIR: dataDir })).toThrow(
      /^DATA_DIR: secrets or secrets\/.* is a symbolic link/,
    );
  },
);
