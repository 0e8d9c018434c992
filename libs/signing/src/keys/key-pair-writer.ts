import { ConfigurationError } from '@aegis/errors';
import { READABLE } from '@aegis/secret-files';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile, makeFolder, replaceFile } from './durable-file';
import { encryptPrivateKey } from './encrypted-pem';
import { readPrivateKey } from './key-files';
import { assertKeysFolder, fileError, listKids, PRIVATE_SUFFIX, PUBLIC_SUFFIX, readPem } from './keys-folder';
import { assertKid } from './kid';
import { parsePublicKey } from './public-key-pem';

/**
 * Writes a new Ed25519 key pair to `<kid>.private.pem` (0600, encrypted) and `<kid>.public.pem` (0644).
 * @param keysDir - made with mode 0700 when missing.
 * @param kid - id of the key.
 * @param passphrase - 1 to 1,024 bytes.
 * @returns the public key.
 * @throws {ConfigurationError} when either file exists (neither is touched), can't be written, or `kid` or
 * `passphrase` breaks a rule.
 */
export async function writeKeyPair(keysDir: string, kid: string, passphrase: string): Promise<KeyObject> {
  return writePair(keysDir, kid, passphrase, generateKeyPairSync('ed25519').privateKey, 'new');
}

/**
 * Writes the two files of a private key that is from elsewhere, as `writeKeyPair` does. Its public file may be there.
 * @throws {ConfigurationError} as `writeKeyPair`; of a public file only when it is that of another key.
 */
export async function adoptKeyPair(
  keysDir: string,
  kid: string,
  passphrase: string,
  privateKey: KeyObject,
): Promise<KeyObject> {
  return writePair(keysDir, kid, passphrase, privateKey, 'adopted');
}

async function writePair(
  keysDir: string,
  kid: string,
  passphrase: string,
  privateKey: KeyObject,
  origin: 'new' | 'adopted',
): Promise<KeyObject> {
  assertKid(kid);
  const publicKey = createPublicKey(privateKey);
  const encrypted = await encryptPrivateKey(privateKey, passphrase);
  const privatePath = join(keysDir, kid + PRIVATE_SUFFIX);
  await makeFolder(keysDir).catch((error: unknown) => {
    throw fileError(keysDir, 'made', error);
  });
  assertKeysFolder(keysDir);
  const isPublished = origin === 'adopted' && (await isPublishedAs(keysDir, kid, publicKey));
  // The private file first: if the process ends between the two, the pair is still usable.
  await create(privatePath, encrypted, 0o600, origin);
  if (isPublished) return publicKey;
  try {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    await create(join(keysDir, kid + PUBLIC_SUFFIX), pem, 0o644, origin);
  } catch (error) {
    await unlink(privatePath);
    throw error;
  }
  return publicKey;
}

/**
 * Whether the public file is there.
 * @throws {ConfigurationError} when it is that of another key.
 */
async function isPublishedAs(keysDir: string, kid: string, publicKey: KeyObject): Promise<boolean> {
  if (!(await listKids(keysDir, PUBLIC_SUFFIX)).includes(kid)) return false;
  const name = kid + PUBLIC_SUFFIX;
  if (parsePublicKey(await readPem(keysDir, name, READABLE), name).equals(publicKey)) return true;
  throw new ConfigurationError(
    `${name} in KEYS_DIR is not the public key of this private key: give the private key that belongs to it, or another key id if both keys were in use.`,
  );
}

/**
 * Encrypts a private key of KEYS_DIR with another passphrase. The file is replaced as a whole or not at all.
 * @param from - its passphrase.
 * @param to - the new one, 1 to 1,024 bytes, of the variable NEW_KEY_PASSPHRASE.
 * @returns false when it has the new one already.
 * @throws {ConfigurationError} as `readPrivateKey`, or when the file can't be written.
 */
export async function rewrapPrivateKey(
  keysDir: string,
  kid: string,
  from: string | undefined,
  to: string,
): Promise<boolean> {
  if (await opensWith(keysDir, kid, to)) return false;
  const { privateKey } = await readPrivateKey(keysDir, kid, from);
  const encrypted = await encryptPrivateKey(privateKey, to, 'NEW_KEY_PASSPHRASE');
  const path = join(keysDir, kid + PRIVATE_SUFFIX);
  await replaceFile(path, encrypted, 0o600).catch((error: unknown) => {
    throw fileError(path, 'written', error);
  });
  return true;
}

async function opensWith(keysDir: string, kid: string, passphrase: string): Promise<boolean> {
  return readPrivateKey(keysDir, kid, passphrase).then(
    () => true,
    () => false,
  );
}

async function create(path: string, content: string, mode: number, origin: 'new' | 'adopted'): Promise<void> {
  try {
    await createFile(path, content, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      const remedy =
        origin === 'new'
          ? 'choose another key id'
          : 'if it is this key, nothing is left to do; else move it away, or choose another key id';
      throw new ConfigurationError(`${path} exists and is never overwritten: ${remedy}.`);
    }
    throw fileError(path, 'written', error);
  }
}
