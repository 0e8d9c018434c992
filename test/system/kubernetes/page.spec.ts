import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blocksOf } from '../../support/pages';
import { hasKustomize, type Manifest, manifestsOf } from '../../support/kubernetes/manifests';

const ROOT = join(__dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');
const [, ...CELLS] = PAGE.slice(PAGE.indexOf('| Secret ')).split('\n\n')[0]!.split('\n').slice(1);

const kubectl = spawnSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).stdout.trim();
const hasTools = hasKustomize && kubectl !== '';
// Under CI a missing tool is a failure, not a reason to skip.
const describePage = hasTools || process.env.CI === 'true' ? describe : describe.skip;

const BLOCKS = blocksOf('docs/kubernetes.md');

describePage('docs/kubernetes.md (kubectl is needed)', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-kubernetes-page-'));
    mkdirSync(join(folder, 'bin'));
    const main = join(ROOT, 'dist/apps/cli/src/main.js');
    chmodSync(main, 0o755);
    symlinkSync(main, join(folder, 'bin/aegis'));
    // There is no cluster: each object is printed in place of being created.
    script(
      'kubectl',
      `echo "$*" >> '${folder}/arguments'\necho ---\nexec ${kubectl} "$@" --dry-run=client --output=yaml`,
    );
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function script(name: string, text: string): void {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  function run(text: string, cwd: string, path = process.env.PATH): ReturnType<typeof spawnSync> {
    return spawnSync('bash', ['-euo', 'pipefail', '-c', text], {
      cwd,
      env: { PATH: path, HOME: folder },
      encoding: 'utf8',
    });
  }

  it('shows commands that find no mistake in the manifests', () => {
    const [block = ''] = BLOCKS.filter((text) => text.includes('check.mjs'));
    const { status, stdout, stderr } = run(block, ROOT);
    expect([status, stdout, status === 0 ? '' : stderr]).toEqual([0, '', '']);
  });

  it('makes each Secret that it lists, with its keys, and shows no secret to other processes', () => {
    const blocks = BLOCKS.filter((text) => text.includes('secrets/'));
    const { status, stdout, stderr } = run(
      blocks.join('\n'),
      folder,
      `${join(folder, 'bin')}:${process.env.PATH}`,
    );
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    const output = String(stdout);
    const secrets = manifestsOf(output.slice(output.indexOf('---\n'))) as (Manifest & {
      data: Record<string, string>;
    })[];
    const made = Object.fromEntries(secrets.map(({ metadata, data }) => [metadata.name, data]));
    const listed = CELLS.map((row) => /^\| `([a-z-]+)`/.exec(row)?.[1]);
    expect(Object.keys(made)).toEqual(
      // CloudNativePG makes the one, the provider of the bucket the other.
      listed.filter((name) => name !== 'aegis-database-ca' && name !== 'aegis-backup-store'),
    );
    const text = (data: Record<string, string> | undefined, key: string): string =>
      Buffer.from(data?.[key] ?? '', 'base64').toString();
    expect(Object.keys(made['aegis-secrets']!).sort()).toEqual(['api-key-peppers', 'key-passphrase']);
    expect(text(made['aegis-signing-keys'], 'aegis-2026-11.private.pem')).toContain('ENCRYPTED PRIVATE KEY');
    for (const role of ['app', 'owner']) {
      const data = made[`aegis-database-${role}`];
      expect(Object.keys(data!).sort()).toEqual(['password', 'uri', 'username']);
      const uri = new URL(text(data, 'uri'));
      expect(uri.username).toBe(`aegis_${role}`);
      expect(uri.password).toBe(text(data, 'password'));
      expect(uri.searchParams.get('sslmode')).toBe('verify-full');
      expect(readFileSync(join(folder, 'arguments'), 'utf8')).not.toContain(uri.password);
    }
    const files = readdirSync(join(folder, 'secrets'), { recursive: true }).map((name) =>
      join(folder, 'secrets', String(name)),
    );
    const open = files.filter((file) => (statSync(file).mode & 0o077) !== 0 && !file.endsWith('.public.pem'));
    expect(open).toEqual([]);
  });
});
