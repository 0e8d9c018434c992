import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@aegis/embedded-postgres';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGES } from '../../support/containers/images';
import type { Podman } from '../../support/containers/podman';
import { until } from '../../support/until';
import {
  DEPLOYMENTS,
  hasKustomize,
  type Manifest,
  manifestsOf,
  rendered,
} from '../../support/kubernetes/manifests';
import { CommandLine } from '../../support/processes/command-line';
import { freePort } from '../../support/processes/free-port';
import { probeAt } from '../../support/processes/server-process';

// Under CI a missing tool is a failure, not a reason to skip.
const describePods = hasKustomize || process.env.CI === 'true' ? describe : describe.skip;

interface Container {
  name: string;
  args?: string[];
  env?: { name: string; value?: string }[];
  envFrom?: { configMapRef: { name: string } }[];
  resources: { limits: { memory: string } };
  volumeMounts: { name: string; mountPath: string }[];
}

/** The containers of the manifests of production, as Kubernetes would run them: user, mounts, limits, commands. */
export function describePod(podman: Podman): void {
  describePods('a pod of the manifests of Kubernetes (Kustomize 5 is needed)', () => {
    const NAME = 'aegis-pod';
    const data = join(podman.folder, 'pod-data');
    let manifests: Manifest[];
    let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
    let url: string;
    let ports: string[];
    /** Folder of each Secret. */
    const secrets = new Map<string, string>();

    const podOf = (kind: string, name: RegExp): Manifest => {
      const { spec } = manifests.find((one) => one.kind === kind && name.test(one.metadata.name))!;
      return (spec.jobTemplate?.spec ?? spec).template.spec as Manifest;
    };
    const containersOf = (pod: Manifest): { init?: Container; main: Container } => ({
      init: (pod.initContainers as Container[] | undefined)?.[0],
      main: (pod.containers as Container[])[0]!,
    });

    /** As the kubelet mounts a Secret: files of root and the group, mode 0440, through two links. */
    function mountSecret(name: string, files: Readonly<Record<string, string>>, group: number): void {
      const folder = join(podman.folder, 'pod-secrets', name);
      mkdirSync(join(folder, '..2026'), { recursive: true });
      for (const [file, text] of Object.entries(files)) {
        const path = join(folder, '..2026', file);
        writeFileSync(path, text);
        chownSync(path, 0, group);
        chmodSync(path, 0o440);
        symlinkSync(join('..data', file), join(folder, file));
      }
      symlinkSync('..2026', join(folder, '..data'));
      secrets.set(name, folder);
    }

    /** Options of podman for a container of a pod. Its network is this machine's, so its ports are free ones. */
    function optionsOf(pod: Manifest, container: Container): string[] {
      const config = container.envFrom?.[0]?.configMapRef.name;
      const settings = manifests.find(({ metadata }) => metadata.name === config) as
        (Manifest & { data: Record<string, string> }) | undefined;
      const variables = {
        ...settings?.data,
        ...Object.fromEntries(
          (container.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
        ),
        ...(settings && { HOST: '127.0.0.1', PORT: ports[0]!, METRICS_PORT: ports[1]! }),
      };
      const volumes = pod.volumes as { name: string; secret?: { secretName: string } }[];
      const { runAsUser, runAsGroup, fsGroup } = pod.securityContext as Record<string, number>;
      return [
        ...['--network', 'host', '--user', `${runAsUser}:${runAsGroup}`, '--group-add', String(fsGroup)],
        ...['--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all'],
        ...['--security-opt', 'no-new-privileges'],
        ...['--memory', container.resources.limits.memory.replace(/i$/, '').toLowerCase()],
        ...Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        ...container.volumeMounts.flatMap(({ name, mountPath }) => {
          const secret = volumes.find((volume) => volume.name === name)?.secret?.secretName ?? '';
          const folder = secrets.get(secret);
          return folder === undefined ? [] : ['--volume', `${folder}:${mountPath}:ro`];
        }),
      ];
    }
    const runOnce = (pod: Manifest, container: Container): ReturnType<Podman['outcome']> =>
      podman.outcome('run', '--rm', ...optionsOf(pod, container), IMAGES.server, ...(container.args ?? []));

    beforeAll(async () => {
      manifests = manifestsOf(rendered(DEPLOYMENTS.production));
      // On loopback, where production asks for no TLS.
      postgres = await startEmbeddedPostgres({ dataDir: data, durable: false });
      ports = [String(await freePort()), String(await freePort())];
      url = `http://127.0.0.1:${ports[0]}`;
      const group = podOf('Deployment', /^aegis$/).securityContext.fsGroup as number;
      const passphrase = randomBytes(24).toString('base64');
      mountSecret('aegis-database-app', { url: postgres.applicationUrl }, group);
      mountSecret('aegis-database-owner', { url: postgres.ownerUrl }, group);
      mountSecret(
        'aegis-secrets',
        { 'key-passphrase': passphrase, 'api-key-peppers': `v1:${randomBytes(24).toString('hex')}` },
        group,
      );
      const keys = join(podman.folder, 'pod-keys');
      mkdirSync(keys);
      const aegis = new CommandLine(podman.folder, { KEYS_DIR: keys, KEY_PASSPHRASE: passphrase });
      expect(await aegis.run('keys', 'generate', '--key-id', 'k1')).toMatchObject({ exitCode: 0 });
      const files = ['k1.private.pem', 'k1.public.pem'];
      mountSecret(
        'aegis-signing-keys',
        Object.fromEntries(files.map((file) => [file, readFileSync(join(keys, file), 'utf8')])),
        group,
      );
    });
    afterAll(async () => {
      await podman.outcome('rm', '--force', '--time', '0', NAME);
      await postgres.release();
      await removeEmbeddedPostgres(data);
    });

    it('waits for the migration, gets ready, purges, and ends with 0 within its grace period', async () => {
      const server = podOf('Deployment', /^aegis$/);
      const { init, main } = containersOf(server);
      const impatient = { ...init!, args: init!.args!.map((arg) => (arg === '300' ? '1' : arg)) };
      expect((await runOnce(server, impatient)).code).toBe(1);

      const migration = podOf('Job', /^aegis-migrate-/);
      expect(await runOnce(migration, containersOf(migration).main)).toMatchObject({ code: 0 });
      expect(await runOnce(server, init!)).toMatchObject({ code: 0 });

      await podman.run('run', '--detach', '--name', NAME, ...optionsOf(server, main), IMAGES.server);
      await until('the pod is ready', async () => {
        const running = await podman.run('inspect', '--format', '{{.State.Running}}', NAME);
        if (running !== 'true') throw new Error(await podman.run('logs', NAME));
        return (await probeAt(url, 'ready')) === 200;
      });
      const keys = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as {
        keys: { kid: string }[];
      };
      expect(keys.keys.map(({ kid }) => kid)).toEqual(['k1']);

      const purge = podOf('CronJob', /^aegis-purge$/);
      expect(await runOnce(purge, containersOf(purge).main)).toMatchObject({ code: 0 });
      // Without the ConfigMap of the keys the verification fails, and says what is missing.
      const verification = podOf('CronJob', /^aegis-audit-verify$/);
      const verified = await runOnce(verification, containersOf(verification).main);
      expect(verified.code).toBe(2);
      expect(verified.stderr).toContain('/etc/aegis/audit-keys/keys.json');

      const grace = String(server.terminationGracePeriodSeconds);
      await podman.run('stop', '--time', grace, NAME);
      expect(await podman.run('wait', NAME)).toBe('0');
    });
  });
}
