import { nameOf } from './render.mjs';

/** Where the schemas of kinds come from: the published OpenAPI document, and CRDs, compiled to functions. */
const PACKAGES = {
  'argoproj.io': '@kubernetes-models/argo-cd',
  'external-secrets.io': '@kubernetes-models/external-secrets',
  'kustomize.toolkit.fluxcd.io': '@kubernetes-models/flux-cd',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'postgresql.cnpg.io': '@kubernetes-models/cloudnative-pg',
  'source.toolkit.fluxcd.io': '@kubernetes-models/flux-cd',
};
const OBJECT_STORE = 'barmancloud.cnpg.io/v1';

/** @typedef {import('./render.mjs').KubernetesObject} KubernetesObject */

/**
 * Holds each object against the schema of its kind. A field that the schema does not know is a finding too.
 * @param {KubernetesObject[]} objects
 * @returns {Promise<string[]>}
 */
export async function schemaFindings(objects) {
  const findings = await Promise.all(
    objects.map(async (object) =>
      (await problemsOf(object)).map((problem) => `${nameOf(object)}: ${problem}`),
    ),
  );
  return findings.flat();
}

/** @param {KubernetesObject} object  @returns {Promise<string[]>} */
async function problemsOf(object) {
  if (object.apiVersion === OBJECT_STORE && object.kind === 'ObjectStore') return objectStoreProblems(object);
  const validate = await validatorOf(object);
  if (validate === undefined) return [`no schema is known for ${object.apiVersion} ${object.kind}`];
  return strictly(object, validate);
}

/** @param {KubernetesObject} object  @returns {Promise<((data: unknown) => void) | undefined>} */
async function validatorOf({ apiVersion, kind }) {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const home = group in PACKAGES ? PACKAGES[group] : 'kubernetes-models';
  try {
    const { [kind]: model } = await import(`${home}/${apiVersion}/${kind}`);
    return (data) => model.prototype.validate.call(data);
  } catch (error) {
    if (['ERR_MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'].includes(error?.code)) return undefined;
    throw error;
  }
}

/** @param {KubernetesObject} object  @returns {Promise<string[]>} */
async function objectStoreProblems(object) {
  // No package has this CRD. Its `configuration` has the schema of `barmanObjectStore` in the one of Cluster; the rest is small.
  const { configuration = {}, retentionPolicy, ...others } = object.spec;
  const cluster = {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    metadata: object.metadata,
    spec: { instances: 1, storage: { size: '1Gi' }, backup: { barmanObjectStore: configuration } },
  };
  return [
    ...Object.keys(others).map((name) => `spec.${name}: unknown field`),
    ...(retentionPolicy === undefined || /^[1-9][0-9]*[dwm]$/.test(retentionPolicy)
      ? []
      : ['spec.retentionPolicy: must be a number and d, w or m']),
    ...('serverName' in configuration ? ['spec.configuration.serverName: belongs to the Cluster'] : []),
    ...(await problemsOf(cluster)).map((problem) =>
      problem.replace(/^spec[./]backup[./]barmanObjectStore/, 'spec.configuration'),
    ),
  ];
}

/**
 * Runs a compiled schema over data. It reads each property that it knows, so a property that it did not read is unknown.
 * @param {object} data
 * @param {(data: unknown) => void} validate throws where the data breaks the schema
 * @returns {string[]}
 */
function strictly(data, validate) {
  /** @type {Map<object, Set<string | symbol>>} */
  const reads = new Map();
  const problems = [];
  try {
    validate(watched(data, reads));
  } catch (error) {
    problems.push(String(error instanceof Error ? error.message : error).replaceAll('data/', ''));
  }
  return [...problems, ...unread(data, reads)];
}

/** @param {any} data  @param {Map<object, Set<string | symbol>>} reads  @returns {any} */
function watched(data, reads) {
  if (data === null || typeof data !== 'object') return data;
  const names = reads.get(data) ?? new Set();
  reads.set(data, names);
  return new Proxy(data, {
    get(target, name) {
      names.add(name);
      return watched(Reflect.get(target, name), reads);
    },
  });
}

/** @param {any} data  @param {Map<object, Set<string | symbol>>} reads  @param {string} [path]  @returns {string[]} */
function unread(data, reads, path = '') {
  if (data === null || typeof data !== 'object') return [];
  if (Array.isArray(data)) return data.flatMap((item, index) => unread(item, reads, `${path}[${index}]`));
  return Object.entries(data).flatMap(([name, value]) => {
    const below = path === '' ? name : `${path}.${name}`;
    return reads.get(data)?.has(name) ? unread(value, reads, below) : [`${below}: unknown field`];
  });
}
