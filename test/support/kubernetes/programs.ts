import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

/** Of the server and of kubectl. Its libraries have the same number with 0 in place of 1. */
export const KUBERNETES_VERSION = 'v1.33.5';

/** Where the published CRDs of the kinds that the manifests use are: modules of Go, and the folders in them. */
export const CRD_MODULES = [
  ['github.com/cloudnative-pg/cloudnative-pg@v1.30.0', 'config/crd/bases'],
  ['github.com/cloudnative-pg/plugin-barman-cloud@v0.15.0', 'config/crd/bases'],
  ['github.com/external-secrets/external-secrets@v0.19.2', 'config/crds/bases'],
  ['github.com/prometheus-operator/prometheus-operator@v0.85.0', 'example/prometheus-operator-crd'],
] as const;

/** Programs of a control plane, by their paths. */
export interface KubernetesPrograms {
  etcd: string;
  apiServer: string;
  kubectl: string;
}

/** What must be installed, and the way to get it. */
const NEEDED = [
  ['etcd', 'apt-get install --no-install-recommends etcd-server'],
  ['go', 'Go 1.24 or newer on the PATH; it builds kube-apiserver'],
] as const;

/** @returns what is missing and how to get it; undefined when nothing is */
export function missingKubernetesPrograms(): string | undefined {
  const missing = NEEDED.filter(([name]) => spawnSync(name, ['version']).error !== undefined);
  return missing.length === 0
    ? undefined
    : ['npm run test:kubernetes needs:', ...missing.map(([name, way]) => `  ${name}: ${way}`)].join('\n');
}

/**
 * The programs; kube-apiserver and kubectl are built from their Go modules the first time (some 10 minutes with two
 * cores) and kept in `tmp/kubernetes`.
 */
export function kubernetesPrograms(): KubernetesPrograms {
  const folder = join(ROOT, 'tmp/kubernetes', KUBERNETES_VERSION);
  const programs = {
    etcd: 'etcd',
    apiServer: join(folder, 'kube-apiserver'),
    kubectl: join(folder, 'kubectl'),
  };
  if (!existsSync(programs.apiServer) || !existsSync(programs.kubectl)) build(folder);
  return programs;
}

/** @returns paths of the published CRDs: YAML files */
export function publishedCrds(): string[] {
  return CRD_MODULES.flatMap(([module, folder]) => {
    const path = join(moduleFolder(module), folder);
    return readdirSync(path)
      .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
      .map((name) => join(path, name));
  });
}

function build(folder: string): void {
  const source = join(folder, 'source');
  mkdirSync(source, { recursive: true });
  const theirs = readFileSync(
    join(moduleFolder(`k8s.io/kubernetes@${KUBERNETES_VERSION}`), 'go.mod'),
    'utf8',
  );
  const [goVersion = ''] = /^go .*$/m.exec(theirs) ?? [];
  // Their own go.mod names its libraries by folders of their repository.
  const libraries = [...theirs.matchAll(/^\t(k8s\.io\/\S+) v0\.0\.0$/gm)].map(([, name = '']) => name);
  const version = KUBERNETES_VERSION.replace('v1.', 'v0.');
  writeFileSync(
    join(source, 'go.mod'),
    [
      'module aegis.invalid/kubernetes',
      goVersion,
      `require k8s.io/kubernetes ${KUBERNETES_VERSION}`,
      ...libraries.map((name) => `replace ${name} => ${name} ${version}`),
      '',
    ].join('\n'),
  );
  const programs = ['kube-apiserver', 'kubectl'].map((name) => `k8s.io/kubernetes/cmd/${name}`);
  writeFileSync(
    join(source, 'programs.go'),
    `//go:build programs\n\npackage programs\n\nimport (\n${programs.map((name) => `\t_ "${name}"\n`).join('')})\n`,
  );
  process.stderr.write(`Building kube-apiserver and kubectl ${KUBERNETES_VERSION}, once …\n`);
  go(source, 'mod', 'tidy');
  go(source, 'build', '-trimpath', '-ldflags', '-s -w', '-o', `${folder}/`, ...programs);
}

/** @param module e.g. `example.com/name@v1.2.3`  @returns where Go has unpacked it */
function moduleFolder(module: string): string {
  const answer = JSON.parse(go(ROOT, 'mod', 'download', '-json', module)) as { Dir: string };
  return answer.Dir;
}

function go(cwd: string, ...args: string[]): string {
  // Nothing of Go's is in the checkout, and it must not fetch another Go than the one that is installed.
  const env = { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' };
  return execFileSync('go', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
