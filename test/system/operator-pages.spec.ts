import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until';
import { blocksOf } from '../support/pages';
import { Processes, type ServerProcess } from '../support/processes/server-process';

const ROOT = join(__dirname, '../..');
const TOOLS = ['bash', 'curl', 'openssl', 'ssss-split', 'shred', 'tar'];
const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
// Under CI a missing tool is a failure, not a reason to skip.
const describePages = missing.length === 0 || process.env.CI === 'true' ? describe : describe.skip;

const PEPPERS = `v1:${'p'.repeat(64)}`;

describePages(
  `what operators copy from the pages works (missing: ${missing.join(', ') || 'nothing'})`,
  () => {
    const processes = new Processes();
    const folder = processes.emptyFolder();
    const keysDir = processes.emptyFolder();
    let server: ServerProcess;
    let settings: Record<string, string>;
    let firstKid: string;

    beforeAll(async () => {
      chmodSync(keysDir, 0o700);
      writeFileSync(join(folder, 'passphrase'), 'correct horse battery staple 4711', { mode: 0o600 });
      writeFileSync(join(folder, 'peppers'), PEPPERS, { mode: 0o600 });
      settings = {
        ENVIRONMENT: 'test',
        DATA_DIR: processes.emptyFolder(),
        KEYS_DIR: keysDir,
        KEY_PASSPHRASE_FILE: join(folder, 'passphrase'),
        API_KEY_PEPPERS_FILE: join(folder, 'peppers'),
      };
      mkdirSync(join(folder, 'bin'));
      const main = join(ROOT, 'dist/apps/cli/src/main.js');
      chmodSync(main, 0o755);
      symlinkSync(main, join(folder, 'bin/aegis'));
      server = await processes.server(settings).ready();
      const info = (await (await fetch(`${server.url}/info`)).json()) as { key_id: string };
      firstKid = info.key_id;
    });
    afterAll(async () => {
      await processes.close();
    });

    function run(script: string, input = ''): { status: number | null; output: string } {
      const [, apiKey = ''] = /admin API key: (\S+)/.exec(server.stdout) ?? [];
      const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
        cwd: folder,
        env: {
          PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
          HOME: folder,
          AEGIS: server.url,
          AEGIS_API_KEY: apiKey,
          ...settings,
        },
        input,
        encoding: 'utf8',
      });
      return { status, output: stdout + stderr };
    }

    function succeed(script: string, input?: string): string {
      const { status, output } = run(script, input);
      expect([status, status === 0 ? '' : output]).toEqual([0, '']);
      return output;
    }

    const keys = (section: string): string[] => blocksOf('docs/keys.md', 'sh', section);

    it('docs/keys.md: look at keys, change them, sign the key set by a root key', async () => {
      const [look = ''] = blocksOf('docs/keys.md');
      expect(succeed(look.replaceAll('aegis-2026-11', firstKid))).toContain(firstKid);
      const [make = '', ...activate] = keys('Changing keys');
      succeed(make);
      await until('the server holds the new key', () =>
        Promise.resolve(/^aegis-2027-11 .*held by 1 of 1$/m.test(succeed('aegis keys list'))),
      );
      succeed(activate.join('\n'));
      await until('the new key signs', async () => {
        const info = (await (await fetch(`${server.url}/info`)).json()) as { key_id: string };
        return info.key_id === 'aegis-2027-11';
      });
      succeed(keys('The root key').join('\n'));
      await until('the signed key set is served', async () => {
        return (await fetch(`${server.url}/.well-known/jwks.jwt`)).status === 200;
      });
    });

    it('docs/keys.md: a backup that three of five people bring back', () => {
      const [backup = '', restore = ''] = keys('Backup');
      const output = succeed(backup);
      const shares = output.match(/^aegis-\d-[0-9a-f]+$/gm) ?? [];
      expect(shares).toHaveLength(5);
      // shred -u removes them.
      expect(readdirSync(join(folder, 'backup'), { recursive: true })).toEqual(['keys']);
      expect(existsSync(join(folder, 'backup-secret'))).toBe(false);
      succeed(restore, `${[shares[4], shares[0], shares[2]].join('\n')}\n`);
      expect(readFileSync(join(folder, 'restored/key-passphrase'), 'utf8')).toBe(
        'correct horse battery staple 4711',
      );
      expect(readFileSync(join(folder, 'restored/api-key-peppers'), 'utf8')).toBe(PEPPERS);
      succeed('diff -r restored/keys "$KEYS_DIR" --exclude "jwks.*"');
    });

    it('docs/keys.md: another passphrase', () => {
      succeed(keys('Another passphrase').join('\n'));
      settings.KEY_PASSPHRASE_FILE = join(folder, 'new-passphrase');
      // It is the server's own key, so the command decrypts it to sign.
      expect(run('aegis keys generate --key-id aegis-2028-11').status).toBe(0);
      expect(run('KEY_PASSPHRASE_FILE=passphrase aegis keys rewrap aegis-2027-11').status).toBe(2);
    });

    it('docs/key-security.md: licenses of a former key are signed by the active one', () => {
      const resign = blocksOf('docs/key-security.md').join('\n').replaceAll('<kid>', firstKid);
      succeed(resign);
    });

    it('docs/audit.md: verify with exported keys, hold against what was kept elsewhere, export', async () => {
      await until('something is sealed', async () => {
        const answer = await fetch(`${server.url}/api/v1/admin/audit-logs/checkpoints`, {
          headers: { 'X-API-Key': /admin API key: (\S+)/.exec(server.stdout)?.[1] ?? '' },
        });
        return !(await answer.text()).includes('"checkpoints":[]');
      });
      const [verify = '', keep = '', compare = '', exported = '', schedule = '', missing = ''] =
        blocksOf('docs/audit.md');
      expect(succeed(verify)).toContain('sound');
      // Two blocks, for the first is run before what the second looks for: the name of the file says when.
      succeed(keep);
      const kept = readdirSync(folder).filter((name) => /^checkpoints-\d{4}-\d\d-\d\d\.ndjson$/.test(name));
      expect(kept).toHaveLength(1);
      expect(compare).toContain('checkpoints-2026-11-01.ndjson');
      expect(succeed(compare.replace('checkpoints-2026-11-01.ndjson', kept[0]!))).toMatch(
        /[1-9]\d* checkpoint\(s\) that were kept elsewhere were looked for/,
      );
      succeed(exported);
      succeed(schedule);
      // A record that was kept and is not there is named; what is there is not.
      expect(succeed(missing)).not.toContain('license.issued');
      const lost = 'fake 2026-01-01T00:00:00.000Z license.issued';
      const record = { id: 'fake', recorded_at: '2026-01-01T00:00:00.000Z', event_type: 'license.issued' };
      writeFileSync(join(folder, 'trail-lost.ndjson'), `${JSON.stringify({ type: 'record', record })}\n`);
      expect(succeed(missing.replaceAll('now.ndjson', 'later.ndjson'))).toContain(lost);
    });
  },
);
