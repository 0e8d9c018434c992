import { ConfigurationError } from '@aegis/errors';
import { assertKeysFolderSync, type FileRule, readTrustedFile, UnsafeFile } from '@aegis/secret-files';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertKid } from './kid';

/** How the names of the two files of a key end, after its kid. */
export const PRIVATE_SUFFIX = '.private.pem';
export const PUBLIC_SUFFIX = '.public.pem';

/** @throws ConfigurationError when others may put keys into it */
export function assertKeysFolder(keysDir: string): void {
  try {
    assertKeysFolderSync(keysDir);
  } catch (error) {
    if (error instanceof UnsafeFile)
      throw new ConfigurationError(`KEYS_DIR (${keysDir}) ${error.message}.`, { cause: error });
    throw fileError(keysDir, 'read', error);
  }
}

/**
 * @param suffix PRIVATE_SUFFIX or PUBLIC_SUFFIX
 * @returns sorted; none when the folder is missing
 * @throws ConfigurationError when it can't be read, or a file's name has no kid
 */
export async function listKids(keysDir: string, suffix: string): Promise<string[]> {
  assertKeysFolder(keysDir);
  const names = await readdir(keysDir).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(keysDir, 'read', error);
  });
  const kids = names
    .filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
    .map((name) => name.slice(0, -suffix.length));
  kids.forEach(assertKid);
  return kids.sort();
}

/**
 * @param rule who may read it
 * @throws ConfigurationError that names the file
 */
export async function readPem(keysDir: string, name: string, rule: FileRule): Promise<string> {
  try {
    return await readTrustedFile(join(keysDir, name), rule);
  } catch (error) {
    if (error instanceof UnsafeFile)
      throw new ConfigurationError(`${name} in KEYS_DIR ${error.message}.`, { cause: error });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new ConfigurationError(
        `KEYS_DIR has no file ${name}: restore it from a backup, make a key pair with \`aegis keys generate\`, or set KEYS_DIR and KEY_ID to one that exists.`,
      );
    }
    throw fileError(name, 'read', error);
  }
}

/** A failed access to a file or folder, as a configuration error that names it and what to check. */
export function fileError(
  path: string,
  deed: 'made' | 'read' | 'written',
  error: unknown,
): ConfigurationError {
  if (error instanceof UnsafeFile)
    return new ConfigurationError(`${path} ${error.message}.`, { cause: error });
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new ConfigurationError(
    `${path} can't be ${deed} (${code}): check KEYS_DIR and the permissions of the user that runs this.`,
    { cause: error },
  );
}
