import { duration } from './duration';
import type { HealthFinding, PartRule } from './health-part';

const SOON_S = 14 * 86_400;
const SIGNER = 'aegis_signer_breaker_state';
const EXPIRY = 'aegis_signed_key_set_expiry_timestamp_seconds';
const KEY_EXPIRY = 'aegis_api_key_next_expiry_timestamp_seconds';

/** What signs, and whether this process is notified of changed keys. */
export const SIGNING_PART: PartRule = {
  name: 'signing',
  metrics: ['aegis_signing_ready', 'aegis_signing_keys_notified', SIGNER],
  look: (readings) => {
    const isAway = readings.value(SIGNER, ['state', 'closed']) === 0;
    const canSign = readings.value('aegis_signing_ready') === 1;
    const found: HealthFinding[] = [];
    if (isAway)
      found.push({
        alarm: 'AegisSignerUnavailable',
        message: 'The signer does not answer: nothing is issued, validation continues.',
      });
    if (!canSign)
      found.push({
        alarm: 'AegisCannotSign',
        message:
          'This server cannot sign with the active key, or no key is active: nothing is issued here, validation continues.',
      });
    return found;
  },
};

/** The key set that the root key signed. */
export const SIGNED_KEY_SET_PART: PartRule = {
  name: 'signed_key_set',
  metrics: [EXPIRY, 'aegis_signed_key_set_current'],
  isOn: (readings) => (readings.value(EXPIRY) ?? 0) > 0,
  look: (readings, now) => {
    const left = (readings.value(EXPIRY) ?? 0) - now;
    const found: HealthFinding[] = [];
    if (left < SOON_S)
      found.push({ alarm: 'AegisKeySetExpires', message: `The signed key set ${expires(left)}.` });
    if (readings.value('aegis_signed_key_set_current') === 0)
      found.push({
        alarm: 'AegisKeySetOutdated',
        message: 'The signed key set does not say what the database does about the keys.',
      });
    return found;
  },
};

/** API keys that end. */
export const API_KEYS_PART: PartRule = {
  name: 'api_keys',
  metrics: [KEY_EXPIRY],
  look: (readings, now) => {
    const expiry = readings.value(KEY_EXPIRY) ?? 0;
    if (expiry === 0 || expiry - now >= SOON_S) return [];
    return [{ alarm: 'AegisApiKeyExpires', message: `An API key ${expires(expiry - now)}.` }];
  },
};

function expires(left: number): string {
  return left <= 0 ? 'has expired' : `expires in ${duration(left)}`;
}
