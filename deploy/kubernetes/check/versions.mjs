import { nameOf, ofKind, podTemplateOf } from './render.mjs';

/** @typedef {import('./render.mjs').KubernetesObject} KubernetesObject */

/**
 * Demands one version of the server everywhere: a migration of another version would leave servers waiting, or be skipped.
 * @param {KubernetesObject[]} objects
 * @returns {string[]}
 */
export function versionFindings(objects) {
  const ours = objects.filter(
    (object) => object.metadata.labels?.['app.kubernetes.io/version'] !== undefined,
  );
  const running = ours.filter((object) => podTemplateOf(object) !== undefined);
  const [first] = running;
  if (first === undefined) return [];
  const version = tagOf(imagesOf(first)[0] ?? '');
  const images = running.flatMap((object) =>
    imagesOf(object)
      .filter((image) => tagOf(image) !== version)
      .map((image) => `${nameOf(object)}: the image ${image} is of another version than ${version}`),
  );
  const labels = ours
    .filter(({ metadata }) => metadata.labels['app.kubernetes.io/version'] !== version)
    .map((object) => `${nameOf(object)}: its label app.kubernetes.io/version is not ${version}`);
  const jobs = ofKind(running, 'Job')
    .filter(({ metadata }) => !metadata.name.endsWith(`-${slugOf(version)}`))
    .map((object) => `${nameOf(object)}: must be named after the version: …-${slugOf(version)}`);
  return [...images, ...labels, ...jobs];
}

/** @param {string} version  @returns {string} as names of objects may contain it, e.g. `1-0-0-rc-1` */
export function slugOf(version) {
  return version.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

/** @param {KubernetesObject} object  @returns {string[]} */
function imagesOf(object) {
  const { initContainers = [], containers } = podTemplateOf(object)?.spec ?? { containers: [] };
  return [...initContainers, ...containers].map(({ image }) => image);
}

/** @param {string} image  @returns {string} of one named by tag and digest, the tag */
function tagOf(image) {
  return /:([\w.-]+)(?:@sha256:[0-9a-f]{64})?$/.exec(image)?.[1] ?? 'latest';
}
