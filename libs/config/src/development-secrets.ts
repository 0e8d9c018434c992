import { ConfigurationError } from '@aegis/errors';
import { OWN_SECRET, openOwnFolderSync, readTrustedFileSync, UnsafeFile } from '@aegis/secret-files';
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A secret that development makes for itself: read from `DATA_DIR/secrets/<name>`, made there (mode 0600) when
 * missing. Processes that start at once agree on one value: the file appears whole or not at all.
 * @param dataDir DATA_DIR, absolute
 * @param name file name, also what the secret is for
 * @throws ConfigurationError naming DATA_DIR when the file can't be read or made
 */
export function developmentSecret(dataDir: string, name: string): string {
  const folder = join(dataDir, 'secrets');
  try {
    return readOrMake(folder, join(folder, name));
  } catch (error) {
    if (error instanceof UnsafeFile)
      throw new ConfigurationError(`DATA_DIR: secrets or secrets/${name} in it ${error.message}.`, {
        cause: error,
      });
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      `DATA_DIR: secrets/${name} in it can't be read or made (${code ?? 'unknown reason'}); make it a folder that only this user may write to, with room on its disk`,
      { cause: error },
    );
  }
}

/**
 * The same, only read.
 * @returns undefined when it was not made yet
 * @throws ConfigurationError naming DATA_DIR when the file can't be read
 */
export function existingDevelopmentSecret(dataDir: string, name: string): string | undefined {
  return existsSync(join(dataDir, 'secrets', name)) ? developmentSecret(dataDir, name) : undefined;
}

function readOrMake(folder: string, file: string): string {
  openOwnFolderSync(folder);
  try {
    return read(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const draft = `${file}.${randomUUID()}`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(descriptor, `${randomBytes(32).toString('base64url')}\n`);
    // On the disk before the file has its name: what is encrypted under it is there after a power cut as well.
    fsyncSync(descriptor);
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    closeSync(descriptor);
    rmSync(draft);
  }
  return read(file);
}

/** Nobody wants a secret that anybody can guess: earlier versions could leave an empty file when the power was cut. */
function read(file: string): string {
  const secret = readTrustedFileSync(file, OWN_SECRET).toString().trimEnd();
  if (secret === '' || secret.includes('\0'))
    throw new UnsafeFile('has no secret in it: restore it, or remove it together with what depends on it');
  return secret;
}
