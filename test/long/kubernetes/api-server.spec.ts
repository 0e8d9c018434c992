import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ApiServer } from '../../support/kubernetes/api-server';
import { findingsIn, type Manifest, manifestsOf } from '../../support/kubernetes/manifests';
import {
  kubernetesPrograms,
  KUBERNETES_VERSION,
  missingKubernetesPrograms,
  publishedCrds,
} from '../../support/kubernetes/programs';

const ROOT = join(__dirname, '../../..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
/** In the order in which they are applied. */
const OVERLAYS = ['production/prerequisites', 'production/server', 'development'] as const;
const MODES = ['--server-side', '--validate=strict'];
/** The programs are built the first time. */
const BUILD_PATIENCE_MS = 3_600_000;

/** What the API server answers with: the object as it is stored. */
type Stored = Manifest & { apiVersion: string; metadata: { namespace?: string; resourceVersion: string } };

describe(`the manifests, applied to the API server of Kubernetes ${KUBERNETES_VERSION}`, () => {
  let server: ApiServer;
  /** Versions of the objects when they were applied for the first time, by overlay. */
  const atFirst = new Map<string, [string, string][]>();

  beforeAll(async () => {
    const missing = missingKubernetesPrograms();
    if (missing !== undefined) throw new Error(missing);
    const crds = publishedCrds();
    server = await ApiServer.start(kubernetesPrograms());
    server.quietly(['apply', ...MODES, ...crds.flatMap((file) => ['-f', file])]);
    server.quietly(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  }, BUILD_PATIENCE_MS);
  afterAll(async () => {
    await server.close();
  });

  /** @returns what is stored afterwards, by kind, namespace and name */
  const apply = (folder: string): Map<string, Stored> => {
    const answer = JSON.parse(server.quietly(['apply', ...MODES, '-o', 'json', '-k', folder])) as {
      items: Stored[];
    };
    return new Map(
      answer.items.map((one) => [`${one.kind} ${one.metadata.namespace ?? ''}/${one.metadata.name}`, one]),
    );
  };
  const overlay = (name: string, kubernetes = join(ROOT, 'deploy/kubernetes')): string =>
    join(kubernetes, 'overlays', name);
  const versionsOf = (objects: Map<string, Stored>): [string, string][] =>
    [...objects].map(([name, { metadata }]) => [name, metadata.resourceVersion]);
  const render = (name: string): Manifest[] => manifestsOf(server.quietly(['kustomize', overlay(name)]));
  const allObjects = (): Manifest[] => OVERLAYS.flatMap(render);
  /** Whether the server would take it, and what it says. */
  const tryOut = (object: Manifest): string => {
    const { status, stderr } = server.kubectl(
      ['apply', ...MODES, '--force-conflicts', '--dry-run=server', '-f', '-'],
      stringify(object),
    );
    return status === 0 ? stderr : `refused: ${stderr}`;
  };
  /** Pods as controllers would make them. */
  const podsOf = (objects: readonly Manifest[]): Manifest[] =>
    objects
      .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job', 'CronJob'].includes(kind))
      .map(({ kind, metadata, spec }) => {
        const { template, volumeClaimTemplates: claims = [] } = (
          kind === 'CronJob' ? spec.jobTemplate.spec : spec
        ) as { template: Manifest; volumeClaimTemplates?: Manifest[] };
        const claimed = claims.map(({ metadata: { name } }) => ({
          name,
          persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` },
        }));
        const { namespace } = metadata;
        return {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { ...template.metadata, name: `${metadata.name}-pod`, namespace },
          spec: {
            ...(template.spec as object),
            volumes: [...((template.spec.volumes ?? []) as object[]), ...claimed],
          },
        };
      });

  it.each(OVERLAYS)('are all taken, strictly and without a warning: %s', (name) => {
    const stored = apply(overlay(name));
    atFirst.set(name, versionsOf(stored));
    expect(stored.size).toBe(render(name).length);
  });

  it('may be applied by the commands of docs/kubernetes.md', () => {
    const page = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');
    const commands = [...page.matchAll(/^\$ kubectl (apply --server-side -k \S+)$/gm)].map(
      ([, words = '']) => words,
    );
    expect(commands).toHaveLength(OVERLAYS.length);
    for (const command of commands)
      server.quietly(
        command.split(' ').map((word) => (word.startsWith('deploy/') ? join(ROOT, word) : word)),
      );
  });

  it.each(OVERLAYS)('change nothing when they are applied again: %s', (name) => {
    expect(versionsOf(apply(overlay(name)))).toEqual(atFirst.get(name));
  });

  it('are in namespaces whose pods must keep the pod security standard "restricted"', () => {
    const { items } = JSON.parse(server.quietly(['get', 'namespaces', '-o', 'json'])) as { items: Stored[] };
    const ours = new Set(allObjects().map(({ metadata }) => (metadata as Stored['metadata']).namespace));
    ours.delete(undefined);
    expect([...ours].sort()).toEqual(['aegis', 'aegis-development']);
    for (const name of ours)
      expect(items.find(({ metadata }) => metadata.name === name)?.metadata.labels).toMatchObject({
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      });
  });

  it('have pods that are admitted, and refused once a container is privileged or may be root', () => {
    const pods = podsOf(allObjects());
    expect(pods.length).toBeGreaterThanOrEqual(8);
    for (const pod of pods) {
      expect([pod.metadata.name, tryOut(pod)]).toEqual([pod.metadata.name, '']);
      const privileged = structuredClone(pod);
      Object.assign(privileged.spec.containers[0].securityContext as object, {
        privileged: true,
        allowPrivilegeEscalation: true,
      });
      expect(tryOut(privileged)).toMatch(/^refused: .*violates PodSecurity "restricted:latest": privileged/);
      const root = structuredClone(pod);
      delete root.spec.securityContext.runAsNonRoot;
      delete root.spec.containers[0].securityContext.runAsNonRoot;
      expect(tryOut(root)).toMatch(/^refused: .*violates PodSecurity "restricted:latest": runAsNonRoot/);
    }
  });

  it('are refused with a field that their kind does not have, whatever the kind', () => {
    const first = new Map(allObjects().map((object) => [object.kind, object]));
    expect(first.size).toBeGreaterThan(18);
    const taken = [...first.values()].flatMap((object) => {
      const planted = structuredClone(object);
      const within = planted.spec === undefined ? planted : (planted.spec as Manifest);
      Object.assign(within, { planted: 'x' });
      const said = tryOut(planted);
      return /^refused: .*(unknown field|field not declared in schema)/s.test(said) &&
        said.includes('planted')
        ? []
        : [`${object.kind}: ${said}`];
    });
    expect(taken).toEqual([]);
  });

  it('leave the number of replicas to the HorizontalPodAutoscaler', () => {
    server.quietly(['-n', 'aegis', 'scale', 'deployment/aegis', '--replicas=5']);
    const stored = apply(overlay('production/server'));
    expect(stored.get('Deployment aegis/aegis')?.spec.replicas).toBe(5);
  });

  it('of the next version can be applied over these, and rolled back', () => {
    const { writeVersion } = createRequire(__filename)(join(ROOT, '.ci/kustomization-version.cjs')) as {
      writeVersion: (text: string, to: string) => string;
    };
    const copy = join(server.folder, 'kubernetes');
    cpSync(join(ROOT, 'deploy/kubernetes'), copy, { recursive: true });
    const file = join(copy, 'base/server/kustomization.yaml');
    writeFileSync(file, writeVersion(readFileSync(file, 'utf8'), '99.0.0'));
    for (const name of OVERLAYS) apply(overlay(name, copy));
    const jobs = server.quietly(['-n', 'aegis', 'get', 'jobs', '-o', 'name']).trim().split('\n');
    expect(jobs.sort()).toEqual(
      [`aegis-migrate-${version.replaceAll(/[^a-z0-9]+/g, '-')}`, 'aegis-migrate-99-0-0'].map(
        (name) => `job.batch/${name}`,
      ),
    );
    for (const name of OVERLAYS) apply(overlay(name));
  });

  it('leave no Secret and nothing secret in the cluster', () => {
    const kinds = [
      ...new Set(
        allObjects().map(({ kind, apiVersion }) => `${kind}.${versionedGroup(apiVersion as string)}`),
      ),
    ];
    const stored = server.quietly(['get', ['secrets', ...kinds].join(','), '--all-namespaces', '-o', 'yaml']);
    const { items } = manifestsOf(stored)[0] as unknown as { items: Manifest[] };
    expect(items.length).toBeGreaterThan(30);
    const [findings = []] = findingsIn([items.map((one) => stringify(one)).join('---\n')]);
    expect(findings.filter((line) => /must not contain a Secret$|^line \d+ contains/.test(line))).toEqual([]);
  });

  it('find the Secrets that the commands of docs/kubernetes.md make', () => {
    const page = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');
    const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
    const bin = join(server.folder, 'bin');
    mkdirSync(bin);
    const main = join(ROOT, 'dist/apps/cli/src/main.js');
    chmodSync(main, 0o755);
    symlinkSync(main, join(bin, 'aegis'));
    symlinkSync(kubernetesPrograms().kubectl, join(bin, 'kubectl'));
    const { status, stderr } = spawnSync(
      'bash',
      ['-euo', 'pipefail', '-c', blocks.filter((block) => block.includes('secrets/')).join('\n')],
      {
        cwd: server.folder,
        env: { PATH: `${bin}:${process.env.PATH}`, HOME: server.folder, KUBECONFIG: server.kubeconfig },
        encoding: 'utf8',
      },
    );
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    const { items } = JSON.parse(server.quietly(['-n', 'aegis', 'get', 'secrets', '-o', 'json'])) as {
      items: (Stored & { data: Record<string, string> })[];
    };
    const made = new Map(items.map(({ metadata, data }) => [metadata.name, Object.keys(data)]));
    const [deployment] = allObjects().filter(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === 'aegis',
    );
    interface Volume {
      secret?: { secretName: string; items?: { key: string }[] };
    }
    const wanted = (deployment!.spec.template.spec.volumes as Volume[]).flatMap(({ secret }) => secret ?? []);
    expect(wanted.length).toBeGreaterThanOrEqual(3);
    for (const { secretName, items: keys = [] } of wanted) {
      // CloudNativePG makes it.
      if (secretName === 'aegis-database-ca') continue;
      expect(made.get(secretName)).toEqual(expect.arrayContaining(keys.map(({ key }) => key)));
    }
  });
});

/** @returns of an apiVersion, as kubectl wants it behind a kind: `v1.apps`, or `v1.` for the core */
function versionedGroup(apiVersion: string): string {
  const [group = '', version] = apiVersion.split('/');
  return version === undefined ? `${group}.` : `${version}.${group}`;
}
