import { generateKeyPairSync } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { Logger } from '@aegis/logging';
import { HeldKeys } from './held-keys';
import { publicJwk } from '../jws/jwks';
import { PemSigner } from '../signers/signer';
import type { SignerSource } from '../signers/signer-source';
import type { SigningKey } from './signing-key.entity';
import { SignerUnavailable } from '../signing.errors';

describe('the keys that a process says it can sign with', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const known = [
    { kid: 'k1', state: 'active', public_key: publicJwk('k1', publicKey).x } as SigningKey,
  ] as const;
  let isReached: boolean;
  let isAway: boolean;
  let held: HeldKeys;

  beforeEach(async () => {
    isReached = true;
    isAway = false;
    const source: SignerSource = {
      get isAway() {
        return isAway;
      },
      kids: () => (isReached ? Promise.resolve(['k1']) : Promise.reject(new SignerUnavailable())),
      open: (kid) =>
        Promise.resolve({ signer: new PemSigner(kid, privateKey, publicKey), publicKey, warning: null }),
    };
    held = new HeldKeys(
      source,
      new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() }),
    );
    await held.follow(known);
  });

  it('are the open ones', () => {
    expect(held.kids).toEqual(['k1']);
  });

  it('are empty while the signer does not say which it has, although an open one still signs', async () => {
    isReached = false;
    await expect(held.follow(known)).rejects.toThrow(SignerUnavailable);
    expect(held.kids).toEqual([]);
    expect(held.get('k1')).toBeDefined();
    isReached = true;
    await held.follow(known);
    expect(held.kids).toEqual(['k1']);
  });

  it('are empty while the signer is known to be unavailable', () => {
    isAway = true;
    expect(held.kids).toEqual([]);
    isAway = false;
    expect(held.kids).toEqual(['k1']);
  });
});
