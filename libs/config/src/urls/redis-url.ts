import { isPlainUrl } from './plain-url';

export const REDIS_URL_RULE =
  'must be a redis:// or rediss:// URL without white space and without query, whose path, if any, is a database number';

/**
 * Whether a text is a URL of Redis, without query: its driver takes options from there, the verification of TLS among
 * them. A path that is no number would be ignored, and the counts be in database 0, which may be somebody else's.
 */
export function isRedisUrl(text: string): boolean {
  if (!isPlainUrl(text) || /[?#]/.test(text)) return false;
  const { protocol, hostname, pathname, username, password } = new URL(text);
  return (
    /^rediss?:$/.test(protocol) &&
    hostname !== '' &&
    /^(\/\d{0,9})?$/.test(pathname) &&
    [username, password].every(isDecodable)
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
