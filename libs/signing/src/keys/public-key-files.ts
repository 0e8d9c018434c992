import type { KeyObject } from 'node:crypto';
import { readPublicKeys } from './key-files';

const READ_AGAIN_MS = 5000;

/**
 * Public keys in files of KEYS_DIR, which this process has without the database. A file alone makes no key trusted.
 */
export class PublicKeyFiles {
  private keys: ReadonlyMap<string, KeyObject> = new Map();
  private readAt = -Infinity;

  constructor(private readonly keysDir: string) {}

  /** @returns undefined when there is no such file, or the folder can't be read */
  async get(kid: string): Promise<KeyObject | undefined> {
    if (!this.keys.has(kid) && performance.now() - this.readAt >= READ_AGAIN_MS) {
      this.readAt = performance.now();
      this.keys = await readPublicKeys(this.keysDir).catch(() => this.keys);
    }
    return this.keys.get(kid);
  }
}
