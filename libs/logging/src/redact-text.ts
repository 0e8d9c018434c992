import { MASK } from './hidden-fields';

type Replacement = string | ((found: string, ...groups: (string | undefined)[]) => string);

/**
 * A text takes time in proportion to its length, because of each pattern one of these holds:
 * - a repetition has a bound;
 * - a repetition without a bound is followed by nothing that can fail, so that no character of it is looked at again;
 * - it can't reach the place where another match could begin.
 */
const HIDDEN_TEXT: readonly (readonly [RegExp, Replacement])[] = [
  // API keys of any environment.
  [/aegis_[a-z]{1,20}_[0-9A-Za-z]+_[0-9A-Za-z]+/g, MASK],
  // Compact JWS and JWE: what has no dot is not one, and is skipped whole.
  [/eyJ[A-Za-z0-9_-]+(\.[A-Za-z0-9_.-]*)?/g, (found, fromDot) => (fromDot === undefined ? found : MASK)],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, MASK],
  // User and password inside URLs, also where the password holds an unescaped "/" or "@".
  [/:\/\/[^\s"'<>]*/g, withoutUser],
  [/[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+/g, MASK],
];

/** @param rest of a URL, from `://` */
function withoutUser(rest: string): string {
  const end = rest.lastIndexOf('@');
  return end === -1 ? rest : `://${MASK}${rest.slice(end)}`;
}

/** What each pattern has in it: most texts hold none of these and need no closer look. */
const SUSPICIOUS = /aegis_|eyJ|-----BEGIN|@/;

/** Text without API keys, tokens, private keys, credentials in URLs and e-mail addresses. */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  return HIDDEN_TEXT.reduce(
    (hidden, [pattern, replacement]) =>
      typeof replacement === 'string'
        ? hidden.replace(pattern, replacement)
        : hidden.replace(pattern, replacement),
    text,
  );
}
