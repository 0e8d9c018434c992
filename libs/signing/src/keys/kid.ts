import { ConfigurationError } from '@aegis/errors';
import { KEY_ID } from '@aegis/license-token';

/** Whether `text` can be a key id. */
export function isKid(text: string): boolean {
  return KEY_ID.test(text);
}

/** @throws {ConfigurationError} when `text` can't be a key id, and so must not become a file's name either. */
export function assertKid(text: string): void {
  if (!isKid(text)) {
    throw new ConfigurationError(
      `A key id is 1 to 50 of A-Z a-z 0-9 . _ - and starts with a letter or digit; ${JSON.stringify(text)} is not one (KEY_ID, or a file's name in KEYS_DIR).`,
    );
  }
}
