import { ConfigurationError } from '@aegis/errors';
import type { SigningKey } from './signing-key.entity';

/** What decides which key signs from this start on. */
export interface ActiveKeyQuestion {
  /** KEY_ID, when set. */
  keyId: string | undefined;
  /** Every key that the database knows, before this start changes anything. */
  knownKeys: readonly Pick<SigningKey, 'kid' | 'state'>[];
  /** Whose private and whose public files lie in KEYS_DIR. */
  privateKids: readonly string[];
  publicKids: readonly string[];
  production: boolean;
  /** `yyyy-mm`, for the id of a new key. */
  month: string;
}

/** The key that shall sign, and whether it must be made first. */
export interface ActiveKeyChoice {
  kid: string;
  toBeMade: boolean;
}

/**
 * Decides which key signs: the one that KEY_ID names, else the database's active key, else, in a database without
 * keys, the only private key of KEYS_DIR. Where there is none, development makes one under a fresh id.
 * @throws {ConfigurationError} when that key is compromised, several could be meant, or production has none.
 */
export function chooseActiveKey(question: ActiveKeyQuestion): ActiveKeyChoice {
  const { keyId, knownKeys, privateKids, production } = question;
  const firstStart = knownKeys.length === 0;
  if (keyId !== undefined) return chooseNamedKey(keyId, question);
  const active = knownKeys.find(({ state }) => state === 'active');
  if (active) return { kid: active.kid, toBeMade: false };
  const [only, ...others] = firstStart ? privateKids : [];
  if (only !== undefined && others.length === 0) return { kid: only, toBeMade: false };
  if (only !== undefined) {
    throw new ConfigurationError(
      `KEYS_DIR holds several private keys (${privateKids.join(', ')}): set KEY_ID to the one that shall sign.`,
    );
  }
  if (production) {
    throw new ConfigurationError(
      'There is no active signing key: make one with `aegis keys generate`, and set KEY_ID to its id.',
    );
  }
  const taken = new Set([...knownKeys.map(({ kid }) => kid), ...privateKids, ...question.publicKids]);
  return { kid: freshKid(taken, question.month), toBeMade: true };
}

function chooseNamedKey(
  kid: string,
  { knownKeys, privateKids, publicKids, production }: ActiveKeyQuestion,
): ActiveKeyChoice {
  if (knownKeys.some((key) => key.kid === kid && key.state === 'compromised')) {
    throw new ConfigurationError(`KEY_ID names ${kid}, which is compromised and must never sign again.`);
  }
  const noKeyAtAll = knownKeys.length === 0 && privateKids.length === 0 && !publicKids.includes(kid);
  return { kid, toBeMade: noKeyAtAll && !production };
}

/**
 * Names a new key `aegis-<yyyy-mm>`, or with `-2`, `-3`… after it.
 * @param taken - ids that keys bear already.
 * @param month - `yyyy-mm`.
 */
export function freshKid(taken: ReadonlySet<string>, month: string): string {
  let kid = `aegis-${month}`;
  for (let number = 2; taken.has(kid); number += 1) kid = `aegis-${month}-${number}`;
  return kid;
}
