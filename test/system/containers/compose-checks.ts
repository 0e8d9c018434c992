import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aLicense } from '../../support/factories';
import { Client } from '../../support/requests/client';
import { until } from '../../support/until';
import { freePort } from '../../support/processes/free-port';
import { probeAt } from '../../support/processes/server-process';
import { IMAGES } from '../../support/containers/images';
import { ComposeProject, PODMAN_COMPOSE } from '../../support/containers/podman-compose';
import { outcomeOf, type Podman } from '../../support/containers/podman';
import { blocksOf } from '../../support/pages';
import { commandLines } from '../../support/containers/processes';

const ROOT = join(__dirname, '../../..');

/** The commands of a section of the page, without their prompts. */
const commandsOf = (section: string): string[] =>
  blocksOf('docs/containers.md', 'console', section).map((block) => block.replace(/^[#$] /gm, ''));

type Variables = Record<string, string> & { COMPOSE_PROJECT_NAME: string };

/** What the compose files bring up, by the commands of docs/containers.md. */
export function describeCompose(
  podman: Podman,
  measure: (what: string, work: Promise<unknown>) => Promise<void>,
): void {
  /** Runs commands of the page, where `docker` is podman and `docker compose` is podman-compose. */
  async function run(script: string, variables: Readonly<Record<string, string>>): Promise<string> {
    const bin = join(podman.folder, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(
      join(bin, 'docker'),
      `#!/bin/sh\nif [ "$1" = compose ]; then shift; exec '${PODMAN_COMPOSE}' "$@"; fi\nexec podman "$@"\n`,
      { mode: 0o755 },
    );
    const env = { ...podman.env, ...variables, PATH: `${bin}:${podman.env.PATH}` };
    const { code, stdout, stderr } = await outcomeOf('bash', ['-euo', 'pipefail', '-c', script], env, ROOT);
    if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  async function variablesAndUrl(): Promise<[Variables, string]> {
    const port = String(await freePort());
    // Names of networks and containers are found by all engines of a machine.
    const name = `aegis-${randomBytes(4).toString('hex')}`;
    const variables = { POSTGRES_IMAGE: IMAGES.postgres, AEGIS_PORT: port, COMPOSE_PROJECT_NAME: name };
    return [variables, `http://127.0.0.1:${port}`];
  }

  async function untilReady(project: ComposeProject, url: string): Promise<void> {
    const deadline = performance.now() + 150_000;
    await until('the server is ready', async () => {
      if (performance.now() > deadline)
        throw new Error(
          (await Promise.all(['postgres', 'migrate', 'server'].map((s) => project.logs(s)))).join(),
        );
      return (await probeAt(url, 'ready')) === 200;
    });
  }

  async function expectValid(client: Client, token: string): Promise<void> {
    const answer = await client.post('/api/v1/licenses/validate', {
      token,
      module_name: 'payroll',
      odoo_version: '17.0',
    });
    expect(answer.body).toMatchObject({ valid: true, code: 'VALID' });
  }

  async function expectNothingLeft(): Promise<void> {
    expect(await podman.run('ps', '--all', '--quiet')).toBe('');
    expect(await podman.run('volume', 'ls', '--quiet')).toBe('');
  }

  describe('compose.yaml', () => {
    it('leads to a first license, which is still valid after a restart', async () => {
      const [variables, url] = await variablesAndUrl();
      const project = new ComposeProject(podman, variables.COMPOSE_PROJECT_NAME, 'compose.yaml', variables);
      const [commands = ''] = commandsOf('Try it');
      let output = '';
      await measure(
        'compose.yaml up',
        run(commands, variables).then((text) => (output = text)),
      );
      const [, key = ''] = /admin API key: (aegis_\w+)/.exec(output) ?? [];
      const client = new Client(url, key);
      const license = await aLicense(client);
      await expectValid(client, license.token);

      await project.run('stop');
      await project.run('start');
      await untilReady(project, url);
      await expectValid(client, license.token);
      await project.run('down', '--volumes');
      await expectNothingLeft();
    });
  });

  describe('compose.prod.yaml', () => {
    let etc: string;
    let variables: Variables;
    let project: ComposeProject;
    let url: string;

    beforeAll(async () => {
      etc = join(podman.folder, 'etc');
      [variables, url] = await variablesAndUrl();
      variables.AEGIS_ETC = etc;
      const address = 'https://licenses.example.com';
      project = new ComposeProject(podman, variables.COMPOSE_PROJECT_NAME, 'compose.prod.yaml', {
        ...variables,
        ...{ AEGIS_IMAGE: IMAGES.server, PUBLIC_URL: address, LICENSE_ISSUER: address },
      });
    });

    const secrets = (): string[] =>
      readdirSync(etc, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => readFileSync(join(etc, name), 'utf8').trim());
    const inServer = (script: string): Promise<{ stdout: string; stderr: string }> =>
      podman.outcome('exec', project.container('server'), 'node', '-e', script);

    it('makes its secrets once, readable to user 10001 alone', async () => {
      const make = (): Promise<unknown> =>
        outcomeOf('sh', [join(ROOT, 'docker/make-secrets.sh'), etc], process.env);
      expect(await make()).toMatchObject({ code: 0, stdout: '', stderr: '' });
      const { stdout } = await outcomeOf('find', [etc, '-printf', '%P %U:%G %m\n'], process.env);
      const files = [
        ...['admin-database-url', 'api-key-peppers', 'app-password', 'database-url', 'key-passphrase'],
        ...['migration-database-url', 'owner-password', 'postgres-password', 'secrets-key'],
      ].map((name) => `${name} 10001:10001 400`);
      expect(stdout.trimEnd().split('\n').sort()).toEqual(
        [' 0:0 711', 'keys 10001:10001 700', ...files].sort(),
      );
      const before = secrets();
      expect(await make()).toMatchObject({ code: 0 });
      expect(secrets()).toEqual(before);
    });

    it('refuses to come up without the variables that it needs, and names them', async () => {
      const { code, stdout, stderr } = await outcomeOf(
        PODMAN_COMPOSE,
        ['--file', join(ROOT, 'docker/compose.prod.yaml'), 'up', '--detach'],
        { ...podman.env, ...variables },
      );
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain('set it to the image of a release');
      await expectNothingLeft();
    });

    it('leads to a first license, which is still valid after everything was taken down and brought up', async () => {
      const commands = commandsOf('Production on one machine').join('').replaceAll('/etc/aegis', etc);
      let output = '';
      await measure(
        'compose.prod.yaml up',
        run(commands, variables).then((text) => (output = text)),
      );
      const [, key = ''] = /(aegis_production_\w+)/.exec(output) ?? [];
      await untilReady(project, url);
      const client = new Client(url, key);
      const license = await aLicense(client);
      await expectValid(client, license.token);

      const lines = commandLines();
      expect(lines).toContain('/opt/aegis/dist/apps/server/src/main.js');
      for (const secret of secrets()) expect(lines).not.toContain(secret);

      await project.run('down');
      await project.run('up', '--detach');
      await untilReady(project, url);
      await expectValid(client, license.token);
    });

    it('keeps the database away from every network, and asks for a password at its socket', async () => {
      const [postgres] = JSON.parse(await podman.run('inspect', project.container('postgres'))) as [
        {
          HostConfig: { NetworkMode: string; ReadonlyRootfs: boolean };
          NetworkSettings: { Ports: object | null };
        },
      ];
      expect(postgres.HostConfig).toMatchObject({ NetworkMode: 'none', ReadonlyRootfs: true });
      expect(Object.keys(postgres.NetworkSettings.Ports ?? {})).toEqual([]);
      const { stderr } = await inServer(
        `new (require('/opt/aegis/node_modules/pg').Client)({ host: '/var/run/postgresql', user: 'postgres',
           password: 'wrong', database: 'aegis' }).connect().catch(({ code }) => console.error(code))`,
      );
      expect(stderr).toBe('28P01\n');
    });

    it("gives the server its own secrets alone, and neither the owner's nor the administrator's", async () => {
      const { stdout } = await inServer(`console.log(fs.readdirSync('/run/secrets').sort().join())`);
      expect(stdout).toBe('api-key-peppers,database-url,key-passphrase,secrets-key\n');
    });

    it('is taken down without a rest', async () => {
      await project.run('down', '--volumes');
      await expectNothingLeft();
    });
  });
}
