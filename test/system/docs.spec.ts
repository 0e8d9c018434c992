import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Processes, type ServerProcess } from '../support/processes/server-process';
import { until } from '../support/database/sql';
import { blocksOf } from '../support/pages';

const ROOT = join(__dirname, '../..');
const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);
// Under CI a missing tool is a failure, not a reason to skip.
const curlIt = hasTools || process.env.CI === 'true' ? it : it.skip;
const because = hasTools ? '' : ' (bash and curl are needed)';

/** Debian's own: its packages are not for another Python that may come first on the path. */
const PYTHON = '/usr/bin/python3';
const hasPyJwt = spawnSync(PYTHON, ['-c', 'import jwt, cryptography']).status === 0;
const verifyIt = (hasTools && hasPyJwt) || process.env.CI === 'true' ? it : it.skip;
const becausePyJwt = hasPyJwt
  ? because
  : ' (Debian packages python3-jwt and python3-cryptography are needed)';

/** Ends at the first command that fails, or is answered an error: shown on standard error. */
const STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body -w "\\n" "$@"; }\n';

describe('what the documentation shows', () => {
  const processes = new Processes();
  let server: ServerProcess;

  beforeAll(async () => {
    server = await processes
      .server({
        ENVIRONMENT: 'test',
        DATA_DIR: processes.emptyFolder(),
        // As no page says it: what a reader copies must work with any.
        LICENSE_ISSUER: 'https://licenses.acme.test',
      })
      .ready();
  });
  afterAll(() => processes.close());

  /** Runs the `sh` blocks of a page as one script. */
  function run(blocks: string[], cwd = processes.emptyFolder()): ReturnType<typeof spawnSync> {
    const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    return spawnSync('bash', ['-x', '-c', STRICT + blocks.join('\n')], {
      cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, AEGIS: server.url, AEGIS_API_KEY: key },
      encoding: 'utf8',
    });
  }

  it('docs/api.md shows each operation of the OpenAPI document', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const text = readFileSync(join(ROOT, 'docs/api.md'), 'utf8');
    const shown = [...text.matchAll(/^### ([A-Z]+ \/\S*)$/gm)].map(([, route]) => route);
    expect(shown.sort()).toEqual(operations.sort());
  });

  curlIt(`docs/api.md works from top to bottom, after README.md and twice${because}`, () => {
    const before = run([readmeScript()]);
    expect([before.status, before.status === 0 ? '' : String(before.stderr)]).toEqual([0, '']);
    for (const time of ['first', 'second']) {
      const { status, stdout, stderr } = run(blocksOf('docs/api.md'));
      expect([time, status, status === 0 ? '' : String(stderr)]).toEqual([time, 0, '']);
      expect(stdout).toContain('"code":"VALID"');
      expect(stdout).toContain('"status":"revoked"');
    }
  });

  /** The block that sets the key shows a placeholder: its two lines give way to this test's key and address. */
  function readmeScript(customer = 'acme'): string {
    const blocks = blocksOf('README.md').filter((block) => block.includes('curl'));
    return blocks
      .join('\n')
      .replace(/^export .*$/gm, '')
      .replaceAll('acme', customer);
  }

  curlIt(`the first license of README.md works${because}`, () => {
    const { status, stdout, stderr } = run([readmeScript('readme')]);
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    expect(stdout).toMatch(/"code":"VALID"[\s\S]*"code":"REVOKED"[\s\S]*"event_type":"license\.revoked"/);
  });

  curlIt.each(['docs/audit-events.md', 'docs/logs.md'])(`the commands of %s work${because}`, (page) => {
    const { status, stderr } = run(blocksOf(page));
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
  });

  curlIt(`docs/instance-binding.md leads from a fingerprint to a validation${because}`, () => {
    const { status, stdout, stderr } = run(blocksOf('docs/instance-binding.md'));
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    const codes = [...String(stdout).matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code);
    expect(codes).toEqual(['VALID', 'INSTANCE_MISMATCH', 'INSTANCE_REQUIRED']);
  });

  verifyIt(`docs/verify-offline.md verifies a license in Python and in Node${becausePyJwt}`, async () => {
    const folder = processes.emptyFolder();
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    const send = (path: string, body: object, method = 'POST'): Promise<Response> =>
      fetch(`${server.url}/api/v1/${path}`, {
        method,
        headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    await send('customers', { id: 'offline', name: 'Offline Ltd.' });
    const license = await send('licenses', {
      customer_id: 'offline',
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    });
    const { id } = (await license.json()) as { id: string };
    const [fetchLicense = '', fetchList = ''] = blocksOf('docs/verify-offline.md');
    const fetched = run([fetchLicense, fetchList], folder);
    expect([fetched.status, fetched.status === 0 ? '' : String(fetched.stderr)]).toEqual([0, '']);

    writeFileSync(join(folder, 'verify.py'), blocksOf('docs/verify-offline.md', 'python').join(''));
    writeFileSync(join(folder, 'verify.mjs'), blocksOf('docs/verify-offline.md', 'js').join(''));
    const verify = (program: string, file: string): string => {
      const { stdout, stderr } = spawnSync(program, [file], { cwd: folder, encoding: 'utf8' });
      return stdout + stderr;
    };
    expect(verify(PYTHON, 'verify.py')).toBe('licensed to Offline Ltd. until forever\nstatus 0\n');
    expect(verify(process.execPath, 'verify.mjs')).toBe('licensed to Offline Ltd. until forever\n');

    await send(`licenses/${id}/revoke`, { reason: 'refunded' });
    await until('the status list says that the license is revoked', () => {
      run([fetchList], folder);
      return Promise.resolve(verify(PYTHON, 'verify.py').endsWith('status 1\n'));
    });

    const token = readFileSync(join(folder, 'license.jwt'), 'utf8').trim();
    const [head = '', body = '', signature = ''] = token.split('.');
    const forged = Buffer.from(body, 'base64url').toString().replace('Offline Ltd.', 'Forged Inc..');
    const edited = [head, Buffer.from(forged).toString('base64url'), signature].join('.');
    writeFileSync(join(folder, 'license.jwt'), edited);
    expect(verify(PYTHON, 'verify.py')).toContain('InvalidSignatureError');
    expect(verify(process.execPath, 'verify.mjs')).toContain('signature verification failed');
  });
});
