import { randomUUID } from 'node:crypto';
import { ISSUE, MODULE_NAME } from '../stock.mjs';

const CONNECTIONS = 16;
const SEATS = 100_000;
const json = { 'Content-Type': 'application/json' };

/** @typedef {{ id: string, token: string }} SeatedLicense */
/** @typedef {{ id: string, token: string, fingerprint: string }} Holder token: of its license */

/** What is measured of seats, by the names in the report. */
export const SEAT_LOADS = {
  heartbeat: 'heartbeat',
  heartbeatWithToken: 'heartbeat with a token',
  activation: 'activation',
  oneLicense: 'activation, one license',
  alone: 'activation, one client',
  refusal: 'refusal of a full license',
};

/**
 * Licenses with floating seats, with one installation in each, and a full one.
 * @param {string} url of the server  @param {string} adminKey
 * @param {{ licenses: number, full: number }} amounts full: seats of the full license
 */
export async function makeSeatStock(url, adminKey, { licenses: count, full: seats }) {
  const licenses = await inParallel(count, () => issueWithSeats(url, adminKey, SEATS));
  const holders = await inParallel(count, (at) => activate(url, licenses[at]));
  const full = await issueWithSeats(url, adminKey, seats);
  await inParallel(seats, () => activate(url, full));
  return { licenses, holders, one: await issueWithSeats(url, adminKey, SEATS), full };
}

/** @typedef {Awaited<ReturnType<typeof makeSeatStock>>} SeatStock */

/** @param {string} url  @param {SeatStock} stock  @returns {import('./workloads.mjs').Workload[]} */
export function seatWorkloads(url, { licenses, holders, one, full }) {
  return [
    { name: SEAT_LOADS.heartbeat, url, requests: heartbeats(holders, false) },
    { name: SEAT_LOADS.heartbeatWithToken, url, requests: heartbeats(holders, true) },
    { name: SEAT_LOADS.activation, url, requests: licenses.map(activation) },
    { name: SEAT_LOADS.oneLicense, url, requests: [activation(one)] },
    { name: SEAT_LOADS.alone, url, requests: licenses.map(activation), connections: 1 },
    { name: SEAT_LOADS.refusal, url, requests: [activation(full)], connections: 1, status: 409 },
  ];
}

/** @param {readonly Holder[]} holders  @param {boolean} withToken */
export function heartbeats(holders, withToken) {
  return holders.map(({ id, token, fingerprint }) => ({
    method: 'POST',
    path: `/api/v1/activations/${id}/heartbeat`,
    headers: json,
    body: JSON.stringify({ token, fingerprint, with_token: withToken }),
  }));
}

/** A request of another installation each time that it is sent. @param {SeatedLicense} license */
export function activation({ token }) {
  return {
    method: 'POST',
    path: '/api/v1/activations',
    headers: json,
    body: '',
    setupRequest: (/** @type {object} */ request) => ({
      ...request,
      body: activationBody(token, randomUUID()),
    }),
  };
}

/** @param {string} token  @param {string} fingerprint */
const activationBody = (token, fingerprint) =>
  JSON.stringify({ token, module_name: MODULE_NAME, odoo_version: '17.0', fingerprint });

/** @param {string} url  @param {string} adminKey  @param {number} max  @returns {Promise<SeatedLicense>} */
async function issueWithSeats(url, adminKey, max) {
  const terms = { max, mode: 'floating', lease_seconds: 2_592_000 };
  return create(url, '/api/v1/licenses', JSON.stringify({ ...ISSUE, seats: terms }), {
    'X-API-Key': adminKey,
  });
}

/** @param {string} url  @param {SeatedLicense} license  @returns {Promise<Holder>} */
async function activate(url, { token }) {
  const fingerprint = randomUUID();
  const { id } = await create(url, '/api/v1/activations', activationBody(token, fingerprint), {});
  return { id, token, fingerprint };
}

/** @param {string} url  @param {string} path  @param {string} body  @param {Record<string, string>} headers */
async function create(url, path, body, headers) {
  const response = await fetch(url + path, { method: 'POST', headers: { ...json, ...headers }, body });
  if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** @template T  @param {number} count  @param {(at: number) => Promise<T>} make  @returns {Promise<T[]>} */
async function inParallel(count, make) {
  /** @type {T[]} */
  const made = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < count) {
        const at = next++;
        made[at] = await make(at);
      }
    }),
  );
  return made;
}
