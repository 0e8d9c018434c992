import { nameOf, ofKind } from './render.mjs';

/** @typedef {import('./render.mjs').KubernetesObject} KubernetesObject */

/** What a secret looks like, wherever it stands. `{{ .password }}` is a place for one. */
const SECRETS = [
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY/],
  ['a password in a URL', /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:(?!\{\{)[^\s@/]+@/],
  ['an API key', /\baegis_[a-z]+_[0-9A-Za-z]{12}/],
  ['a key of AWS', /\bAKIA[0-9A-Z]{16}\b/],
  ['a pepper', /\bv\d+:[A-Za-z0-9+/=_-]{32,}/],
];

/**
 * Looks for secrets in what is rendered: they belong into the cluster by another way.
 * @param {KubernetesObject[]} objects
 * @param {string} text all that was rendered
 * @returns {string[]} without the secrets
 */
export function secretFindings(objects, text) {
  const lines = text.split('\n');
  return [
    ...ofKind(objects, 'Secret').map((object) => `${nameOf(object)}: a manifest must not contain a Secret`),
    ...SECRETS.flatMap(([what, pattern]) =>
      lines.flatMap((line, index) => (pattern.test(line) ? [`line ${index + 1} contains ${what}`] : [])),
    ),
  ];
}
