import { type KeySet, type Malformed, MAX_KEY_SET_BYTES, parseKeySet } from '@aegis/license-token';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** What `aegis keys root sign` writes, in KEYS_DIR. */
export const KEY_SET_FILE = 'jwks.jwt';

/** A signed key set. Only clients, which pin the root key, know whether it signed it. */
export interface KeySetInFile {
  jwt: string;
  keySet: KeySet;
}

export function keySetPath(keysDir: string): string {
  return join(keysDir, KEY_SET_FILE);
}

/**
 * Reads a signed key set. Its signature is not verified.
 * @throws what the file system throws: `ENOENT` if there is no such file; Error for what is not a regular file
 */
export async function readKeySetFile(path: string): Promise<KeySetInFile | Malformed> {
  const jwt = (await readStart(path, MAX_KEY_SET_BYTES + 2)).trim();
  const parsed = parseKeySet(jwt);
  return 'malformed' in parsed ? parsed : { jwt, keySet: parsed.keySet };
}

/**
 * Reads the first bytes of a file: one of many gigabytes must not end the process.
 * @throws Error for what is not a regular file: reading a pipe could wait forever
 */
async function readStart(path: string, most: number): Promise<string> {
  const { O_NONBLOCK, O_RDONLY } = constants;
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error('It is not a regular file.');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
