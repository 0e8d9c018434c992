import { withoutOuterWhiteSpace } from './white-space';

/** Characters with the white space around the token; the server answers a larger request with 413. */
const MAX_SHOWN_LENGTH = 65_536;

/**
 * A license token as every reader takes it: without white space around it.
 * @param text as received
 * @returns an empty text, which is not a token, where the text has more than 65,536 characters with its white space
 */
export function shownToken(text: string): string {
  return text.length > MAX_SHOWN_LENGTH ? '' : withoutOuterWhiteSpace(text);
}
