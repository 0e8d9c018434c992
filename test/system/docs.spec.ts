import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Processes, type ServerProcess } from '../support/processes/server-process';
import { WIDE_LIMITS } from '../support/processes/wide-limits';
import { until } from '../support/until';
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
        // All pages are run by one key, on a fast machine within a minute.
        ...WIDE_LIMITS,
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

  curlIt(`docs/undo.md issues a copy of a license that was revoked${because}`, () => {
    const folder = processes.emptyFolder();
    const [copy = ''] = blocksOf('docs/undo.md');
    const first = run(
      [
        `curl -s $AEGIS/api/v1/customers -H "X-API-Key: $AEGIS_API_KEY" -H 'Content-Type: application/json' -d '{"id": "undo", "name": "Undo Ltd."}'`,
        `ID=$(curl -s $AEGIS/api/v1/licenses -H "X-API-Key: $AEGIS_API_KEY" -H 'Content-Type: application/json' -d '${JSON.stringify(
          {
            customer_id: 'undo',
            module_name: 'payroll',
            allowed_major_versions: ['17', '18'],
            license_type: 'subscription',
            duration_days: 100,
            instance_fingerprint: `sha256:${'a'.repeat(64)}`,
            entitlements: { max_users: 5 },
            grace_days: 14,
            notes: 'paid by invoice 4711',
          },
        )}' | node -pe 'JSON.parse(fs.readFileSync(0)).id')`,
        `curl -s $AEGIS/api/v1/licenses/$ID/revoke -H "X-API-Key: $AEGIS_API_KEY" -H 'Content-Type: application/json' -d '{"reason": "by mistake"}'`,
        copy,
      ],
      folder,
    );
    expect([first.status, first.status === 0 ? '' : String(first.stderr)]).toEqual([0, '']);
    const revoked = JSON.parse(readFileSync(join(folder, 'revoked.json'), 'utf8')) as Record<string, unknown>;
    const issued = JSON.parse(String(first.stdout).trim().split('\n').at(-1) ?? '') as Record<
      string,
      unknown
    >;
    expect(issued.id).not.toBe(revoked.id);
    for (const field of [
      'allowed_major_versions',
      'license_type',
      'instance_fingerprint',
      'entitlements',
      'grace_days',
      'notes',
      'module_name',
    ])
      expect([field, issued[field]]).toEqual([field, revoked[field]]);
    const apart = Date.parse(String(issued.expires_at)) - Date.parse(String(revoked.expires_at));
    expect(Math.abs(apart)).toBeLessThan(24 * 60 * 60 * 1000);
  });

  curlIt.each(['docs/audit-events.md', 'docs/events.md', 'docs/logs.md'])(
    `the commands of %s work${because}`,
    (page) => {
      const { status, stderr } = run(blocksOf(page));
      expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    },
  );

  curlIt(`docs/webhooks.md sends events to a receiver that verifies them${because}`, () => {
    const { status, stdout, stderr } = run(blocksOf('docs/webhooks.md'), processes.emptyFolder());
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    expect(stdout).toMatch(/"outcome":"delivered"[^]*"last_sequence":/);
  });

  curlIt(`docs/entitlements.md issues, changes and finds them${because}`, () => {
    const { status, stdout, stderr } = run(blocksOf('docs/entitlements.md'), processes.emptyFolder());
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    expect(stdout).toMatch(/"code":"VALID"[^]*"max_employees":250[^]*"max_employees":500[^]*"licenses":\[/);
  });

  curlIt(`docs/activations.md leads from an issue to a release${because}`, () => {
    const { status, stdout, stderr } = run(blocksOf('docs/activations.md'));
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    expect(stdout).toMatch(
      /"code":"VALID"[^]*"activation":\{"id"[^]*"ended_by":"released"[^]*"in_use":0[^]*"live":0[^]*"peak":1,"admissions":1,"refusals":0/,
    );
  });

  curlIt(`docs/instance-binding.md leads from a fingerprint to a validation${because}`, () => {
    const { status, stdout, stderr } = run(blocksOf('docs/instance-binding.md'));
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    const codes = [...String(stdout).matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code);
    expect(codes).toEqual(['VALID', 'INSTANCE_MISMATCH', 'INSTANCE_REQUIRED']);
  });

  verifyIt(
    `docs/verify-offline.md: both programs accept a license that counts and refuse every other${becausePyJwt}`,
    async () => {
      const folder = processes.emptyFolder();
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
      const send = async (path: string, body: object): Promise<Record<string, string>> => {
        const answer = await fetch(`${server.url}/api/v1/${path}`, {
          method: 'POST',
          headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
        expect([path, answer.ok]).toEqual([path, true]);
        return (await answer.json()) as Record<string, string>;
      };
      const issue = (changes: object = {}): Promise<Record<string, string>> =>
        send('licenses', {
          customer_id: 'offline',
          module_name: 'payroll',
          allowed_major_versions: ['17'],
          license_type: 'perpetual',
          ...changes,
        });
      await send('customers', { id: 'offline', name: 'Offline Ltd.' });
      const license = await issue();
      const [fetchLicense = '', fetchList = '', byCommand = ''] = blocksOf('docs/verify-offline.md');
      const fetched = run([fetchLicense, fetchList], folder);
      expect([fetched.status, fetched.status === 0 ? '' : String(fetched.stderr)]).toEqual([0, '']);

      const aegis = `aegis() { ${process.execPath} ${join(ROOT, 'dist/apps/cli/src/main.js')} "$@"; }`;
      const said = run([aegis, byCommand], folder);
      expect([said.status, said.stdout]).toEqual([
        0,
        expect.stringMatching(/^VALID\n[^]*Offline Ltd\.[^]*by a fresh status list[^]*"jti": /),
      ]);

      writeFileSync(join(folder, 'verify.py'), blocksOf('docs/verify-offline.md', 'python').join(''));
      writeFileSync(join(folder, 'verify.mjs'), blocksOf('docs/verify-offline.md', 'js').join(''));
      const verify = (token = license.token): [number | null, string][] => {
        writeFileSync(join(folder, 'license.jwt'), `${token}\n`);
        return [
          [PYTHON, 'verify.py'],
          [process.execPath, 'verify.mjs'],
        ].map(([program = '', file = '']) => {
          const { status, stdout, stderr } = spawnSync(program, [file], { cwd: folder, encoding: 'utf8' });
          return [status, stdout + stderr];
        });
      };
      const both = (status: number, text: string): [number, string][] =>
        [text, text].map((output) => [status, expect.stringContaining(output) as string]);
      const refused = (why: string): [number, string][] => both(1, `not licensed: ${why}`);
      expect(verify()).toEqual(both(0, 'licensed to Offline Ltd. until forever\n'));

      const ending = await issue({ license_type: 'subscription', duration_days: 365 });
      expect(verify(ending.token)).toEqual(
        both(0, `licensed to Offline Ltd. until ${ending.expires_at?.slice(0, 10)}\n`),
      );
      const stock = await issue({ module_name: 'stock' });
      expect(verify(stock.token)).toEqual(refused('for another program or version'));
      const older = await issue({ allowed_major_versions: ['16'] });
      expect(verify(older.token)).toEqual(refused('for another program or version'));

      // The installation that the programs name is the one of docs/instance-binding.md.
      const fingerprints = await Promise.all(
        ['erp.bound.example', 'erp.copy.example'].map((domain) =>
          send('licenses/fingerprint', { db_uuid: '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002', domain }),
        ),
      );
      const [here, elsewhere] = await Promise.all(
        fingerprints.map(({ fingerprint }) => issue({ instance_fingerprint: fingerprint })),
      );
      expect(verify(here?.token)).toEqual(both(0, 'licensed to Offline Ltd. until forever\n'));
      expect(verify(elsewhere?.token)).toEqual(refused('bound to another installation'));

      await send(`licenses/${ending.id}/suspend`, { reason: 'unpaid' });
      await send(`licenses/${license.id}/revoke`, { reason: 'refunded' });
      await until('the status list says that the license is revoked', () => {
        run([fetchList], folder);
        return Promise.resolve(verify()[0]?.[0] === 1);
      });
      expect(verify()).toEqual(refused('revoked or suspended (status 1)'));
      expect(verify(ending.token)).toEqual(refused('revoked or suspended (status 2)'));

      const [head = '', body = '', signature = ''] = (here?.token ?? '').split('.');
      const forged = Buffer.from(body, 'base64url').toString().replace('Offline Ltd.', 'Forged Inc..');
      const [python, node] = verify([head, Buffer.from(forged).toString('base64url'), signature].join('.'));
      expect(python).toEqual([1, expect.stringContaining('InvalidSignatureError')]);
      expect(node).toEqual([1, expect.stringContaining('signature verification failed')]);

      rmSync(join(folder, 'status-list.jwt'));
      expect(verify(here?.token).map(([status]) => status)).toEqual([1, 1]);
    },
  );
});
