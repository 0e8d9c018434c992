import { ConfigurationError } from '@aegis/errors';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { canonicalPem, pemBlocks } from './pem';
import { isWeakPublicKey } from './weak-public-key';

/**
 * Reads the one Ed25519 public key of a file.
 * @param name of the file, for errors
 * @throws ConfigurationError when it has no such key, or contains anything else
 */
export function parsePublicKey(pem: string, name: string): KeyObject {
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
