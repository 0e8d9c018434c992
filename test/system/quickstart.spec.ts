import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf } from '../support/pages';
import { Processes, type ServerProcess } from '../support/processes/server-process';

const ROOT = join(__dirname, '../..');
const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);
// Under CI a missing tool is a failure, not a reason to skip.
const curlIt = hasTools || process.env.CI === 'true' ? it : it.skip;
const because = hasTools ? '' : ' (bash and curl are needed)';

/** Ends at the first command that fails, or is answered an error. */
const STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body -w "\\n" "$@"; }\n';

/** A license of the same customer and program that counts on one installation alone. */
const ISSUE_BOUND = String.raw`curl -s $AEGIS/api/v1/licenses -H "X-API-Key: $AEGIS_API_KEY" -H 'Content-Type: application/json' \
  -d '{"customer_id": "globex", "module_name": "payroll", "allowed_major_versions": ["17"], "license_type": "demo", "instance_fingerprint": "sha256:${'a'.repeat(64)}"}' | node -pe 'JSON.parse(fs.readFileSync(0)).token' > license.jwt`;

describe('docs/quickstart.md', () => {
  const processes = new Processes();
  let server: ServerProcess;
  const dataDir = processes.emptyFolder();
  const folder = processes.emptyFolder();
  let apiKey = '';

  const start = (): Promise<ServerProcess> =>
    processes
      .server({ ENVIRONMENT: 'test', DATA_DIR: dataDir, LICENSE_ISSUER: 'https://licenses.acme.test' })
      .ready();

  beforeAll(async () => {
    server = await start();
    apiKey = /admin API key: (\S+)/.exec(server.stdout)?.[1] ?? '';
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => processes.close());

  const TITLES: Readonly<Record<number, string>> = {
    2: '2. Issue a license',
    3: '3. Ship the public key with your program',
    4: '4. Verify with no network',
    5: '5. Revoke it, and see that the server knows',
  };
  const step = (number: number, language = 'sh'): string =>
    blocksOf('docs/quickstart.md', language, TITLES[number]).join('\n');

  function run(script: string): string {
    const { status, stdout, stderr } = spawnSync('bash', ['-c', STRICT + script], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, AEGIS: server.url, AEGIS_API_KEY: apiKey },
      encoding: 'utf8',
    });
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    return stdout;
  }

  curlIt(`leads from a license to its check without a server, and to its revocation${because}`, async () => {
    run(step(2) + step(3));

    await server.stop();
    writeFileSync(join(folder, 'verify.mjs'), step(4, 'js'));
    const offline = run(step(4)).split('\n');
    expect(offline[0]).toMatch(/^licensed to Globex Ltd\. until \d{4}-\d\d-\d\d$/);
    expect(offline[1]).toBe('not licensed: signature verification failed');

    server = await start();
    const bound = run(`${ISSUE_BOUND}
node verify.mjs || true`);
    expect(bound).toContain('not licensed: bound to an installation');

    const answers = run(step(5));
    expect(answers).toMatch(/"valid":true[\s\S]*"code":"REVOKED"/);
  });
});
