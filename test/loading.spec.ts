import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..');
const BUILT = join(ROOT, 'dist');

/** Packages that a service or a command has no use for. */
const HTTP_PACKAGES = /node_modules[\\/](express|@nestjs[\\/](swagger|platform-express))[\\/]/;

/** What only a server that sends webhooks has a use for. */
const WEBHOOK_SENDING = join(BUILT, 'libs/webhooks/src/sending');

/** Names of the files that are loaded together with these compiled files. */
function loadedBy(files: readonly string[]): string[] {
  const script = `
    for (const file of ${JSON.stringify(files)}) require(file);
    // An exit before it is written out would cut it.
    process.stdout.write(JSON.stringify(Object.keys(require.cache)), () => process.exit(0));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded).toEqual(expect.arrayContaining([...files]));
  return loaded;
}

/** Names of the HTTP packages among them. */
function httpPackagesLoadedBy(files: readonly string[]): string[] {
  return [...new Set(loadedBy(files).flatMap((file) => HTTP_PACKAGES.exec(file)?.[1] ?? []))];
}

function commands(): string[] {
  const folder = join(BUILT, 'apps/cli/src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && name !== 'main.js')
    .map((name) => join(folder, name));
}

const libs = readdirSync(join(BUILT, 'libs')).filter((lib) => lib !== 'http');

describe('loading', () => {
  it.each(libs)('the lib %s loads neither Express nor Swagger', (lib) => {
    const files = readdirSync(join(BUILT, 'libs', lib, 'src')).includes('index.js')
      ? [join(BUILT, 'libs', lib, 'src/index.js')]
      : readdirSync(join(BUILT, 'libs', lib, 'src'))
          .filter((name) => name.endsWith('.js') && !/^http\.js$|-http\.module\.js$/.test(name))
          .map((name) => join(BUILT, 'libs', lib, 'src', name));
    expect(httpPackagesLoadedBy(files)).toEqual([]);
  });

  it('the routes of a lib do load them, so the test can fail', () => {
    expect(httpPackagesLoadedBy([join(BUILT, 'libs/licensing/src/http.js')])).toContain('express');
  });

  it('every command loads neither Express nor Swagger', () => {
    expect(httpPackagesLoadedBy(commands())).toEqual([]);
  });

  it('no command loads what sends webhooks', () => {
    const isSending = (file: string): boolean => file.startsWith(WEBHOOK_SENDING);
    expect(loadedBy(commands()).filter(isSending)).toEqual([]);
    expect(loadedBy([join(WEBHOOK_SENDING, 'webhook-sending.module.js')]).some(isSending)).toBe(true);
  });
});
