import type { Malformed } from '../text/compact-jws';
import { parseStrictJsonObject } from '../text/strict-json';

/** What the member `format` of an offline file says. */
export const OFFLINE_FILE_FORMAT = 'aegis-offline-activation/1';

/** Characters: hundreds of keys, and some status lists. */
const MAX_OFFLINE_FILE_LENGTH = 2_097_152;
const MAX_LISTS = 16;

/**
 * What an administrator brings to an installation without a network. The file itself is not signed: each text in it is,
 * and is read as if it had been fetched.
 */
export interface OfflineFile {
  format: typeof OFFLINE_FILE_FORMAT;
  license_token: string;
  activation_token: string;
  /** For `openKeySet`; null: the vendor has no root key, and clients have the keys built in. */
  key_set: string | null;
  /** For `openStatusList`: of the license, and of the activation. */
  status_lists: string[];
}

/**
 * Reads an offline file: only its form, no text in it. Members that it does not know are ignored. Never throws.
 * @param text as received; white space around it is ignored
 */
export function parseOfflineFile(text: string): OfflineFile | Malformed {
  if (text.length > MAX_OFFLINE_FILE_LENGTH)
    return { malformed: `longer than ${MAX_OFFLINE_FILE_LENGTH} characters` };
  const content = parseStrictJsonObject(text);
  if (content === null) return { malformed: 'not a JSON object' };
  const { format, license_token, activation_token, key_set, status_lists } = content;
  if (format !== OFFLINE_FILE_FORMAT) return { malformed: `format is not ${OFFLINE_FILE_FORMAT}` };
  if (typeof license_token !== 'string') return { malformed: 'license_token is not a text' };
  if (typeof activation_token !== 'string') return { malformed: 'activation_token is not a text' };
  if (key_set !== null && typeof key_set !== 'string')
    return { malformed: 'key_set is neither a text nor null' };
  if (!Array.isArray(status_lists) || status_lists.length > MAX_LISTS || !status_lists.every(isText))
    return { malformed: `status_lists is not a list of at most ${MAX_LISTS} texts` };
  return { format, license_token, activation_token, key_set, status_lists };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
