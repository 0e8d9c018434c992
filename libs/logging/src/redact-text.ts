import { MASK } from './hidden-fields';

/** Patterns are bounded, so that a long text takes time in proportion to its length. */
const HIDDEN_TEXT: readonly (readonly [RegExp, string])[] = [
  // API keys of any environment.
  [/aegis_[a-z]{1,20}_[0-9A-Za-z]+_[0-9A-Za-z]+/g, MASK],
  // Compact JWS and JWE.
  [/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]*/g, MASK],
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, MASK],
  // User and password inside URLs, also where the password holds an unescaped "/" or "@".
  [/(:\/\/)[^\s"'<>]{0,500}@/g, `$1${MASK}@`],
  [/[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+/g, MASK],
];

/** What each pattern has in it: most texts hold none of these and need no closer look. */
const SUSPICIOUS = /aegis_|eyJ|-----BEGIN|@/;

/** Text without API keys, tokens, private keys, credentials in URLs and e-mail addresses. */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  return HIDDEN_TEXT.reduce((hidden, [pattern, mask]) => hidden.replace(pattern, mask), text);
}
