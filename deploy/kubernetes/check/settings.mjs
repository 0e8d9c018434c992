import { readFileSync } from 'node:fs';
import { nameOf, ofKind, podTemplateOf } from './render.mjs';

/** @typedef {import('./render.mjs').KubernetesObject} KubernetesObject */

const PAGE = new URL('../../../docs/configuration.md', import.meta.url);

/**
 * Compares the settings of the server with those that it knows, with the Ingress and with the pod.
 * @param {KubernetesObject[]} objects
 * @returns {string[]}
 */
export function settingFindings(objects) {
  return ofKind(objects, 'Deployment').flatMap((deployment) => {
    const container = podTemplateOf(deployment)?.spec.containers.find(({ name }) => name === 'server');
    const name = container?.envFrom?.[0]?.configMapRef?.name;
    if (name === undefined) return [];
    const config = ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === name);
    if (config === undefined) return [`${nameOf(deployment)}: its ConfigMap ${name} is missing`];
    return [
      ...nameFindings(config.data).map((finding) => `${nameOf(config)}: ${finding}`),
      ...portFindings(config.data, container).map((finding) => `${nameOf(deployment)}: ${finding}`),
      ...hostFindings(config.data, ofKind(objects, 'Ingress')),
      ...mountFindings(config.data, container).map((finding) => `${nameOf(deployment)}: ${finding}`),
    ];
  });
}

/** @param {Record<string, string>} data  @returns {string[]} */
function nameFindings(data) {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => [...line.split('|')[1].matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name));
  const known = new Set(rows.flat());
  // What can come from a file is a secret.
  const secret = new Set(rows.flatMap((names) => (names.length === 2 ? [names[0]] : [])));
  return [
    ...Object.keys(data)
      .filter((name) => !known.has(name))
      .map((name) => `${name}: the server has no such setting`),
    ...Object.keys(data)
      .filter((name) => secret.has(name))
      .map((name) => `${name}: is a secret; put it into a Secret, and its file into ${name}_FILE`),
    ...['PUBLIC_URL', 'LICENSE_ISSUER'].filter((name) => !data[name]).map((name) => `${name}: is missing`),
  ];
}

/** @param {Record<string, string>} data  @param {Record<string, any>} container  @returns {string[]} */
function portFindings({ PORT = '8000', METRICS_PORT = '9464' }, { ports = [] }) {
  const wanted = { http: PORT, metrics: METRICS_PORT };
  return Object.entries(wanted)
    .filter(([name, port]) => ports.find((one) => one.name === name)?.containerPort !== Number(port))
    .map(([name, port]) => `the port ${name} must be ${port}, as the settings say`);
}

/** @param {Record<string, string>} data  @param {KubernetesObject[]} ingresses  @returns {string[]} */
function hostFindings({ PUBLIC_URL }, ingresses) {
  if (!URL.canParse(PUBLIC_URL)) return [`PUBLIC_URL: must be a URL`];
  const { hostname } = new URL(PUBLIC_URL);
  return ingresses.flatMap((ingress) => {
    const hosts = ingress.spec.rules.map(({ host }) => host);
    const secured = (ingress.spec.tls ?? []).flatMap((tls) => tls.hosts ?? []);
    return [
      ...hosts
        .filter((host) => host !== hostname)
        .map((host) => `the host ${host} is not that of PUBLIC_URL`),
      ...hosts.filter((host) => !secured.includes(host)).map((host) => `the host ${host} has no TLS`),
    ].map((finding) => `${nameOf(ingress)}: ${finding}`);
  });
}

/** @param {Record<string, string>} data  @param {Record<string, any>} container  @returns {string[]} */
function mountFindings(data, { volumeMounts = [] }) {
  return Object.entries(data)
    .filter(([name]) => name.endsWith('_FILE') || name === 'KEYS_DIR')
    .filter(([, path]) => !volumeMounts.some(({ mountPath }) => `${path}/`.startsWith(`${mountPath}/`)))
    .map(([name, path]) => `${name}: nothing is mounted at ${path}`);
}
