import { ISSUE, MODULE_NAME } from '../stock.mjs';

/** Licenses of one request that validates many. */
export const BATCH = 100;
/** As many licenses are asked about at once as wait for an answer in no other workload. */
const BATCH_CONNECTIONS = 8;

/**
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} [url] of the server that is asked
 * @property {{ method: string, path: string, headers?: Record<string, string>, body?: string,
 *   setupRequest?: (request: object) => object }[]} [requests] sent in turn
 * @property {number} [status] of each answer; any 2xx unless given
 * @property {number} [connections] in place of the plan's
 * @property {(seconds: number, connections: number) => Promise<import('../load.mjs').Round>} [drive] what is done in
 *   place of requests
 * @property {import('../processor-time.mjs').Parts} [parts] whose processor time is read, in place of the plan's
 */

const json = { 'Content-Type': 'application/json' };

/** @param {string} path  @param {string} body  @param {Record<string, string>} [headers] */
const post = (path, body, headers) => ({ method: 'POST', path, body, headers: { ...json, ...headers } });

/** @param {readonly import('../stock.mjs').StockedLicense[]} stock */
const questions = (stock) =>
  stock.map(({ token }) => ({ token, module_name: MODULE_NAME, odoo_version: '17.0' }));

/**
 * What the server is asked.
 * @param {string} url of the server
 * @param {string} adminKey
 * @param {readonly import('../stock.mjs').StockedLicense[]} stock
 * @returns {Workload[]}
 */
export function workloads(url, adminKey, stock) {
  const withKey = { 'X-API-Key': adminKey };
  /** @param {Record<string, string>} [headers] */
  const statuses = (headers) =>
    stock.map(({ id }) => ({ method: 'GET', path: `/api/v1/licenses/${id}/status`, headers }));
  return [
    validations('validate', url, stock),
    {
      name: 'issue',
      url,
      requests: [post('/api/v1/licenses', JSON.stringify(ISSUE), withKey)],
    },
    { name: 'status', url, requests: statuses() },
    { name: 'status with a key', url, requests: statuses(withKey) },
  ];
}

/**
 * What is measured besides.
 * @param {string} url  @param {string} adminKey  @param {readonly import('../stock.mjs').StockedLicense[]} stock
 * @returns {Workload[]}
 */
export function furtherWorkloads(url, adminKey, stock) {
  const withKey = { 'X-API-Key': adminKey };
  const all = questions(stock);
  const batches = Array.from({ length: Math.floor(all.length / BATCH) }, (_, at) =>
    post(
      '/api/v1/licenses/validate/batch',
      JSON.stringify({ items: all.slice(at * BATCH, (at + 1) * BATCH) }),
      withKey,
    ),
  );
  return [
    { name: 'batch of validations', url, requests: batches, connections: BATCH_CONNECTIONS },
    {
      name: 'read a license',
      url,
      requests: stock.map(({ id }) => ({ method: 'GET', path: `/api/v1/licenses/${id}`, headers: withKey })),
    },
    { name: 'status list', url, requests: [{ method: 'GET', path: STATUS_LIST }] },
    { name: 'key set', url, requests: [{ method: 'GET', path: KEY_SET }] },
  ];
}

const STATUS_LIST = '/api/v1/status-lists/0';
const KEY_SET = '/.well-known/jwks.json';

/** @param {string} name  @param {string} url  @param {readonly import('../stock.mjs').StockedLicense[]} stock  @returns {Workload} */
export function validations(name, url, stock) {
  return {
    name,
    url,
    requests: questions(stock).map((body) => post('/api/v1/licenses/validate', JSON.stringify(body))),
  };
}

/**
 * What the bare server is asked: the very bodies of the route that each is the yardstick of, and answers of the same size.
 * @param {{ url: string, answer(name: string, body: unknown): void }} echo
 * @param {string} server  @param {string} adminKey  @param {readonly import('../stock.mjs').StockedLicense[]} stock
 * @returns {Promise<Workload[]>}
 */
export async function yardsticks(echo, server, adminKey, stock) {
  /** @param {string} name  @param {string} path */
  const sameAnswer = async (name, path) => {
    const response = await fetch(server + path, { headers: { 'X-API-Key': adminKey } });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    echo.answer(name, isJson ? await response.json() : await response.text());
    return {
      name: `echo of ${name}`,
      url: echo.url,
      requests: [{ method: 'GET', path: `/answers/${name}` }],
    };
  };
  return [
    {
      name: 'echo of validate',
      url: echo.url,
      requests: questions(stock).map((body) => post('/echo', JSON.stringify(body))),
    },
    { name: 'echo of issue', url: echo.url, requests: [post('/echo', JSON.stringify(ISSUE))] },
    await sameAnswer('license', `/api/v1/licenses/${stock[0]?.id}`),
    await sameAnswer('status-list', STATUS_LIST),
    await sameAnswer('key-set', KEY_SET),
  ];
}
