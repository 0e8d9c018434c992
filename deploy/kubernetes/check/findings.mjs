import { databaseFindings } from './connections.mjs';
import { podFindings } from './pod-security.mjs';
import { schemaFindings } from './schemas.mjs';
import { secretFindings } from './secrets.mjs';
import { settingFindings } from './settings.mjs';
import { versionFindings } from './versions.mjs';

/**
 * @param {import('./render.mjs').KubernetesObject[]} objects
 * @param {string} text that they were read from
 * @returns {Promise<string[]>} one line a mistake, which begins with the object's kind and name
 */
export async function findingsOf(objects, text) {
  return [
    ...(await schemaFindings(objects)),
    ...podFindings(objects),
    ...settingFindings(objects),
    ...databaseFindings(objects),
    ...versionFindings(objects),
    ...secretFindings(objects, text),
  ];
}
