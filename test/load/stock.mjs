const CONNECTIONS = 16;
export const CUSTOMER_ID = 'bench';
export const MODULE_NAME = 'payroll';

/** @typedef {{ id: string, token: string }} StockedLicense */

/** What is asked for: a license as it is sold most often, bound to nothing. */
export const ISSUE = {
  customer_id: CUSTOMER_ID,
  module_name: MODULE_NAME,
  allowed_major_versions: ['17', '18'],
  license_type: 'subscription',
  duration_days: 365,
};

/**
 * Creates a customer and licenses through the API, as a vendor would.
 * @param {string} url of the server
 * @param {string} adminKey
 * @param {number} count
 * @returns {Promise<StockedLicense[]>}
 */
export async function makeStock(url, adminKey, count) {
  /** @param {string} path  @param {object} body */
  const create = async (path, body) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-API-Key': adminKey },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  await create('/api/v1/customers', { id: CUSTOMER_ID, name: 'Acme Corporation' });
  const licenses = [];
  let started = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (started < count) {
        started++;
        licenses.push(await create('/api/v1/licenses', ISSUE));
      }
    }),
  );
  return licenses;
}
