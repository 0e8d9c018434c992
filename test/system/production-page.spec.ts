import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@aegis/embedded-postgres';
import { Client } from 'pg';
import { freePort } from '../support/processes/free-port';
import { probeAt } from '../support/processes/server-process';
import { until } from '../support/until';
import { blocksOf } from '../support/pages';

const ROOT = join(__dirname, '../..');
const PAGE = 'docs/production.md';
const hasTools = ['bash', 'curl', 'openssl', 'psql'].every(
  (tool) => spawnSync(tool, ['--version']).status === 0 || spawnSync(tool, ['version']).status === 0,
);
// Under CI a missing tool is a failure, not a reason to skip.
const pageIt = hasTools || process.env.CI === 'true' ? it : it.skip;
const because = hasTools ? '' : ' (bash, curl, openssl and psql are needed)';

describe('docs/production.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-production-'));
  let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
  let service: ChildProcess | undefined;

  beforeAll(async () => {
    // Fresh: a cluster of its own, without the roles and databases that tests use.
    postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), durable: false });
    // What a start in development makes is what an operator makes by the page.
    const superuser = new Client(adminUrl());
    await superuser.connect();
    await superuser.query('DROP DATABASE aegis');
    await superuser.query('DROP ROLE aegis_owner');
    await superuser.query('DROP ROLE aegis_app');
    await superuser.end();
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'data'));
    chmodSync(join(ROOT, 'dist/apps/cli/src/main.js'), 0o755);
    symlinkSync(join(ROOT, 'dist/apps/cli/src/main.js'), join(folder, 'bin/aegis'));
  });
  afterAll(async () => {
    if (service?.exitCode === null) {
      service.kill('SIGKILL');
      await once(service, 'close');
    }
    await postgres.release();
    await removeEmbeddedPostgres(join(folder, 'postgres'));
    rmSync(folder, { recursive: true, force: true });
  });

  function adminUrl(): string {
    const url = new URL(postgres.superuserUrl);
    url.pathname = '/postgres';
    return url.href;
  }

  /** The page's text with this machine's places instead of the system's. */
  const here = (text: string): string =>
    text
      .replaceAll('/etc/aegis', join(folder, 'etc'))
      .replaceAll('/opt/aegis', ROOT)
      .replaceAll('/var/lib/aegis', join(folder, 'data'))
      .replaceAll('/usr/bin/node', process.execPath);

  function run(script: string, variables: Record<string, string>): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', here(script)], {
      cwd: folder,
      env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder, ...variables },
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  }

  pageIt(`leads from a fresh PostgreSQL to a running service, as printed${because}`, async () => {
    const port = String(await freePort());
    const variables = {
      ADMIN_URL: adminUrl(),
      DB: `127.0.0.1:${new URL(adminUrl()).port}/aegis`,
      PORT: port,
      METRICS_PORT: String(await freePort()),
    };
    const blocks = blocksOf(PAGE);
    const afterStart = blocks.findIndex((block) => block.includes('/health/ready'));
    const before = run(blocks.slice(0, afterStart).join('\n'), variables);
    expect([before.status, before.status === 0 ? '' : before.output]).toEqual([0, '']);

    // What systemd would do with the unit: its settings file, its command.
    const unit = blocksOf(PAGE, 'ini').find((block) => block.includes('ExecStart=')) ?? '';
    const [, settingsFile = ''] = /^EnvironmentFile=(.*)$/m.exec(here(unit)) ?? [];
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(here(unit)) ?? [];
    const settings = Object.fromEntries(
      readFileSync(settingsFile, 'utf8')
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const [program = '', ...args] = command.split(' ');
    let log = '';
    service = spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, ...settings, PORT: port, METRICS_PORT: variables.METRICS_PORT },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    service.stdout?.on('data', (text: Buffer) => (log += text.toString()));
    service.stderr?.on('data', (text: Buffer) => (log += text.toString()));
    await until('the service is ready', async () => {
      if (service?.exitCode !== null) throw new Error(`the service ended:\n${log}`);
      return (await probeAt(`http://127.0.0.1:${port}`, 'ready')) === 200;
    });

    const readSettings = blocks.find((block) => block.startsWith('set -a')) ?? '';
    const after = run([readSettings, ...blocks.slice(afterStart)].join('\n'), variables);
    expect([after.status, after.status === 0 ? '' : after.output]).toEqual([0, '']);
    const [secret = ''] = /aegis_production_\w+/.exec(after.output) ?? [];
    const me = await fetch(`http://127.0.0.1:${port}/api/v1/me`, { headers: { 'X-API-Key': secret } });
    expect(await me.json()).toMatchObject({ name: 'first admin', scopes: ['admin'] });

    service.kill('SIGTERM');
    const [code] = (await once(service, 'close')) as [number | null];
    expect([code, code === 0 ? '' : log]).toEqual([0, '']);
  });
});
