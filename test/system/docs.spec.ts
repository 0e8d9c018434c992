import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Processes, type ServerProcess } from '../support/server-process';

const ROOT = join(__dirname, '../..');
const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);
// Under CI a missing tool is a failure, not a reason to skip.
const curlIt = hasTools || process.env.CI === 'true' ? it : it.skip;
const because = hasTools ? '' : ' (bash and curl are needed)';

/** Ends at the first command that fails, or is answered an error: shown on standard error. */
const STRICT = 'set -euo pipefail\ncurl() { command curl --fail-with-body -w "\\n" "$@"; }\n';

describe('what the documentation shows', () => {
  const processes = new Processes();
  let server: ServerProcess;

  beforeAll(async () => {
    server = await processes.server({ ENVIRONMENT: 'test', DATA_DIR: processes.emptyFolder() }).ready();
  });
  afterAll(() => processes.close());

  /** Runs the `sh` blocks of a page as one script. */
  function run(blocks: string[]): ReturnType<typeof spawnSync> {
    const [, key = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
    return spawnSync('bash', ['-x', '-c', STRICT + blocks.join('\n')], {
      cwd: processes.emptyFolder(),
      env: { PATH: process.env.PATH, HOME: process.env.HOME, AEGIS: server.url, AEGIS_API_KEY: key },
      encoding: 'utf8',
    });
  }

  function blocksOf(page: string): string[] {
    const text = readFileSync(join(ROOT, page), 'utf8');
    return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
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

  curlIt(`docs/api.md works from top to bottom${because}`, () => {
    const { status, stdout, stderr } = run(blocksOf('docs/api.md'));
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    expect(stdout).toContain('"code":"VALID"');
    expect(stdout).toContain('"status":"revoked"');
  });

  curlIt(`the first license of README.md works${because}`, () => {
    // The block that sets the key shows a placeholder: its two lines give way to this test's key and address.
    const blocks = blocksOf('README.md').filter((block) => block.includes('curl'));
    const script = blocks
      .join('\n')
      .replace(/^export .*$/gm, '')
      .replaceAll('acme', 'readme');
    const { status, stdout, stderr } = run([script]);
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
    expect(stdout).toMatch(/"code":"VALID"[\s\S]*"code":"REVOKED"[\s\S]*"event_type":"license\.revoked"/);
  });
});
