// What to answer to most vectors, typed by hand. Nothing here is computed.

/** The answer to the license `LICENSE` of texts.mjs where everything passes, without status list and guard. */
export const VALID = {
  valid: true,
  code: 'VALID',
  warnings: [],
  license_id: '0bfb0cef-a864-400f-83d4-e8c6bd41dda5',
  license_type: 'subscription',
  customer_name: 'Acme Corporation',
  expires_at: '2027-12-28T13:20:00.000Z',
  entitlements: {},
  activation: null,
  revocation: 'none',
  clock: 'unknown',
};

/**
 * The answer to the same license where a check fails after its signature was verified.
 * @param {string} code
 * @param {object} [others] fields that differ
 */
export const refused = (code, others = {}) => ({ ...VALID, valid: false, code, ...others });

/**
 * The answer where nothing was verified: codes 1 to 4.
 * @param {string} code
 */
const unproven = (code) => ({
  valid: false,
  code,
  warnings: [],
  license_id: null,
  license_type: null,
  customer_name: null,
  expires_at: null,
  entitlements: {},
  activation: null,
  revocation: 'none',
  clock: 'unknown',
});

export const MALFORMED = unproven('MALFORMED');
export const UNKNOWN_KEY = unproven('UNKNOWN_KEY');
export const SIGNATURE_INVALID = unproven('SIGNATURE_INVALID');
export const KEY_COMPROMISED = unproven('KEY_COMPROMISED');
