import type { PublicKeys } from '@aegis/checkpoints';
import { canonicalPem, pemBlocks } from '@aegis/signing';
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { withoutByteOrderMark } from './text-lines';
import { UsageProblem } from './usage-problem';

/**
 * Keys that were kept elsewhere than in the database.
 * @param path a JWK set, as /.well-known/jwks.json answers it, or one public key as PEM, which then counts for any kid
 */
export async function keysOfFile(path: string): Promise<PublicKeys> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageProblem(`${path} can't be read (${code}).`);
  });
  const keys = readKeys(text);
  if (keys === undefined)
    throw new UsageProblem(`${path} holds neither a JWK set nor one public key as PEM, of Ed25519.`);
  return (kid) => Promise.resolve(keys instanceof Map ? keys.get(kid) : keys);
}

/** The keys that the database lists: good against all but whoever can write there. */
export async function keysOfDatabase(dataSource: DataSource): Promise<PublicKeys> {
  const rows = await dataSource.query<{ kid: string; x: string }[]>(
    'SELECT kid, public_key AS x FROM signing_keys',
  );
  const keys = new Map(rows.map(({ kid, x }) => [kid, keyOf({ kty: 'OKP', crv: 'Ed25519', x })]));
  return (kid) => Promise.resolve(keys.get(kid));
}

function readKeys(text: string): Map<string, KeyObject> | KeyObject | undefined {
  try {
    const [block] = pemBlocks(text);
    if (block !== undefined) {
      // One file is one key: of several none is chosen.
      if (text.split('-----BEGIN ').length > 2) return undefined;
      const key = createPublicKey(canonicalPem(block));
      return key.asymmetricKeyType === 'ed25519' ? key : undefined;
    }
    const { keys } = JSON.parse(withoutByteOrderMark(text)) as { keys: (JsonWebKey & { kid: string })[] };
    return new Map(keys.filter(({ crv }) => crv === 'Ed25519').map((jwk) => [jwk.kid, keyOf(jwk)]));
  } catch {
    return undefined;
  }
}

function keyOf(jwk: JsonWebKey): KeyObject {
  return createPublicKey({ key: jwk, format: 'jwk' });
}
