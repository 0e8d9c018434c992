import { PemSigner, signCompact } from '@aegis/signing';
import { generateKeyPairSync } from 'node:crypto';
import { type CheckpointClaims, openCheckpoint, signCheckpoint } from './checkpoint';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = new PemSigner('k1', privateKey, publicKey);
const claims: CheckpointClaims = {
  number: 1,
  epoch: 1,
  size: 1,
  root: 'A'.repeat(43),
  previous: null,
  complete_to: null,
  iat: 1_790_000_000,
};

describe('openCheckpoint', () => {
  const open = (jws: string): Promise<CheckpointClaims | undefined> =>
    openCheckpoint(jws, (kid) => Promise.resolve(kid === 'k1' ? publicKey : undefined));

  it('reads what its key has signed', async () => {
    expect(await open(await signCheckpoint(signer, claims))).toEqual(claims);
  });

  it('refuses another type even if the same key signed the same claims', async () => {
    for (const typ of ['JWT', 'statuslist+jwt', 'jwk-set+jwt'])
      expect(await open(await signCompact(signer, { typ }, claims))).toBeUndefined();
  });

  it('accepts only a signature of its key over exactly this text', async () => {
    const other = generateKeyPairSync('ed25519');
    const [header, , signature] = (await signCheckpoint(signer, claims)).split('.');
    const [, changed] = (await signCheckpoint(signer, { ...claims, size: 2 })).split('.');
    expect(await open(`${header}.${changed}.${signature}`)).toBeUndefined();
    const forged = await signCheckpoint(new PemSigner('k1', other.privateKey, other.publicKey), claims);
    expect(await open(forged)).toBeUndefined();
    const unknown = await signCheckpoint(new PemSigner('k2', privateKey, publicKey), claims);
    expect(await open(unknown)).toBeUndefined();
  });
});
