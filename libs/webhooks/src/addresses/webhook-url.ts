import { isPlainUrl } from '@aegis/config';
import { InvalidInput } from '@aegis/errors';

const LONGEST_URL_BYTES = 2048;

/**
 * Whether webhooks may be sent to a URL, by its form; its host is judged when a connection is made.
 * @param isProduction outside of production also `http:`
 * @throws InvalidInput naming the field `url` and the rule
 */
export function assertUrl(url: string, isProduction: boolean): void {
  const message = urlProblem(url, isProduction);
  if (message !== undefined) throw new InvalidInput([{ field: 'url', message }]);
}

/** @returns the rule that a URL breaks, in words */
export function urlProblem(url: string, isProduction: boolean): string | undefined {
  if (Buffer.byteLength(url) > LONGEST_URL_BYTES) return `must be at most ${LONGEST_URL_BYTES} bytes`;
  const schemes = isProduction ? ['https:'] : ['https:', 'http:'];
  if (!isPlainUrl(url) || !schemes.includes(new URL(url).protocol))
    return `must be an ${isProduction ? 'https' : 'https or http'} URL without white space, controls or backslashes`;
  // Not by what the parser found: it drops an empty user.
  if (/^[a-z]+:\/\/[^/?#]*@/.test(url)) return 'must not contain a user or password';
  return url.includes('#') ? 'must not contain a fragment' : undefined;
}
