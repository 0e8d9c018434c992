import { buildSync } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const ROOT = join(__dirname, '../../..');
const SOURCE = join(ROOT, 'clients/typescript');
/** Of a browser's bundle, in bytes. */
const MOST_GZIPPED = 15 * 1024;

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const input = `${encode({ alg: 'EdDSA', typ: 'JWT', kid: 'k1' })}.${encode({
  jti: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  iss: 'https://license.biz4a.com',
  iat: 1_770_000_000,
  customer: { id: 'C-1', name: 'Acme' },
  module: { technical_name: 'payroll', allowed_major_versions: ['17'] },
  license_type: 'perpetual',
})}`;
const TOKEN = `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
const OPTIONS = {
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }],
  issuer: 'https://license.biz4a.com',
  module: 'payroll',
  version: '17.0',
};
const VERIFY = `
  verifyLicense(${JSON.stringify(TOKEN)}, ${JSON.stringify(OPTIONS)})
    .then(({ code, customer_name }) => console.log(code, customer_name));
`;

describe('the package of the TypeScript client', () => {
  let folder: string;
  let packed: string;
  let project: string;
  let tarball: string;

  function run(cwd: string, command: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
    expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    return stdout;
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-client-'));
    packed = join(folder, 'package');
    project = join(folder, 'project');
    for (const made of [packed, project]) mkdirSync(made);
    for (const name of ['package.json', 'README.md', 'LICENSE'])
      copyFileSync(join(SOURCE, name), join(packed, name));
    run(ROOT, process.execPath, join(SOURCE, 'build.mjs'), join(packed, 'dist'));
    run(packed, 'npm', 'pack', '--pack-destination', folder);
    const [name = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
    tarball = join(folder, name);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true }));
    run(project, 'npm', 'install', '--offline', '--no-audit', '--no-fund', tarball);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is installed without a network, and brings no other package', () => {
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@aegis',
    ]);
    const installed = join(project, 'node_modules/@aegis/client');
    const files = readdirSync(installed, { recursive: true }).map(String).sort();
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    expect(files.filter((name) => /spec|fixture|\.ts$/.test(name) && !name.endsWith('.d.ts'))).toEqual([]);
  });

  it('verifies a license as an ECMAScript module', () => {
    writeFileSync(join(project, 'esm.mjs'), `import { verifyLicense } from '@aegis/client';${VERIFY}`);
    expect(run(project, process.execPath, 'esm.mjs')).toBe('VALID Acme\n');
  });

  it('verifies a license as CommonJS', () => {
    writeFileSync(join(project, 'cjs.cjs'), `const { verifyLicense } = require('@aegis/client');${VERIFY}`);
    expect(run(project, process.execPath, 'cjs.cjs')).toBe('VALID Acme\n');
  });

  it('gives Node its own build', () => {
    const esm = `console.log(import.meta.resolve('@aegis/client'));`;
    writeFileSync(join(project, 'resolve.mjs'), esm);
    writeFileSync(join(project, 'resolve.cjs'), `console.log(require.resolve('@aegis/client'));`);
    expect(run(project, process.execPath, 'resolve.mjs')).toMatch(/\/dist\/index\.node\.mjs\n$/);
    expect(run(project, process.execPath, 'resolve.cjs')).toMatch(/\/dist\/index\.node\.js\n$/);
  });

  it('has the API client in a sub-path of its own, and the license of what is bundled with it', () => {
    const work = `console.log(typeof aegisApi({ baseUrl: 'https://license.example' }).GET);`;
    writeFileSync(join(project, 'api.mjs'), `import { aegisApi } from '@aegis/client/api';${work}`);
    writeFileSync(join(project, 'api.cjs'), `const { aegisApi } = require('@aegis/client/api');${work}`);
    for (const name of ['api.mjs', 'api.cjs'])
      expect(run(project, process.execPath, name)).toBe('function\n');
    const notices = join(project, 'node_modules/@aegis/client/dist/third-party-notices.txt');
    expect(readFileSync(notices, 'utf8')).toMatch(/^openapi-fetch [\s\S]*MIT License/);
  });

  it('keeps state in a file, under Node only', () => {
    const work = `const file = jsonFile('state.json'); file.save({ a: 1 }).then(() => file.load()).then((kept) => console.log(kept.a));`;
    writeFileSync(join(project, 'file.mjs'), `import { jsonFile } from '@aegis/client/node';${work}`);
    writeFileSync(join(project, 'file.cjs'), `const { jsonFile } = require('@aegis/client/node');${work}`);
    for (const name of ['file.mjs', 'file.cjs']) expect(run(project, process.execPath, name)).toBe('1\n');
  });

  it.each([
    ['node20', 'typed.mts'],
    ['node20', 'typed.cts'],
    ['esnext', 'typed.ts'],
  ])('has types for modules of kind %s in %s, in which a wrong option is an error', (module, name) => {
    const source = `import { SeatHolder, verifyLicense, type LicenseVerdict, type VerifyOptions } from '@aegis/client';
export const seats: typeof SeatHolder = SeatHolder;
import { aegisApi, dataOf } from '@aegis/client/api';
export const issued = async (): Promise<string | null> =>
  dataOf(await aegisApi({ baseUrl: '' }).GET('/api/v1/licenses/{id}', { params: { path: { id: '' } } })).token;
// @ts-expect-error: a route that does not exist
void aegisApi({ baseUrl: '' }).GET('/api/v1/nothing');
const options: VerifyOptions = ${JSON.stringify(OPTIONS)} as VerifyOptions;
export const verdict: Promise<LicenseVerdict> = verifyLicense('', options);
export const code: Promise<'VALID' | string> = verdict.then((one) => one.code);
// @ts-expect-error: an option that does not exist
void verifyLicense('', { ...options, statuslist: '' } satisfies VerifyOptions);
// @ts-expect-error: keys are needed
void verifyLicense('', { issuer: '', module: '', version: '' });
`;
    writeFileSync(join(project, name), source);
    const settings = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--target', 'es2022'];
    const resolution = module === 'esnext' ? ['--moduleResolution', 'bundler'] : [];
    run(
      project,
      process.execPath,
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...settings,
      '--module',
      module,
      ...resolution,
      name,
    );
  });

  it('is sound for publint and for "are the types wrong"', () => {
    const checks = join(ROOT, 'test/support/clients/check-package.mjs');
    const found: unknown = JSON.parse(run(ROOT, process.execPath, checks, packed, tarball));
    expect(found).toEqual({ publint: [], attw: [] });
  });

  it('names nothing of Node in what browsers load, and takes less than 15 KB of them', () => {
    const entry = join(project, 'browser.mjs');
    writeFileSync(entry, `import * as client from '@aegis/client'; globalThis.client = client;`);
    const { outputFiles } = buildSync({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      platform: 'browser',
      format: 'esm',
      write: false,
    });
    const contents = outputFiles[0]!.contents;
    expect(Buffer.from(contents).toString()).not.toMatch(/\bnode:|\brequire\(|\bBuffer\b|\bprocess\./);
    expect(gzipSync(contents, { level: 9 }).length).toBeLessThan(MOST_GZIPPED);
  });

  it('has a license and a version of its own, and cannot be published by mistake', () => {
    const manifest = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(manifest).toMatchObject({ name: '@aegis/client', private: true, license: 'Apache-2.0' });
    expect(manifest).not.toHaveProperty('dependencies');
    expect(readFileSync(join(packed, 'LICENSE'), 'utf8')).toContain('Apache License');
  });
});
