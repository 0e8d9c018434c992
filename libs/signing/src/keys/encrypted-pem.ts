import { createCipheriv, createPrivateKey, pbkdf2, randomBytes, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { ConfigurationError } from '@aegis/errors';
import { PASSPHRASE_ITERATIONS } from './passphrase-iterations';
import { canonicalPem, isIntact, pemBlocks } from './pem';
import { encodePbes2, HMAC_SHA256, readPbkdf2 } from './pbes2';

const SALT_BYTES = 16;
// OpenSSL's buffer for a passphrase: a longer one encrypts well and can never be entered again.
const MAX_PASSPHRASE_BYTES = 1024;
// HMAC with SHA-256, SHA-384 and SHA-512: 600,000 iterations of SHA-1 are too few.
const STRONG_PRFS = [HMAC_SHA256, '1.2.840.113549.2.10', '1.2.840.113549.2.11'];

const RE_ENCRYPT =
  'encrypt it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 600000`';

/** A private key that was read, and what an operator should know of its file. */
export interface DecryptedKey {
  /** Ed25519. */
  privateKey: KeyObject;
  /** Set when a thief of the file could guess the passphrase faster than need be; to be logged. */
  warning: string | null;
}

/**
 * Encrypts a private key for keeping it in a file: PKCS#8 (RFC 5958) under PBES2 (RFC 8018) with
 * PBKDF2-HMAC-SHA256, 600,000 iterations, a random salt of 16 bytes, and AES-256-CBC.
 * @param key - private key.
 * @param passphrase - 1 to 1,024 bytes of UTF-8.
 * @param variable - where it comes from, for messages.
 * @returns PEM, label `ENCRYPTED PRIVATE KEY` (RFC 7468).
 * @throws {ConfigurationError} when the passphrase is empty or too long.
 */
export async function encryptPrivateKey(
  key: KeyObject,
  passphrase: string,
  variable = 'KEY_PASSPHRASE',
): Promise<string> {
  if (passphrase === '') {
    throw new ConfigurationError(`The passphrase of a signing key must not be empty: set ${variable}.`);
  }
  assertPassphraseLength(passphrase, variable);
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(16);
  const secret = await promisify(pbkdf2)(passphrase, salt, PASSPHRASE_ITERATIONS, 32, 'sha256');
  const plaintext = key.export({ type: 'pkcs8', format: 'der' });
  const cipher = createCipheriv('aes-256-cbc', secret, iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  secret.fill(0);
  plaintext.fill(0);
  const base64 = encodePbes2({ salt, iterations: PASSPHRASE_ITERATIONS, iv, ciphertext }).toString('base64');
  return canonicalPem({ label: 'ENCRYPTED PRIVATE KEY', base64 });
}

/**
 * Reads an encrypted Ed25519 private key, also as `openssl pkcs8 -topk8` writes it.
 * @param pem - content of the file.
 * @param passphrase - undefined or empty when none is set.
 * @param name - of the file, for messages.
 * @param variable - where the passphrase comes from, for messages.
 * @returns the key, with a warning when its passphrase is stretched too little.
 * @throws {ConfigurationError} each with its own message: not encrypted, no PKCS#8, no passphrase, wrong
 * passphrase, an encryption that can't be read, not Ed25519. No message holds the passphrase.
 */
export function decryptPrivateKey(
  pem: string,
  passphrase: string | undefined,
  name: string,
  variable = 'KEY_PASSPHRASE',
): DecryptedKey {
  const [block] = pemBlocks(pem);
  if (block?.label === 'PRIVATE KEY') {
    throw new ConfigurationError(`${name} contains a private key that is not encrypted: ${RE_ENCRYPT}.`);
  }
  if (block?.label !== 'ENCRYPTED PRIVATE KEY' || !isIntact(block)) {
    throw unreadable(name, pem, block?.label);
  }
  if (passphrase === undefined || passphrase === '') {
    throw new ConfigurationError(
      `${name} is encrypted, and no passphrase is set: set ${variable} or ${variable}_FILE.`,
    );
  }
  assertPassphraseLength(passphrase, variable);
  const derivation = readDerivation(block.base64, name, pem, block.label);
  const privateKey = open(canonicalPem(block), passphrase, name, variable);
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new ConfigurationError(
      `${name} contains a key of type ${privateKey.asymmetricKeyType ?? 'unknown'}, not Ed25519: make one with \`aegis keys generate\`.`,
    );
  }
  const strong =
    derivation !== null &&
    derivation.iterations >= PASSPHRASE_ITERATIONS &&
    STRONG_PRFS.includes(derivation.prf);
  return {
    privateKey,
    warning: strong
      ? null
      : `${name} is protected by less than PBKDF2-HMAC-SHA256 with 600,000 iterations: ${RE_ENCRYPT}.`,
  };
}

function assertPassphraseLength(passphrase: string, variable: string): void {
  if (Buffer.byteLength(passphrase) > MAX_PASSPHRASE_BYTES) {
    throw new ConfigurationError(`${variable} must not be longer than ${MAX_PASSPHRASE_BYTES} bytes.`);
  }
}

function readDerivation(
  base64: string,
  name: string,
  pem: string,
  label: string,
): ReturnType<typeof readPbkdf2> {
  try {
    return readPbkdf2(Buffer.from(base64, 'base64'));
  } catch {
    throw unreadable(name, pem, label);
  }
}

function open(pem: string, passphrase: string, name: string, variable: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    // With 3 in 1,000 wrong passphrases the padding happens to look right, and OpenSSL finds no key inside. That the
    // file itself is an EncryptedPrivateKeyInfo is known by now, and unknown algorithms have codes of their own.
    if (code === 'ERR_OSSL_BAD_DECRYPT' || code === 'ERR_OSSL_UNSUPPORTED') {
      throw new ConfigurationError(
        `The passphrase of ${name} is wrong: check ${variable} or ${variable}_FILE.`,
      );
    }
    throw new ConfigurationError(
      `${name} is encrypted in a way that can't be read here (${code}): ${RE_ENCRYPT}.`,
    );
  }
}

function unreadable(name: string, pem: string, label: string | undefined): ConfigurationError {
  const found =
    label !== undefined
      ? `a PEM block "${label}" that can't be read as such`
      : pem.includes('-----BEGIN ')
        ? 'a PEM block that is cut off or damaged'
        : 'no PEM block';
  return new ConfigurationError(
    `${name} must contain one "ENCRYPTED PRIVATE KEY" in PEM (PKCS#8), but contains ${found}: restore it from a backup, or make a key with \`aegis keys generate\`.`,
  );
}
