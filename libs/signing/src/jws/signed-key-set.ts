import { CompactSign } from 'jose';
import { ConfigurationError } from '@aegis/errors';
import { type CompromisedKey, KEY_SET_TYPE, type KeySetKey, parseKeySet } from '@aegis/license-token';
import { publishedJwk } from './jwks';
import type { RootKey } from '../keys/root-key';
import type { SigningKey } from '../ring/signing-key.entity';

/** What of the keys on record a signed key set says. */
export interface KeySetContent {
  /** Pending, active and retired. */
  keys: KeySetKey[];
  compromised: CompromisedKey[];
}

/** Returns what must be signed of the keys on record. */
export function keySetContent(keys: readonly SigningKey[]): KeySetContent {
  return {
    keys: keys
      .filter(({ state }) => state !== 'compromised')
      .map(({ kid, public_key }) => publishedJwk(kid, public_key)),
    compromised: keys.flatMap(({ kid, compromised_at, compromised_after }) =>
      compromised_at === null
        ? []
        : [{ kid, at: seconds(compromised_at), after: compromised_after && seconds(compromised_after) }],
    ),
  };
}

/**
 * Signs a key set with the root key. Needs no database and no network.
 * @param content - as `keySetContent` gave it and a file carried it.
 * @param days - how long clients may rely on it.
 * @returns JWS compact (`typ: jwk-set+jwt`).
 * @throws {ConfigurationError} when the content is not a key set, or trusts a key that anybody can sign for.
 */
export async function signKeySet(
  root: RootKey,
  content: KeySetContent,
  now: Date,
  days: number,
): Promise<string> {
  const iat = seconds(now);
  const { keys, compromised } = content;
  const payload = JSON.stringify({ iat, exp: iat + days * 86_400, keys, compromised });
  const jwt = await new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ alg: 'EdDSA', typ: KEY_SET_TYPE, kid: root.kid })
    .sign(root.privateKey);
  const parsed = parseKeySet(jwt);
  if ('malformed' in parsed)
    throw new ConfigurationError(`This is not a key set that can be signed: ${parsed.malformed}.`);
  return jwt;
}

/** Whether two key sets trust the same keys, and mistrust the same. */
export function saysTheSame(one: KeySetContent, other: KeySetContent): boolean {
  return fingerprint(one) === fingerprint(other);
}

function fingerprint({ keys, compromised }: KeySetContent): string {
  const lines = [
    ...keys.map(({ kid, x }) => `${kid} ${x}`),
    ...compromised.map(({ kid, after }) => `${kid} compromised ${after}`),
  ];
  return lines.sort().join('\n');
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
