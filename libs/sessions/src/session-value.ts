import { randomBytes } from 'node:crypto';

const BYTES = 32;
/** 32 bytes in base64url without padding (RFC 4648 section 5). */
const FORMAT = /^[A-Za-z0-9_-]{43}$/;

/** The value of a new session's cookie: 256 random bits. */
export function newSessionValue(): string {
  return randomBytes(BYTES).toString('base64url');
}

/** Whether a text can be the value of a session at all. */
export function isSessionValue(text: string): boolean {
  return FORMAT.test(text);
}

/**
 * What the hash of a value is made of: under a pepper, so that a row that somebody puts into the database is not the
 * session of any value. No API key, and no other text that is hashed under a pepper, is such a text.
 */
export function hashedTextOf(value: string): string {
  return `aegis session ${value}`;
}
