import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';

/** @typedef {Record<string, any> & { kind: string, metadata: { name: string } }} KubernetesObject */

const OLDEST = 5;

/**
 * Renders an overlay with Kustomize, that of kubectl or its own program.
 * @param {string} folder
 * @returns {string} YAML
 * @throws Error when neither is there, or the overlay can't be rendered
 */
export function render(folder) {
  const command = kustomize();
  if (command === undefined)
    throw new Error(`kubectl 1.27 or newer, or kustomize ${OLDEST} or newer, is needed and was not found.`);
  const [program, ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, [...args, folder], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${folder}: ${stderr.trim()}`);
  return stdout;
}

/** @returns {[string, ...string[]] | undefined} the command to which a folder is added; undefined where no such tool is installed */
export function kustomize() {
  const kubectl = spawnSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' });
  if (kubectl.status === 0 && majorOf(JSON.parse(kubectl.stdout).kustomizeVersion) >= OLDEST)
    return ['kubectl', 'kustomize'];
  const own = spawnSync('kustomize', ['version'], { encoding: 'utf8' });
  return own.status === 0 && majorOf(own.stdout) >= OLDEST ? ['kustomize', 'build'] : undefined;
}

/** @param {unknown} version  @returns {number} */
function majorOf(version) {
  return Number(/v?(\d+)\./.exec(String(version))?.[1] ?? 0);
}

/** @param {string} text  @returns {KubernetesObject[]} */
export function readObjects(text) {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw error;
    const value = document.toJS();
    return value === null ? [] : [value];
  });
}

/** @param {KubernetesObject} object  @returns {string} e.g. `Deployment/aegis` */
export function nameOf({ kind, metadata }) {
  return `${kind}/${metadata?.name}`;
}

/** @param {KubernetesObject} object  @returns {Record<string, any> | undefined} the pod template of what runs pods */
export function podTemplateOf({ kind, spec }) {
  if (kind === 'CronJob') return spec.jobTemplate.spec.template;
  return ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'].includes(kind)
    ? spec.template
    : undefined;
}

/** @param {KubernetesObject[]} objects  @param {string} kind  @returns {KubernetesObject[]} */
export function ofKind(objects, kind) {
  return objects.filter((object) => object.kind === kind);
}
