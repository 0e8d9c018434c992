import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { readTrustedFile, SECRET, UnsafeFile } from '@aegis/secret-files';
import { createFile, makeFolder } from './durable-file';
import { decryptPrivateKey, encryptPrivateKey } from './encrypted-pem';
import { jwkThumbprint, publicJwk } from '../jws/jwks';

const VARIABLE = 'ROOT_KEY_PASSPHRASE';

/** The offline key that signs key sets. */
export interface RootKey {
  privateKey: KeyObject;
  /** Thumbprint (RFC 7638) of its public half. */
  kid: string;
}

/** What a new root key left behind. */
export interface NewRootKey {
  privateKeyFile: string;
  publicKeyFile: string;
  /** What clients pin. */
  jwk: { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string };
}

/**
 * Makes a root key: `root-key.pem` (0600, encrypted) and `root-key.jwk.json`, the public half that clients pin.
 * @param folder - made with mode 0700 when missing; it must not be in KEYS_DIR.
 * @param passphrase - its own, 1 to 1,024 bytes.
 * @throws {ConfigurationError} when it is in KEYS_DIR, or a file exists or can't be written.
 */
export async function makeRootKey(folder: string, passphrase: string, keysDir: string): Promise<NewRootKey> {
  await makeFolder(folder).catch((error: unknown) => {
    throw fileError(folder, 'made', error);
  });
  await assertOutside(folder, keysDir);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const encrypted = await encryptPrivateKey(privateKey, passphrase, VARIABLE);
  const { x } = publicJwk('root', publicKey);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x, kid: jwkThumbprint(x) } as const;
  const privateKeyFile = join(folder, 'root-key.pem');
  const publicKeyFile = join(folder, 'root-key.jwk.json');
  await create(privateKeyFile, encrypted, 0o600);
  await create(publicKeyFile, `${JSON.stringify(jwk, null, 2)}\n`, 0o644);
  return { privateKeyFile, publicKeyFile, jwk };
}

/**
 * Opens a root key.
 * @throws {ConfigurationError} each with its own message, as for signing keys.
 */
export async function readRootKey(path: string, passphrase: string | undefined): Promise<RootKey> {
  const pem = await readTrustedFile(path, SECRET).catch((error: unknown) => {
    throw fileError(path, 'read', error);
  });
  const { privateKey } = decryptPrivateKey(pem, passphrase, basename(path), VARIABLE);
  const { x } = publicJwk('root', createPublicKey(privateKey));
  return { privateKey, kid: jwkThumbprint(x) };
}

/** A server must never have it: anyone who takes over a server could issue licenses forever. */
async function assertOutside(folder: string, keysDir: string): Promise<void> {
  const real = await realpath(folder);
  const forbidden = await realpath(keysDir).catch(() => keysDir);
  if (real === forbidden || real.startsWith(forbidden + sep))
    throw new ConfigurationError(
      'The root key must not be in KEYS_DIR: it stays offline, on a medium that no server reads.',
    );
}

async function create(path: string, content: string, mode: number): Promise<void> {
  try {
    await createFile(path, content, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new ConfigurationError(`${path} exists and is never overwritten: choose another folder.`);
    throw fileError(path, 'written', error);
  }
}

function fileError(path: string, deed: 'made' | 'read' | 'written', error: unknown): ConfigurationError {
  if (error instanceof UnsafeFile)
    return new ConfigurationError(`${path} ${error.message}.`, { cause: error });
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new ConfigurationError(`${path} can't be ${deed} (${code}).`, { cause: error });
}
