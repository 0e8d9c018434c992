import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@aegis/embedded-postgres';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../support/until';
import { freePort } from '../../support/processes/free-port';
import { probeAt } from '../../support/processes/server-process';
import { IMAGES } from '../../support/containers/images';
import type { Podman } from '../../support/containers/podman';

const USER = 10_001;

/** What the server does in a container of its own, with as little as possible allowed. */
export function describeContainer(podman: Podman): void {
  describe('a container', () => {
    const NAME = 'aegis-alone';
    let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
    const data = join(podman.folder, 'data');
    let url: string;
    let port: number;

    const inside = (script: string): Promise<string> =>
      podman.run('exec', NAME, 'node', '--input-type=module', '-e', script);
    const failing = async (script: string): Promise<string> =>
      (await podman.outcome('exec', NAME, 'node', '--input-type=module', '-e', script)).stderr;

    beforeAll(async () => {
      // On loopback, where production asks for no TLS.
      postgres = await startEmbeddedPostgres({ dataDir: data, durable: false });
      port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const secrets = join(podman.folder, 'secrets');
      mkdirSync(secrets);
      const write = (name: string, value: string): void => {
        writeFileSync(join(secrets, name), value);
        chownSync(join(secrets, name), USER, USER);
        chmodSync(join(secrets, name), 0o400);
      };
      write('database-url', postgres.applicationUrl);
      write('migration-database-url', postgres.ownerUrl);
      write('key-passphrase', randomBytes(24).toString('base64'));
      write('api-key-peppers', `v1:${randomBytes(24).toString('hex')}`);
      mkdirSync(join(secrets, 'keys'));
      for (const folder of [secrets, join(secrets, 'keys')]) chownSync(folder, USER, USER);
      const settings = {
        PORT: String(port),
        METRICS_PORT: String(await freePort()),
        PUBLIC_URL: 'https://licenses.example.com',
        LICENSE_ISSUER: 'https://licenses.example.com',
        DATABASE_URL_FILE: '/run/secrets/database-url',
        MIGRATION_DATABASE_URL_FILE: '/run/secrets/migration-database-url',
        KEY_PASSPHRASE_FILE: '/run/secrets/key-passphrase',
        API_KEY_PEPPERS_FILE: '/run/secrets/api-key-peppers',
        KEYS_DIR: '/run/secrets/keys',
      };
      const options = [
        ...['--network', 'host', '--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all'],
        ...['--security-opt', 'no-new-privileges', '--memory', '256m', '--pids-limit', '100'],
        ...Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ];
      const mount = ['--volume', `${secrets}:/run/secrets`];
      for (const command of [
        ['keys', 'generate'],
        ['migrate', 'up'],
      ])
        await podman.run('run', '--rm', ...options, ...mount, IMAGES.server, 'aegis', ...command);
      await podman.run('run', '--detach', '--name', NAME, ...options, `${mount.join('=')}:ro`, IMAGES.server);
      await until('the container is ready', async () => {
        const running = await podman.run('inspect', '--format', '{{.State.Running}}', NAME);
        if (running !== 'true') throw new Error(await podman.run('logs', NAME));
        return (await probeAt(url, 'ready')) === 200;
      });
    });
    afterAll(async () => {
      await podman.outcome('rm', '--force', '--time', '0', NAME);
      await postgres.release();
      await removeEmbeddedPostgres(data);
    });

    it('answers its probes, and its HEALTHCHECK command succeeds', async () => {
      for (const probe of ['live', 'startup', 'ready'] as const) expect(await probeAt(url, probe)).toBe(200);
      expect(await podman.outcome('healthcheck', 'run', NAME)).toMatchObject({ code: 0 });
    });

    it('runs as 10001 without capabilities, and can write nowhere', async () => {
      const status = await inside(
        `import { readFileSync } from 'node:fs'; console.log(readFileSync('/proc/1/status', 'utf8'))`,
      );
      expect(status).toMatch(/^Uid:\t10001\t10001\t10001\t10001$/m);
      expect(status).toMatch(/^Gid:\t10001\t10001\t10001\t10001$/m);
      expect(status).toMatch(/^CapEff:\t0{16}$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      for (const path of ['/opt/aegis/x', '/var/lib/aegis/x', '/run/secrets/x', '/tmp/x'])
        expect(
          await failing(`import { writeFileSync } from 'node:fs'; writeFileSync('${path}', '')`),
        ).toContain('EROFS');
    });

    it('stays within its memory limit', async () => {
      const used = await inside(
        `import { existsSync, readFileSync } from 'node:fs';
         const [v1, v2] = ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max'];
         console.log(readFileSync(existsSync(v1) ? v1 : v2, 'utf8'))`,
      );
      expect(Number(used)).toBe(256 * 1024 * 1024);
    });

    it('has an init that reaps what is left behind', async () => {
      const orphan = await inside(
        `import { spawn } from 'node:child_process';
         const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 300)'],
           { detached: true, stdio: 'ignore' });
         child.unref();
         console.log(child.pid);`,
      );
      await until('the orphan has ended and is gone', async () => {
        const found = await inside(
          `import { existsSync } from 'node:fs'; console.log(existsSync('/proc/${orphan}'))`,
        );
        return found === 'false';
      });
      const init = await inside(
        `import { readFileSync } from 'node:fs'; console.log(readFileSync('/proc/1/cmdline', 'utf8'))`,
      );
      expect(init.split('\0').slice(0, 2)).toEqual(['/usr/local/bin/tini', '--']);
    });

    it('drains at SIGTERM and ends with 0', async () => {
      await podman.run('kill', '--signal', 'TERM', NAME);
      expect(await podman.run('wait', NAME)).toBe('0');
      const { stdout } = await podman.outcome('logs', NAME);
      expect(stdout).toMatch(/"draining"[\s\S]*"stopped"/);
    });
  });
}
