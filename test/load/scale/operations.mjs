import { activation, heartbeats, makeSeatStock } from '../speed/seats.mjs';
import { ISSUE, MODULE_NAME } from '../stock.mjs';

/** Licenses with an installation each that is asked about, and the seats of one that is full. */
const SEATS = { licenses: 200, full: 100 };

/**
 * @typedef {object} Operation
 * @property {string} name
 * @property {'single' | 'list'} kind a list's page is also compared with reading one license
 * @property {{ method: string, path: string, headers?: Record<string, string>, body?: string }[]} requests sent in turn
 */

/**
 * What is asked of a server of any size.
 * @param {string} url of the server
 * @param {string} adminKey
 * @param {readonly import('../stock.mjs').StockedLicense[]} stock licenses that can be validated
 * @returns {Promise<Operation[]>}
 */
export async function operations(url, adminKey, stock) {
  const withKey = { 'X-API-Key': adminKey };
  const json = { 'Content-Type': 'application/json' };
  /** @param {string} name  @param {'single' | 'list'} kind  @param {readonly string[]} paths */
  const gets = (name, kind, paths) => ({
    name,
    kind,
    requests: paths.map((path) => ({ method: 'GET', path, headers: withKey })),
  });
  /** @param {string} name  @param {string} path */
  const list = (name, path) => gets(name, 'list', [path]);
  const validations = stock.map(({ token }) => ({
    method: 'POST',
    path: '/api/v1/licenses/validate',
    headers: json,
    body: JSON.stringify({ token, module_name: MODULE_NAME, odoo_version: '17.0' }),
  }));
  const day = (/** @type {number} */ days) => new Date(Date.now() + days * 86_400_000).toISOString();
  const licenses = '/api/v1/licenses';
  const customers = '/api/v1/customers';
  const audit = '/api/v1/admin/audit-logs';
  const asJson = async (/** @type {string} */ path) => (await fetch(url + path, { headers: withKey })).json();
  const [deep, some] = await Promise.all([
    asJson(`${licenses}?page=90&page_size=100`),
    asJson(`${licenses}?page_size=100&sort=created_at`),
  ]);
  const seats = await makeSeatStock(url, adminKey, SEATS);
  const ids = some.licenses.map((/** @type {{ id: string }} */ { id }) => id);
  return [
    { name: 'validate', kind: 'single', requests: validations },
    {
      name: 'issue',
      kind: 'single',
      requests: [
        { method: 'POST', path: licenses, headers: { ...json, ...withKey }, body: JSON.stringify(ISSUE) },
      ],
    },
    gets(
      'read a license',
      'single',
      ids.map((/** @type {string} */ id) => `${licenses}/${id}`),
    ),
    gets(
      'status of a license',
      'single',
      stock.map(({ id }) => `${licenses}/${id}/status`),
    ),
    { name: 'heartbeat', kind: 'single', requests: heartbeats(seats.holders, false) },
    { name: 'heartbeat with a token', kind: 'single', requests: heartbeats(seats.holders, true) },
    { name: 'activation', kind: 'single', requests: seats.licenses.map(activation) },
    list('activations of a license', `${licenses}/${seats.full.id}/activations`),
    gets('statistics', 'single', ['/api/v1/admin/stats']),
    list('licenses', licenses),
    list('licenses, oldest first', `${licenses}?sort=created_at`),
    list('licenses, next to end', `${licenses}?sort=expires_at`),
    list('licenses, after a deep cursor', `${licenses}?page_size=50&cursor=${deep.next_cursor}`),
    list('licenses, active', `${licenses}?status=active`),
    list('licenses, expired', `${licenses}?status=expired`),
    list('licenses, expired, by end', `${licenses}?status=expired&sort=-expires_at`),
    list('licenses, suspended', `${licenses}?status=suspended`),
    list('licenses of a customer', `${licenses}?customer_id=C-0000042`),
    list('licenses of a module, revoked', `${licenses}?module_name=fleet&status=revoked`),
    list('licenses that end soon', `${licenses}?expires_after=${day(0)}&expires_before=${day(30)}`),
    list('licenses, q, many', `${licenses}?q=pay`),
    list('licenses, q, few', `${licenses}?q=C-000004`),
    list('licenses, q, none', `${licenses}?q=zz-none`),
    list('customers', customers),
    list('customers, inactive', `${customers}?is_active=false`),
    list('customers, q, many', `${customers}?q=acme`),
    list('customers, q, few', `${customers}?q=${encodeURIComponent('Harbor 7')}`),
    list('audit', audit),
    list('audit, by event', `${audit}?event_type=license.validated`),
    list('audit, by verdict', `${audit}?code=REVOKED`),
    list('audit of a license', `${audit}?license_id=${ids[0]}`),
    list('audit, of an hour', `${audit}?since=${day(-1 / 24)}&until=${day(1)}`),
  ];
}
