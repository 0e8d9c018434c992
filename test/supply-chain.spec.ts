import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

interface Ended {
  status: number | null;
  output: string;
}

async function run(script: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, '.ci', script), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}

interface LockEntry {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  hasInstallScript?: boolean;
}

describe('what npm installs', () => {
  const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockEntry> };
  const entries = Object.entries(packages).filter(([path]) => path !== '');

  it('is named in the lock file with the hash of each package, of other platforms too, and no address', () => {
    expect(entries.length).toBeGreaterThan(500);
    const unproven = entries.filter(
      ([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''),
    );
    expect(unproven.map(([path]) => path)).toEqual([]);
    expect(
      entries.filter(([, { resolved, link }]) => resolved !== undefined || link).map(([path]) => path),
    ).toEqual([]);
  });

  it('runs no script of a package, with any npm', () => {
    const settings = read('.npmrc').trim().split('\n');
    expect(settings).toContain('ignore-scripts=true');
    expect(settings).toContain('omit-lockfile-registry-resolved=true');
    // For npm 11 where somebody sets ignore-scripts=false.
    const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
    const withScript = entries.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = withScript.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(allowScripts).toEqual(Object.fromEntries(names.map((name) => [name, false])));
  });
});

describe('the bill of materials', () => {
  it('lists every production package of the lock file, with its version and hash, and no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-sbom-'));
    try {
      const file = join(folder, 'sbom.json');
      expect(await run('sbom.mjs', [file])).toMatchObject({ status: 0 });
      const bom = JSON.parse(readFileSync(file, 'utf8')) as {
        bomFormat: string;
        metadata: { component: { name: string; type: string } };
        components: { name: string; version: string; hashes?: unknown[] }[];
      };
      const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, { version: string; dev?: boolean; devOptional?: boolean }>;
      };
      const wanted = Object.entries(packages)
        .filter(([path, { dev }]) => path !== '' && dev !== true)
        .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`);
      expect(bom).toMatchObject({
        bomFormat: 'CycloneDX',
        metadata: { component: { name: 'aegis-license-server', type: 'application' } },
      });
      const listed = bom.components.map(({ name, version }) => `${name}@${version}`);
      expect(listed.sort()).toEqual([...new Set(wanted)].sort());
      expect(bom.components.filter(({ hashes }) => !hashes?.length)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the notices of third parties', () => {
  it('have every production package that is installed, under a license that allows to ship it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-notices-'));
    try {
      const file = join(folder, 'notices.txt');
      expect(await run('notices.mjs', [file])).toMatchObject({ status: 0 });
      const text = readFileSync(file, 'utf8');
      const named = [...text.matchAll(/^(\S+) (\S+)\nLicense: (\S.*)$/gm)].map(([, name]) => name);
      const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
        dependencies: Record<string, string>;
      };
      expect(named).toEqual(expect.arrayContaining(Object.keys(dependencies)));
      expect(named).not.toContain('jest');
      expect(text).toContain('Permission is hereby granted, free of charge');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the audit of production dependencies', () => {
  const cache = mkdtempSync(join(tmpdir(), 'aegis-npm-cache-'));
  let registry: Server;
  let answer: { status: number; body: string };

  beforeAll(async () => {
    registry = createServer((request, response) => {
      request.resume();
      const isAudit = request.url?.endsWith('/security/advisories/bulk') === true;
      response.writeHead(isAudit ? answer.status : 404, { 'Content-Type': 'application/json' });
      response.end(isAudit ? answer.body : '{}');
    }).listen(0, '127.0.0.1');
    await once(registry, 'listening');
  });
  afterAll(() => {
    registry.close();
    rmSync(cache, { recursive: true });
  });

  const audit = (): Promise<Ended> =>
    run('audit.mjs', [], {
      npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
      npm_config_fetch_retries: '0',
      npm_config_cache: cache,
    });

  it('fails for a known vulnerability, and names it', async () => {
    answer = {
      status: 200,
      body: JSON.stringify({
        jose: [
          {
            id: 1,
            url: 'https://example.com/advisory',
            title: 'a hole',
            severity: 'high',
            vulnerable_versions: '*',
            cwe: [],
            cvss: { score: 7, vectorString: null },
          },
        ],
      }),
    };
    const { status, output } = await audit();
    expect(output).toMatch(/^high: jose: a hole$/m);
    expect(status).toBe(1);
  });

  it('passes where none is known', async () => {
    answer = { status: 200, body: '{}' };
    expect(await audit()).toEqual({
      status: 0,
      output: 'Known vulnerabilities in production dependencies: 0\n',
    });
  });

  it('says that nothing was checked where the endpoint does not answer, with an exit code of its own', async () => {
    answer = { status: 405, body: '' };
    expect(await audit()).toEqual({
      status: 3,
      output: 'NOT CHECKED for known vulnerabilities: the audit endpoint did not answer.\n',
    });
  });
});
