import { loadEnvironment } from '@aegis/config';
import { type Command, CommanderError } from 'commander';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { stringify } from 'yaml';
import { commandTree } from '../../../apps/cli/src/command-line';
import { Output } from '../../../apps/cli/src/terminal/output';
import '../../../libs/config/src/environment';
import { CertificateAuthority } from '../../support/processes/certificates';
import {
  check,
  DEPLOYMENTS,
  findingsIn,
  hasKustomize,
  type Manifest,
  manifestsOf,
  rendered,
} from '../../support/kubernetes/manifests';

const ROOT = join(__dirname, '../../..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const SLUG = version.replaceAll('.', '-');

/** What is planted into the manifests of production, and what the check says of it. */
const MISTAKES: [string, (text: string) => string, unknown][] = [
  [
    'a misspelt field of a pod',
    (text) => text.replace('terminationGracePeriodSeconds:', 'terminationGracePeriodSecond:'),
    ['Deployment/aegis: spec.template.spec.terminationGracePeriodSecond: unknown field'],
  ],
  [
    'a misspelt field of a CRD',
    (text) => text.replace('dataDurability:', 'dataDurabilty:'),
    ['Cluster/aegis-database: spec.postgresql.synchronous.dataDurabilty: unknown field'],
  ],
  [
    'a misspelt field of the backup',
    (text) => text.replace('encryption: AES256', 'encryptoin: AES256'),
    ['ObjectStore/aegis-backups: spec.configuration.data.encryptoin: unknown field'],
  ],
  [
    'a value of the wrong type',
    (text) => text.replace('maxUnavailable: 0', 'maxUnavailable: [0]'),
    [expect.stringMatching(/^Deployment\/aegis: spec\/strategy\/rollingUpdate\/maxUnavailable must be /)],
  ],
  [
    'an unknown version of a kind',
    (text) => text.replace('apiVersion: autoscaling/v2', 'apiVersion: autoscaling/v3'),
    ['HorizontalPodAutoscaler/aegis: no schema is known for autoscaling/v3 HorizontalPodAutoscaler'],
  ],
  [
    'more connections than the database has',
    (text) => text.replace('DB_POOL_SIZE: "10"', 'DB_POOL_SIZE: "20"'),
    [
      'Deployment/aegis: 2 × 6 replicas × (DB_POOL_SIZE 20 + 2) + 20 = 284 connections, but max_connections is 200',
    ],
  ],
  [
    'more replicas than the database has connections for',
    (text) => text.replace('maxReplicas: 6', 'maxReplicas: 8'),
    [
      'Deployment/aegis: 2 × 8 replicas × (DB_POOL_SIZE 10 + 2) + 20 = 212 connections, but max_connections is 200',
    ],
  ],
  [
    'a host that is not that of PUBLIC_URL',
    (text) => text.replace('PUBLIC_URL: https://licenses.', 'PUBLIC_URL: https://license.'),
    ['Ingress/aegis: the host licenses.example.com is not that of PUBLIC_URL'],
  ],
  [
    'a setting that does not exist',
    (text) => text.replace('TRUST_PROXY:', 'TRUST_PROXIES:'),
    [expect.stringMatching(/^ConfigMap\/aegis-settings-\w+: TRUST_PROXIES: the server has no such setting$/)],
  ],
  [
    'a missing setting',
    (text) => text.replace(/^ {2}LICENSE_ISSUER:.*\n/m, ''),
    [expect.stringMatching(/^ConfigMap\/aegis-settings-\w+: LICENSE_ISSUER: is missing$/)],
  ],
  [
    'a port that is not the one of the settings',
    (text) => text.replace('METRICS_PORT: "9464"', 'METRICS_PORT: "9465"'),
    ['Deployment/aegis: the port metrics must be 9465, as the settings say'],
  ],
  [
    'a file of a secret that is not mounted',
    (text) => text.replace('KEYS_DIR: /etc/aegis/keys', 'KEYS_DIR: /etc/aegis/signing'),
    ['Deployment/aegis: KEYS_DIR: nothing is mounted at /etc/aegis/signing'],
  ],
  [
    'a secret among the settings',
    (text) => text.replace('PORT: "8000"', 'VAULT_TOKEN: s.1\n  PORT: "8000"'),
    [
      expect.stringMatching(
        /: VAULT_TOKEN: is a secret; put it into a Secret, and its file into VAULT_TOKEN_FILE$/,
      ),
    ],
  ],
  [
    'a password in a URL',
    (text) =>
      text.replace('DATABASE_URL_FILE: /etc/aegis/database/url', 'X: postgres://app:hunter2@db/aegis'),
    expect.arrayContaining([expect.stringMatching(/^line \d+ contains a password in a URL$/)]),
  ],
  [
    'a Secret',
    (text) => `${text}---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\n`,
    ['Secret/keys: a manifest must not contain a Secret'],
  ],
  [
    'a migration of another version',
    (text) => text.replaceAll(`aegis-migrate-${SLUG}`, 'aegis-migrate-0-8-0'),
    [`Job/aegis-migrate-0-8-0: must be named after the version: …-${SLUG}`],
  ],
  [
    'an image of another version',
    (text) => text.replace(`aegis-license-server:${version}`, 'aegis-license-server:0.8.0'),
    expect.arrayContaining([expect.stringMatching(/is of another version than/)]),
  ],
];

// Under CI a missing tool is a failure, not a reason to skip.
const describeManifests = hasKustomize || process.env.CI === 'true' ? describe : describe.skip;

describeManifests('the manifests of Kubernetes (Kustomize 5 is needed)', () => {
  let production: string;
  let manifests: Manifest[];

  beforeAll(() => {
    production = rendered(DEPLOYMENTS.production);
    manifests = manifestsOf(production);
  });

  const find = (kind: string, name: string | RegExp): Manifest => {
    const found = manifests.find(
      (one) =>
        one.kind === kind &&
        (typeof name === 'string' ? one.metadata.name === name : name.test(one.metadata.name)),
    );
    if (found === undefined) throw new Error(`no ${kind} ${String(name)}`);
    return found;
  };
  const podOf = ({ spec }: Manifest): Manifest => (spec.jobTemplate?.spec ?? spec).template.spec as Manifest;
  const running = (all: Manifest[]): Manifest[] =>
    all.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job', 'CronJob'].includes(kind));

  it.each(Object.entries(DEPLOYMENTS))('of %s have no mistake that can be known before', (_name, folders) => {
    expect(check(folders)).toEqual({ status: 0, findings: [], stderr: expect.stringMatching(/ 0 finding/) });
  });

  it.each(['flux', 'argo-cd'])('that show how to use them with %s keep its schemas', (name) => {
    const text = readFileSync(join(ROOT, `deploy/kubernetes/examples/${name}.yaml`), 'utf8');
    expect(findingsIn([text])).toEqual([[]]);
  });

  it('of production have everything that production needs', () => {
    expect([...new Set(manifests.map(({ kind }) => kind))].sort()).toEqual([
      'Cluster',
      'ConfigMap',
      'CronJob',
      'Deployment',
      'ExternalSecret',
      'HorizontalPodAutoscaler',
      'Ingress',
      'Job',
      'Namespace',
      'NetworkPolicy',
      'ObjectStore',
      'PodDisruptionBudget',
      'PodMonitor',
      'PrometheusRule',
      'ScheduledBackup',
      'SecretStore',
      'Service',
      'ServiceAccount',
      'ServiceMonitor',
    ]);
    expect(find('Namespace', 'aegis').metadata).toMatchObject({
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    });
    expect(find('NetworkPolicy', 'default-deny').spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  describe('with a mistake', () => {
    let found: string[][];
    beforeAll(() => {
      found = findingsIn(MISTAKES.map(([, plant]) => plant(production)));
    });

    it.each(MISTAKES.map(([what, plant, findings], at) => [what, { plant, findings, at }] as const))(
      'are refused by its name: %s',
      (_what, { plant, findings, at }) => {
        expect(plant(production)).not.toBe(production);
        expect(found[at]).toEqual(findings);
      },
    );
  });

  describe('and the pod security standard "restricted"', () => {
    interface Volume {
      name: string;
      secret?: { defaultMode: number };
      hostPath?: { path: string };
    }
    type Pod = Manifest & { containers: Manifest[]; volumes: Volume[] };
    const violations: [string, (pod: Pod) => void, string][] = [
      ['privileged', (pod) => (first(pod).privileged = true), 'privileged: not allowed'],
      [
        'escalates',
        (pod) => delete first(pod).allowPrivilegeEscalation,
        'allowPrivilegeEscalation: must be false',
      ],
      ['as root', (pod) => (pod.securityContext.runAsUser = 0), 'runAsUser: must not be 0'],
      ['own user 0', (pod) => (first(pod).runAsUser = 0), 'runAsUser: must not be 0'],
      ['perhaps root', (pod) => delete pod.securityContext.runAsNonRoot, 'runAsNonRoot: must be true'],
      ['own root', (pod) => (first(pod).runAsNonRoot = false), 'runAsNonRoot: must be true'],
      [
        'no seccomp',
        (pod) => delete pod.securityContext.seccompProfile,
        'seccompProfile: must be RuntimeDefault or Localhost',
      ],
      [
        'unconfined',
        (pod) => (first(pod).seccompProfile = { type: 'Unconfined' }),
        'seccompProfile: must be RuntimeDefault or Localhost',
      ],
      ['capabilities', (pod) => (first(pod).capabilities = {}), 'capabilities: ALL must be dropped'],
      [
        'NET_ADMIN',
        (pod) => (first(pod).capabilities.add = ['NET_ADMIN']),
        'capabilities: NET_ADMIN must not be added',
      ],
      ['hostNetwork', (pod) => (pod.hostNetwork = true), 'hostNetwork: not allowed'],
      ['hostPID', (pod) => (pod.hostPID = true), 'hostPID: not allowed'],
      ['hostIPC', (pod) => (pod.hostIPC = true), 'hostIPC: not allowed'],
      [
        'hostPath',
        (pod) => pod.volumes.push({ name: 'host', hostPath: { path: '/' } }),
        'volume host: hostPath is not allowed',
      ],
      [
        'hostPort',
        (pod) => (pod.containers[0]!.ports = [{ containerPort: 1, hostPort: 80 }]),
        'hostPort 80: not allowed',
      ],
      ['procMount', (pod) => (first(pod).procMount = 'Unmasked'), 'procMount: must be Default'],
      [
        'sysctl',
        (pod) => (pod.securityContext.sysctls = [{ name: 'kernel.msgmax', value: '1' }]),
        'sysctl kernel.msgmax: not allowed',
      ],
      [
        'writable root',
        (pod) => delete first(pod).readOnlyRootFilesystem,
        'readOnlyRootFilesystem: must be true',
      ],
      [
        'token',
        (pod) => delete pod.automountServiceAccountToken,
        'automountServiceAccountToken: must be false',
      ],
      ['service links', (pod) => delete pod.enableServiceLinks, 'enableServiceLinks: must be false'],
      [
        'readable secrets',
        (pod) => (pod.volumes.find(({ secret }) => secret)!.secret!.defaultMode = 0o444),
        'needs defaultMode 0440 (288) and an fsGroup',
      ],
      ['no memory limit', (pod) => delete pod.containers[0]!.resources.limits, 'needs a limit of memory'],
    ];
    const first = (pod: Pod): Manifest => pod.containers[0]!.securityContext as Manifest;

    it('is broken by each planted violation, in every kind of pod', () => {
      const all = [...running(manifests), ...running(manifestsOf(rendered(DEPLOYMENTS.development)))];
      expect(new Set(all.map(({ kind }) => kind))).toEqual(
        new Set(['Deployment', 'CronJob', 'Job', 'StatefulSet']),
      );
      const planted = violations.flatMap(([what, plant], index) =>
        all.map((one, place) => {
          const copy = structuredClone(one);
          copy.metadata.name = `v${index}-${place}`;
          delete copy.metadata.labels;
          plant(podOf(copy) as unknown as Pod);
          return { what, copy };
        }),
      );
      const [findings = []] = findingsIn([planted.map(({ copy }) => stringify(copy)).join('---\n')]);
      const missed = planted.filter(({ copy }, at) => {
        const [, , text] = violations[Math.floor(at / all.length)]!;
        return !findings.some(
          (line) => line.startsWith(`${copy.kind}/${copy.metadata.name}: `) && line.endsWith(text),
        );
      });
      expect(missed.map(({ what, copy }) => `${what} in ${copy.kind}`)).toEqual([]);
      expect(planted.length).toBeGreaterThan(100);
    });
  });

  it('name the version of package.json, in the image, the labels and the migration', () => {
    const images = running(manifests).flatMap((one) => podOf(one).containers as Manifest[]);
    expect(images.map(({ image }) => image as string)).toEqual(
      images.map(() => `ghcr.io/owner/aegis-license-server:${version}`),
    );
    expect(find('Job', /^aegis-migrate-/).metadata.name).toBe(`aegis-migrate-${SLUG}`);
    expect(find('Deployment', 'aegis').metadata).toMatchObject({
      labels: { 'app.kubernetes.io/version': version },
    });
  });

  it('get the version of a release, and no name that Kubernetes refuses', () => {
    const { readVersion, writeVersion } = createRequire(__filename)(
      join(ROOT, '.ci/kustomization-version.cjs'),
    ) as { readVersion: (text: string) => string; writeVersion: (text: string, to: string) => string };
    const text = readFileSync(join(ROOT, 'deploy/kubernetes/base/server/kustomization.yaml'), 'utf8');
    expect(readVersion(text)).toBe(version);
    const next = writeVersion(text, '7.8.9-rc.5');
    expect(next).not.toContain(version);
    expect(next).not.toContain(SLUG);
    expect(next.match(/7\.8\.9-rc\.5/g)).toHaveLength(2);
    expect(next).toMatch(/^ +value: aegis-migrate-7-8-9-rc-5$/m);
  });

  it('do not pause before SIGTERM: the server pauses by itself, and both would add up', () => {
    const { terminationGracePeriodSeconds, containers } = podOf(find('Deployment', 'aegis'));
    // apps/server/src/stop.spec.ts compares it with the longest stop.
    expect(terminationGracePeriodSeconds).toBe(30);
    expect((containers as Manifest[]).map(({ lifecycle }) => lifecycle as unknown)).toEqual([undefined]);
  });

  it('replace pods without a gap, and wait for the migration', () => {
    const { strategy, replicas } = find('Deployment', 'aegis').spec as Manifest;
    expect(strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    expect(replicas).toBeUndefined();
    const pod = podOf(find('Deployment', 'aegis'));
    expect((pod.initContainers as Manifest[]).map(({ args }) => args as string[])).toEqual([
      ['aegis', 'migrate', 'status', '--wait', '300'],
    ]);
    expect(
      ['startupProbe', 'livenessProbe', 'readinessProbe'].map(
        (probe) => pod.containers[0][probe].httpGet.path as string,
      ),
    ).toEqual(['/health/startup', '/health/live', '/health/ready']);
  });

  it('give the owner of the schema to the migration alone', () => {
    const owners = running(manifests).filter((one) => JSON.stringify(podOf(one)).includes('database-owner'));
    expect(owners.map(({ kind }) => kind)).toEqual(['Job']);
    const signers = running(manifests).filter((one) => JSON.stringify(podOf(one)).includes('signing-keys'));
    expect(signers.map(({ kind }) => kind)).toEqual(['Deployment']);
  });

  it('send requests for key sets and status lists also to pods that are not ready', () => {
    const published = find('Service', 'aegis-published').spec as Manifest;
    expect(published.publishNotReadyAddresses).toBe(true);
    expect(published.selector).toEqual((find('Service', 'aegis').spec as Manifest).selector);
    const [rule] = find('Ingress', 'aegis').spec.rules as Manifest[];
    const routes = (rule!.http.paths as Manifest[]).map((one) => [
      one.path as string,
      one.backend.service.name as string,
    ]);
    expect(routes).toEqual([
      ['/.well-known/', 'aegis-published'],
      ['/api/v1/status-lists/', 'aegis-published'],
      ['/', 'aegis'],
    ]);
  });

  it('run only commands that exist, with options that exist', () => {
    const all = [...manifests, ...manifestsOf(rendered(DEPLOYMENTS.development))];
    const commands = running(all)
      .flatMap((one) => [
        ...((podOf(one).initContainers ?? []) as Manifest[]),
        ...(podOf(one).containers as Manifest[]),
      ])
      .map(({ args }) => args as string[] | undefined)
      .filter((args) => args?.[0] === 'aegis');
    expect(commands.length).toBeGreaterThanOrEqual(8);
    for (const [, ...args] of commands.map((command) => command ?? [])) {
      const tree = silentTree();
      let leaf: Command | undefined = tree;
      for (const name of args) {
        if (!leaf || leaf.commands.length === 0) break;
        leaf = leaf.commands.find((one) => one.name() === name);
      }
      expect(leaf).toBeDefined();
      leaf!.action(() => undefined);
      expect(() => tree.parse(args, { from: 'user' })).not.toThrow(CommanderError);
    }
  });

  it('have settings that the server accepts in production, with secrets as they are mounted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-kubernetes-'));
    try {
      const { data } = find('ConfigMap', /^aegis-settings-/) as { data?: Record<string, string> } & Manifest;
      const here = (text: string): string => text.replaceAll('/etc/aegis', folder);
      const put = (path: string, text: string, mode = 0o440): void => {
        mkdirSync(join(folder, path, '..'), { recursive: true });
        writeFileSync(join(folder, path), here(text));
        chmodSync(join(folder, path), mode);
      };
      const secret = find('ExternalSecret', 'aegis-database-app').spec.target.template.data as Manifest;
      put('database/url', (secret.uri as string).replace('{{ .password | urlquery }}', 'f00dcafe'));
      put('database-ca/ca.crt', new CertificateAuthority().certificate);
      put('secrets/key-passphrase', 'rK3vQm9tZx7LpWc2');
      put('secrets/api-key-peppers', `v1:${'k7Q2'.repeat(10)}`);
      mkdirSync(join(folder, 'keys'));
      const settings = Object.fromEntries(Object.entries(data!).map(([name, value]) => [name, here(value)]));
      const environment = loadEnvironment({ ...settings, DATA_DIR: folder });
      expect(environment.isProduction).toBe(true);
      expect(environment).toMatchObject({ MIGRATE_ON_START: false, PORT: 8000, TRUST_PROXY: ['1'] });
      expect(environment.DATABASE_URL).toContain('@aegis-database-rw:5432/aegis?sslmode=verify-full');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('fail the nightly verification for every exit code but 0; for "unknown" after it was tried again', () => {
    const { backoffLimit, podFailurePolicy } = find('CronJob', 'aegis-audit-verify').spec.jobTemplate
      .spec as Manifest;
    expect(podFailurePolicy.rules).toEqual([
      { action: 'FailJob', onExitCodes: { containerName: 'verify', operator: 'In', values: [1, 2] } },
    ]);
    expect(backoffLimit).toBeGreaterThan(0);
  });

  it('let Argo CD migrate before it changes anything else', () => {
    const folder = mkdtempSync(join(ROOT, 'tmp-argo-'));
    try {
      writeFileSync(
        join(folder, 'kustomization.yaml'),
        'resources: [../deploy/kubernetes/overlays/production/server]\ncomponents: [../deploy/kubernetes/components/argo-cd]\n',
      );
      const job = manifestsOf(rendered([folder])).find(({ kind }) => kind === 'Job');
      expect(job?.metadata).toMatchObject({
        name: `aegis-migrate-${SLUG}`,
        annotations: {
          'argocd.argoproj.io/hook': 'PreSync',
          'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
        },
      });
      // Nothing of the same folder exists yet when it runs for the first time.
      expect(JSON.stringify(job)).not.toMatch(/serviceAccountName|configMap/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function silentTree(): Command {
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  return commandTree(new Output(false, nowhere), async (work) => {
    await work;
  });
}
