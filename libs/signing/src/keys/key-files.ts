import { ConfigurationError } from '@aegis/errors';
import { READABLE, SECRET } from '@aegis/secret-files';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { decryptPrivateKey, type DecryptedKey } from './encrypted-pem';
import { assertKeysFolder, listKids, PRIVATE_SUFFIX, PUBLIC_SUFFIX, readPem } from './keys-folder';
import { assertKid } from './kid';
import { parsePublicKey } from './public-key-pem';

/** A key pair of KEYS_DIR. */
export interface KeyPair extends DecryptedKey {
  publicKey: KeyObject;
}

/**
 * Reads every `<kid>.public.pem`; hidden files (Kubernetes' `..data`, editors' leavings) are skipped.
 * @param keysDir - may be missing: then there are none.
 * @returns public keys by kid.
 * @throws {ConfigurationError} that names the file which is not an Ed25519 public key in PEM, or can't be read.
 */
export async function readPublicKeys(keysDir: string): Promise<Map<string, KeyObject>> {
  const keys = new Map<string, KeyObject>();
  for (const kid of await listKids(keysDir, PUBLIC_SUFFIX)) {
    keys.set(kid, parsePublicKey(await readPem(keysDir, kid + PUBLIC_SUFFIX, READABLE), kid + PUBLIC_SUFFIX));
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
  return listKids(keysDir, PRIVATE_SUFFIX);
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
  const name = kid + PRIVATE_SUFFIX;
  assertKeysFolder(keysDir);
  const pem = await readPem(keysDir, name, SECRET);
  const decrypted = decryptPrivateKey(pem, passphrase, name);
  const publicKey = createPublicKey(decrypted.privateKey);
  const published = (await listKids(keysDir, PUBLIC_SUFFIX)).includes(kid)
    ? parsePublicKey(await readPem(keysDir, kid + PUBLIC_SUFFIX, READABLE), kid + PUBLIC_SUFFIX)
    : publicKey;
  if (!published.equals(publicKey)) {
    throw new ConfigurationError(
      `${name} and ${kid}${PUBLIC_SUFFIX} in KEYS_DIR are not a pair: restore the two that belong together.`,
    );
  }
  return { ...decrypted, publicKey };
}
