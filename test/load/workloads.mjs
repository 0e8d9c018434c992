import { ISSUE, MODULE_NAME } from './stock.mjs';

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} url of the server that is asked
 * @property {{ method: string, path: string, headers?: Record<string, string>, body?: string }[]} requests
 *   sent in turn
 * @property {import('./processor-time.mjs').Parts} [parts] whose processor time is read, in place of the plan's
 */

/**
 * What is measured. Each echo is sent the very bodies of the route that it is the yardstick of.
 * @param {string} server base URL
 * @param {string} echo base URL
 * @param {string} adminKey
 * @param {readonly import('./stock.mjs').StockedLicense[]} stock
 * @returns {Workload[]}
 */
export function workloads(server, echo, adminKey, stock) {
  const json = { 'Content-Type': 'application/json' };
  const withKey = { 'X-API-Key': adminKey };
  const issueBody = JSON.stringify(ISSUE);
  const validateBodies = stock.map(({ token }) =>
    JSON.stringify({ token, module_name: MODULE_NAME, odoo_version: '17.0' }),
  );
  /** @param {string} path  @param {string} body  @param {Record<string, string>} [headers] */
  const post = (path, body, headers) => ({ method: 'POST', path, body, headers: { ...json, ...headers } });
  /** @param {Record<string, string>} [headers] */
  const statuses = (headers) =>
    stock.map(({ id }) => ({ method: 'GET', path: `/api/v1/licenses/${id}/status`, headers }));
  return [
    { name: 'echo of validate', url: echo, requests: validateBodies.map((body) => post('/echo', body)) },
    {
      name: 'validate',
      url: server,
      requests: validateBodies.map((body) => post('/api/v1/licenses/validate', body)),
    },
    { name: 'echo of issue', url: echo, requests: [post('/echo', issueBody)] },
    { name: 'issue', url: server, requests: [post('/api/v1/licenses', issueBody, withKey)] },
    { name: 'status', url: server, requests: statuses() },
    { name: 'status with a key', url: server, requests: statuses(withKey) },
  ];
}
