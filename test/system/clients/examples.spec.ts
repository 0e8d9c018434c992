import { build } from 'esbuild';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { aLicense, type IssuedLicense } from '../../support/factories';
import { freePort } from '../../support/processes/free-port';
import { programArguments } from '../../support/processes/program';
import { Processes } from '../../support/processes/server-process';
import { Client } from '../../support/requests/client';
import { until } from '../../support/until';

const CLIENTS = join(__dirname, '../../../clients');
const CHROMIUM = '/usr/bin/chromium';
const hasChromium = existsSync(CHROMIUM);
// Under CI a missing tool is a failure, not a reason to skip.
const browserIt = hasChromium || process.env.CI === 'true' ? it : it.skip;
const DB_UUID = '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002';
const DOMAIN = 'erp.acme.example';

describe('the examples of the TypeScript client and of the command line', () => {
  const processes = new Processes();
  let folder: string;
  let url: string;
  let admin: Client;
  let issuer: string;
  let jwks: string;
  let valid: IssuedLicense;
  let refused: IssuedLicense;

  beforeAll(async () => {
    folder = processes.emptyFolder();
    // What programs install, without its types: that it can be packed is shown in typescript-package.spec.ts.
    const installed = join(folder, 'node_modules/@aegis/client');
    mkdirSync(installed, { recursive: true });
    copyFileSync(join(CLIENTS, 'typescript/package.json'), join(installed, 'package.json'));
    execFileSync(process.execPath, [join(CLIENTS, 'typescript/bundle.mjs'), join(installed, 'dist')]);
    cpSync(join(CLIENTS, 'examples'), join(folder, 'examples'), { recursive: true });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const server = processes.server({
      ENVIRONMENT: 'test',
      PORT: String(port),
      PUBLIC_URL: url,
      DATA_DIR: processes.emptyFolder(),
      RATE_LIMIT_ENABLED: 'false',
    });
    await server.ready();
    const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    admin = new Client(url, key);
    issuer = ((await admin.get('/info')).body as { issuer: string }).issuer;
    jwks = JSON.stringify((await admin.get('/.well-known/jwks.json')).body);
    valid = await aLicense(admin);
    refused = await aLicense(admin, { module_name: 'another_module' });
  });
  afterAll(() => processes.close());

  /** A folder with the files that the examples' pages list. */
  function folderOf(example: string, { token }: IssuedLicense): string {
    const made = join(folder, 'examples', example, `${Math.random()}`.slice(2));
    mkdirSync(made);
    writeFileSync(join(made, 'license.jwt'), `${token}\n`);
    writeFileSync(join(made, 'jwks.json'), jwks);
    writeFileSync(join(made, 'settings.json'), JSON.stringify({ server: url, issuer }));
    return made;
  }
  const inUse = async (id: string): Promise<unknown> =>
    (await admin.get(`/api/v1/licenses/${id}/seats`)).body.in_use;

  describe('node-service', () => {
    function started(license: IssuedLicense) {
      const script = join(folder, 'examples/node-service/service.mjs');
      const child = spawn(process.execPath, [script, folderOf('node-service', license)]);
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => (said += text.toString()));
      const closed = once(child, 'close').then(([code]) => code as number | null);
      return { child, closed, said: () => said };
    }

    it('holds a seat while it runs, and gives it back at SIGTERM', async () => {
      const license = await aLicense(admin, { seats: { max: 1, mode: 'floating', lease_seconds: 600 } });
      const service = started(license);
      await until('it has checked its license', () => Promise.resolve(/^VALID .*\n/m.test(service.said())));
      expect(service.said()).toBe('seat: held\nVALID fresh unknown Acme Corporation\n');
      expect(await inUse(license.id)).toBe(1);
      service.child.kill('SIGTERM');
      expect(await service.closed).toBe(0);
      expect(await inUse(license.id)).toBe(0);
    });

    it('ends where its license is not valid', async () => {
      const service = started(refused);
      expect(await service.closed).toBe(1);
      expect(service.said()).toBe(
        'MODULE_MISMATCH fresh unknown Acme Corporation\nnot licensed: The license is for another module.\n',
      );
    });
  });

  describe('offline-start', () => {
    const start = (here: string): { status: number | null; lines: string[] } => {
      const script = join(folder, 'examples/offline-start/start.mjs');
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, here], { encoding: 'utf8' });
      return { status, lines: (stdout + stderr).trim().split('\n') };
    };

    it('asks by a code, starts by the file, and says what to do where it is refused', async () => {
      const license = await aLicense(admin, { seats: { max: 2, mode: 'fixed' } });
      const [here, other] = [folderOf('offline-start', license), folderOf('offline-start', license)];
      const asks = start(here);
      expect([asks.status, asks.lines.length]).toEqual([2, 2]);
      const made = await admin.post(`/api/v1/licenses/${license.id}/activations/offline`, {
        request: asks.lines[1],
        valid_days: 30,
      });
      const file = JSON.stringify(made.body.file);
      expect(start(other).status).toBe(2);
      for (const one of [here, other]) writeFileSync(join(one, 'activation.json'), file);
      expect(start(here)).toEqual({
        status: 0,
        lines: [expect.stringMatching(/^licensed to Acme Corporation until \d{4}-/)],
      });
      expect(start(other)).toEqual({
        status: 1,
        lines: ['ACTIVATION_MISMATCH: activation.json answers the request of another installation.'],
      });
      writeFileSync(join(here, 'activation.json'), '{}');
      expect(start(here)).toEqual({
        status: 1,
        lines: ['activation.json is not an offline file. Copy it again.'],
      });
    });
  });

  describe('browser-page', () => {
    const page = (): string => join(folder, 'examples/browser-page');
    let pages: Server;
    let browser: Browser | undefined;

    beforeAll(async () => {
      await build({
        entryPoints: [join(page(), 'page.mjs')],
        bundle: true,
        minify: true,
        format: 'esm',
        outfile: join(page(), 'page.js'),
      });
      const { keys } = JSON.parse(jwks) as { keys: unknown };
      writeFileSync(join(page(), 'vendor.json'), JSON.stringify({ keys, issuer }));
      pages = createServer((request, response) => {
        const file = request.url === '/' ? '/index.html' : (request.url ?? '');
        const found = existsSync(join(page(), file));
        const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
        response.writeHead(found ? 200 : 404, { 'content-type': types[extname(file)] ?? 'application/json' });
        response.end(found ? readFileSync(join(page(), file)) : '');
      }).listen(0, '127.0.0.1');
      await once(pages, 'listening');
      if (hasChromium)
        browser = await chromium.launch({
          executablePath: CHROMIUM,
          args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
        });
    });
    afterAll(async () => {
      await browser?.close();
      pages.close();
    });

    browserIt('shows what a license is worth', async () => {
      const shown = await browser!.newPage();
      await shown.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
      const verdictOf = async (token: string, code: string): Promise<string> => {
        await shown.locator('textarea').fill(token);
        await shown.getByRole('button', { name: 'Check' }).click();
        const output = shown.locator('output');
        await output.filter({ hasText: code }).waitFor();
        return output.innerText();
      };
      expect(await verdictOf(valid.token, 'VALID')).toBe('VALID: Acme Corporation, revocation fresh');
      expect(await verdictOf(refused.token, 'MODULE')).toBe(
        'MODULE_MISMATCH: The license is for another module.',
      );
      expect(await verdictOf('nonsense', 'MALFORMED')).toMatch(/^MALFORMED: /);
    });
  });

  it('shell-pipeline prints a line for each license, and ends with 1 where one is refused', async () => {
    const here = folderOf('shell-pipeline', refused);
    const digest = createHash('sha256').update(`${DB_UUID}:${DOMAIN}`).digest('hex');
    const bound = await aLicense(admin, { instance_fingerprint: `sha256:${digest}` });
    writeFileSync(join(here, 'bound.jwt'), bound.token);
    writeFileSync(join(here, 'refused.jwt'), refused.token);
    const command = [process.execPath, ...programArguments('cli')].map((part) => `'${part}'`).join(' ');
    writeFileSync(join(here, 'aegis'), `#!/bin/sh\nexec ${command} "$@"\n`);
    chmodSync(join(here, 'aegis'), 0o755);
    const check = (...files: string[]) =>
      spawnSync('sh', ['../check.sh', issuer, DB_UUID, DOMAIN, ...files], {
        cwd: here,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${here}:${process.env.PATH}` },
      });
    const both = check('bound.jwt', 'refused.jwt');
    expect([both.stdout, both.status]).toEqual([
      'bound.jwt\tVALID\tAcme Corporation\tbound\nrefused.jwt\tMODULE_MISMATCH\tAcme Corporation\t-\n',
      1,
    ]);
    expect(check('missing.jwt').status).toBeGreaterThan(1);
    // Only the claim binds; and no name is a line of its own, or an option.
    const named = await aLicense(admin, { entitlements: { note: `sha256:${digest}` } });
    writeFileSync(join(here, 'named\nforged.jwt\tVALID'), named.token);
    writeFileSync(join(here, '--keys=named.jwt'), named.token);
    const odd = check('named\nforged.jwt\tVALID', '--keys=named.jwt');
    expect([odd.stdout, odd.status]).toEqual([
      'named?forged.jwt?VALID\tVALID\tAcme Corporation\t-\n--keys=named.jwt\tVALID\tAcme Corporation\t-\n',
      0,
    ]);
  });
});
