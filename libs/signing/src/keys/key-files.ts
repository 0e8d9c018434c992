import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import {
  assertKeysFolderSync,
  type FileRule,
  READABLE,
  readTrustedFile,
  SECRET,
  UnsafeFile,
} from '@aegis/secret-files';
import { createFile, makeFolder, replaceFile } from './durable-file';
import { decryptPrivateKey, encryptPrivateKey, type DecryptedKey } from './encrypted-pem';
import { assertKid } from './kid';
import { canonicalPem, pemBlocks } from './pem';
import { isWeakPublicKey } from './weak-public-key';

const PRIVATE = '.private.pem';
const PUBLIC = '.public.pem';

/** A key pair of KEYS_DIR. */
export interface KeyPair extends DecryptedKey {
  publicKey: KeyObject;
}

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
  const privatePath = join(keysDir, kid + PRIVATE);
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
    await create(join(keysDir, kid + PUBLIC), pem, 0o644, origin);
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
  if (!(await listKids(keysDir, PUBLIC)).includes(kid)) return false;
  const name = kid + PUBLIC;
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
  const path = join(keysDir, kid + PRIVATE);
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

/**
 * Reads every `<kid>.public.pem`; hidden files (Kubernetes' `..data`, editors' leavings) are skipped.
 * @param keysDir - may be missing: then there are none.
 * @returns public keys by kid.
 * @throws {ConfigurationError} that names the file which is not an Ed25519 public key in PEM, or can't be read.
 */
export async function readPublicKeys(keysDir: string): Promise<Map<string, KeyObject>> {
  const keys = new Map<string, KeyObject>();
  for (const kid of await listKids(keysDir, PUBLIC)) {
    keys.set(kid, parsePublicKey(await readPem(keysDir, kid + PUBLIC, READABLE), kid + PUBLIC));
  }
  return keys;
}

/**
 * Reads one public key from a file of any name.
 * @throws {ConfigurationError} when it is not an Ed25519 public key in PEM, or can't be read.
 */
export async function readPublicKey(path: string): Promise<KeyObject> {
  return parsePublicKey(await readPem(dirname(path), basename(path), READABLE), basename(path));
}

/**
 * Lists whose private keys are in KEYS_DIR, without opening them.
 * @param keysDir - may be missing: then there are none.
 * @returns kids, sorted.
 * @throws {ConfigurationError} when the directory can't be read, or a file's name has no kid.
 */
export function listPrivateKeys(keysDir: string): Promise<string[]> {
  return listKids(keysDir, PRIVATE);
}

/**
 * Reads a private key, and checks it against `<kid>.public.pem` when that is there.
 * @param keysDir - directory of keys.
 * @param kid - id of the key.
 * @param passphrase - undefined when none is set.
 * @returns the pair, with a warning when the file is protected too weakly.
 * @throws {ConfigurationError} each with its own message: no file, mode too open, not encrypted, no passphrase,
 * wrong passphrase, not Ed25519, private and public no pair.
 */
export async function readPrivateKey(
  keysDir: string,
  kid: string,
  passphrase: string | undefined,
): Promise<KeyPair> {
  assertKid(kid);
  const name = kid + PRIVATE;
  assertKeysFolder(keysDir);
  const pem = await readPem(keysDir, name, SECRET);
  const decrypted = decryptPrivateKey(pem, passphrase, name);
  const publicKey = createPublicKey(decrypted.privateKey);
  const published = (await listKids(keysDir, PUBLIC)).includes(kid)
    ? parsePublicKey(await readPem(keysDir, kid + PUBLIC, READABLE), kid + PUBLIC)
    : publicKey;
  if (!published.equals(publicKey)) {
    throw new ConfigurationError(
      `${name} and ${kid}${PUBLIC} in KEYS_DIR are not a pair: restore the two that belong together.`,
    );
  }
  return { ...decrypted, publicKey };
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

/** @throws ConfigurationError when others may put keys into it */
function assertKeysFolder(keysDir: string): void {
  try {
    assertKeysFolderSync(keysDir);
  } catch (error) {
    if (error instanceof UnsafeFile)
      throw new ConfigurationError(`KEYS_DIR (${keysDir}) ${error.message}.`, { cause: error });
    throw fileError(keysDir, 'read', error);
  }
}

async function listKids(keysDir: string, suffix: string): Promise<string[]> {
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

async function readPem(keysDir: string, name: string, rule: FileRule): Promise<string> {
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

function parsePublicKey(pem: string, name: string): KeyObject {
  // createPublicKey would take a private key or a certificate as well, and the first of several keys.
  const [block] = pemBlocks(pem);
  if (/-----BEGIN (?!PUBLIC KEY-----)/.test(pem) || pem.split('-----BEGIN ').length > 2) {
    throw new ConfigurationError(
      `${name} in KEYS_DIR must contain one "PUBLIC KEY" in PEM and nothing else.`,
    );
  }
  let key: KeyObject;
  try {
    key = createPublicKey(block === undefined ? pem : canonicalPem(block));
  } catch {
    throw new ConfigurationError(
      `${name} in KEYS_DIR can't be read: it must contain one "PUBLIC KEY" in PEM.`,
    );
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new ConfigurationError(
      `${name} in KEYS_DIR contains a key of type ${key.asymmetricKeyType ?? 'unknown'}, not Ed25519.`,
    );
  }
  if (isWeakPublicKey(key)) {
    throw new ConfigurationError(
      `${name} in KEYS_DIR contains a key of small order, for which anybody can sign.`,
    );
  }
  return key;
}

function fileError(path: string, deed: 'made' | 'read' | 'written', error: unknown): ConfigurationError {
  if (error instanceof UnsafeFile)
    return new ConfigurationError(`${path} ${error.message}.`, { cause: error });
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new ConfigurationError(
    `${path} can't be ${deed} (${code}): check KEYS_DIR and the permissions of the user that runs this.`,
    { cause: error },
  );
}
