import { createPrivateKey, type KeyObject } from 'node:crypto';
import { basename } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { readTrustedFile, SECRET, whyUnreadable } from '@aegis/secret-files';
import { canonicalPem, isIntact, pemBlocks } from './pem';

/**
 * Reads an Ed25519 private key that is not encrypted (PKCS#8 in PEM, RFC 5958 and RFC 7468), as v0.8 kept it.
 * @param path - judged as every file with a secret.
 * @throws {ConfigurationError} each with its own message: unsafe or unreadable file, encrypted, not one such key, not
 * Ed25519.
 */
export async function readPlainPrivateKey(path: string): Promise<KeyObject> {
  const pem = await readTrustedFile(path, SECRET).catch((error: unknown) => {
    throw new ConfigurationError(`${path} ${whyUnreadable(error)}.`, { cause: error });
  });
  const name = basename(path);
  const blocks = pemBlocks(pem);
  const [block] = blocks;
  if (block?.label === 'ENCRYPTED PRIVATE KEY')
    throw new ConfigurationError(
      `${name} is encrypted already: copy it into KEYS_DIR as <kid>.private.pem, and give it the passphrase of this server with \`aegis keys rewrap <kid>\`.`,
    );
  if (block?.label !== 'PRIVATE KEY' || blocks.length !== 1 || !isIntact(block)) throw notOneKey(name);
  const privateKey = parse(canonicalPem(block), name);
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new ConfigurationError(
      `${name} has a key of type ${privateKey.asymmetricKeyType ?? 'unknown'}, not Ed25519.`,
    );
  return privateKey;
}

function parse(pem: string, name: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw notOneKey(name);
  }
}

function notOneKey(name: string): ConfigurationError {
  return new ConfigurationError(
    `${name} must have exactly one "PRIVATE KEY" in PEM (PKCS#8), and nothing else.`,
  );
}
