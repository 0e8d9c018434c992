import { nameOf, podTemplateOf } from './render.mjs';

/** @typedef {import('./render.mjs').KubernetesObject} KubernetesObject */

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/, "Restricted" and what it includes of "Baseline". */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const SECCOMP = ['RuntimeDefault', 'Localhost'];

/**
 * Holds every pod template against the pod security standard "restricted", and against what we demand beyond it: a read-only
 * root file system, limits, no token of a service account, no variables for Services, secrets that nobody else can read.
 * @param {KubernetesObject[]} objects
 * @returns {string[]}
 */
export function podFindings(objects) {
  return objects.flatMap((object) => {
    const spec = podTemplateOf(object)?.spec;
    if (spec === undefined) return [];
    return [...restricted(spec), ...ours(spec)].map((finding) => `${nameOf(object)}: ${finding}`);
  });
}

/** @param {Record<string, any>} spec  @returns {string[]} */
function restricted(spec) {
  const pod = spec.securityContext ?? {};
  return [
    ...['hostNetwork', 'hostPID', 'hostIPC']
      .filter((name) => spec[name])
      .map((name) => `${name}: not allowed`),
    ...(spec.volumes ?? []).flatMap(({ name, ...source }) =>
      Object.keys(source)
        .filter((type) => !VOLUMES.includes(type))
        .map((type) => `volume ${name}: ${type} is not allowed`),
    ),
    ...(pod.sysctls ?? []).map(({ name }) => `sysctl ${name}: not allowed`),
    ...(pod.runAsUser === 0 ? ['runAsUser: must not be 0'] : []),
    ...containersOf(spec).flatMap((container) =>
      restrictedContainer(container, pod).map((finding) => `container ${container.name}: ${finding}`),
    ),
  ];
}

/** @param {Record<string, any>} container  @param {Record<string, any>} pod security context  @returns {string[]} */
function restrictedContainer({ securityContext: own = {}, ports = [] }, pod) {
  const { capabilities = {} } = own;
  const seccomp = (own.seccompProfile ?? pod.seccompProfile)?.type;
  const added = (capabilities.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  return [
    ...(own.privileged ? ['privileged: not allowed'] : []),
    ...(own.allowPrivilegeEscalation === false ? [] : ['allowPrivilegeEscalation: must be false']),
    ...((own.runAsNonRoot ?? pod.runAsNonRoot) === true ? [] : ['runAsNonRoot: must be true']),
    ...(own.runAsUser === 0 ? ['runAsUser: must not be 0'] : []),
    ...(SECCOMP.includes(seccomp) ? [] : ['seccompProfile: must be RuntimeDefault or Localhost']),
    ...((capabilities.drop ?? []).includes('ALL') ? [] : ['capabilities: ALL must be dropped']),
    ...added.map((name) => `capabilities: ${name} must not be added`),
    ...(own.procMount === undefined || own.procMount === 'Default' ? [] : ['procMount: must be Default']),
    ...ports.filter(({ hostPort }) => hostPort).map(({ hostPort }) => `hostPort ${hostPort}: not allowed`),
  ];
}

/** @param {Record<string, any>} spec  @returns {string[]} */
function ours(spec) {
  return [
    ...(spec.automountServiceAccountToken === false ? [] : ['automountServiceAccountToken: must be false']),
    ...(spec.enableServiceLinks === false ? [] : ['enableServiceLinks: must be false']),
    ...((spec.securityContext?.runAsUser ?? 0) >= 1 ? [] : ['runAsUser: must be a number, above 0']),
    ...(spec.volumes ?? [])
      .filter(({ secret }) => secret !== undefined)
      // The server accepts no file that others may read, nor one that its own user can't: root owns what is mounted.
      .filter(({ secret }) => secret.defaultMode !== 0o440 || spec.securityContext?.fsGroup === undefined)
      .map(({ name }) => `volume ${name}: needs defaultMode 0440 (288) and an fsGroup`),
    ...containersOf(spec).flatMap(({ name, securityContext, resources }) => [
      ...(securityContext?.readOnlyRootFilesystem === true
        ? []
        : [`container ${name}: readOnlyRootFilesystem: must be true`]),
      ...(resources?.limits?.memory === undefined ? [`container ${name}: needs a limit of memory`] : []),
      ...(resources?.requests?.cpu === undefined ? [`container ${name}: needs a request of CPU`] : []),
    ]),
  ];
}

/** @param {Record<string, any>} spec  @returns {Record<string, any>[]} */
function containersOf(spec) {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
}
