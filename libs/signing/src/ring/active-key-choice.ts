import { ConfigurationError } from '@aegis/errors';
import type { SigningKey } from './signing-key.entity';

/** What decides which key signs from this start on. */
export interface ActiveKeyQuestion {
  /** KEY_ID, when set. */
  keyId: string | undefined;
  /** Every key that the database knows, before this start changes anything. */
  knownKeys: readonly Pick<SigningKey, 'kid' | 'state'>[];
  /** With which keys this process can sign, and whose public files are in KEYS_DIR. */
  privateKids: readonly string[];
  publicKids: readonly string[];
  /** Whether a key that is missing may be made. */
  mayMake: boolean;
  /** `yyyy-mm`, for the id of a new key. */
  month: string;
}

/** The key that signs, and whether it must be made first. */
export interface ActiveKeyChoice {
  /** Null: none, until an operator activates one. */
  kid: string | null;
  toBeMade: boolean;
  /** What an operator should know; to be logged. */
  warning: string | null;
}

/**
 * Decides which key signs: the database's active key. If the database has no active key, KEY_ID decides; in a
 * database without keys, the only private key. Without any key, development makes one under a new id. After a
 * compromise without a successor no key signs: a restart must not end validation.
 * @throws {ConfigurationError} when several keys are possible, or no key exists and none ever did.
 */
export function chooseActiveKey(question: ActiveKeyQuestion): ActiveKeyChoice {
  const { keyId, knownKeys, privateKids } = question;
  const active = knownKeys.find(({ state }) => state === 'active');
  if (active) return { ...existing(active.kid), warning: otherThanKeyId(active.kid, keyId) };
  const compromised = knownKeys.filter(({ state }) => state === 'compromised').map(({ kid }) => kid);
  if (keyId !== undefined && !compromised.includes(keyId)) {
    if (compromised.length > 0 && !privateKids.includes(keyId)) return noneThoughNamed(keyId);
    return chooseNamedKey(keyId, question);
  }
  const [only, ...others] = knownKeys.length === 0 ? privateKids : [];
  if (only !== undefined && others.length === 0) return existing(only);
  if (only !== undefined) {
    throw new ConfigurationError(
      `There are several private keys (${privateKids.join(', ')}): set KEY_ID to the one that signs.`,
    );
  }
  if (question.mayMake) {
    const taken = new Set([...knownKeys.map(({ kid }) => kid), ...privateKids, ...question.publicKids]);
    return { ...existing(freshKid(taken, question.month)), toBeMade: true };
  }
  if (compromised.length > 0) return NONE_AFTER_COMPROMISE;
  throw new ConfigurationError(
    'There is no active signing key: make one with `aegis keys generate`, and set KEY_ID to its id.',
  );
}

const NONE_AFTER_COMPROMISE = {
  kid: null,
  toBeMade: false,
  warning:
    'no signing key is active since the last one was compromised: nothing is signed until `aegis keys activate <kid>`',
} satisfies ActiveKeyChoice;

/** KEY_ID may have been left from the first start; its key's file may be gone since. */
function noneThoughNamed(kid: string): ActiveKeyChoice {
  const { warning } = NONE_AFTER_COMPROMISE;
  return { ...NONE_AFTER_COMPROMISE, warning: `${warning}; KEY_ID names ${kid}, which can't sign here` };
}

function existing(kid: string): ActiveKeyChoice {
  return { kid, toBeMade: false, warning: null };
}

function otherThanKeyId(active: string, keyId: string | undefined): string | null {
  if (keyId === undefined || keyId === active) return null;
  return `KEY_ID names ${keyId}, but ${active} is the active signing key in the database, and signs: unset KEY_ID, or change keys with \`aegis keys activate\``;
}

function chooseNamedKey(kid: string, question: ActiveKeyQuestion): ActiveKeyChoice {
  const { knownKeys, privateKids, publicKids, mayMake } = question;
  const noKeyAtAll = knownKeys.length === 0 && privateKids.length === 0 && !publicKids.includes(kid);
  return { ...existing(kid), toBeMade: noKeyAtAll && mayMake };
}

/**
 * Names a new key `aegis-<yyyy-mm>`, or with `-2`, `-3`… after it.
 * @param taken - ids that keys already have.
 * @param month - `yyyy-mm`.
 */
export function freshKid(taken: ReadonlySet<string>, month: string): string {
  let kid = `aegis-${month}`;
  for (let number = 2; taken.has(kid); number += 1) kid = `aegis-${month}-${number}`;
  return kid;
}
