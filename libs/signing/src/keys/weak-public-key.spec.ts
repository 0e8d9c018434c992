import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifySigningInput } from '../jws/jws';
import { readPublicKeys } from './key-files';
import { isWeakPublicKey } from './weak-public-key';

/** Both signs of each point of small order, and the spellings beyond the field's prime. */
const POINTS = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

function publicKeyOf(hex: string): KeyObject {
  const x = Buffer.from(hex, 'hex').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

describe('public keys that nobody has the private key of', () => {
  // Node 20 and 22 let them hold; Node 24 refuses them itself, with the same OpenSSL as Node 22.
  const holds = Number(process.versions.node.split('.')[0]) < 24;

  it(`${holds ? 'would' : 'would, before Node 24,'} let anybody write signatures that hold`, () => {
    const identity = `01${'00'.repeat(31)}`;
    // R is the base point, and S is 1: the key adds nothing to the equation.
    const signature = Buffer.from(`58${'66'.repeat(31)}${identity}`, 'hex');
    expect(verifySigningInput(publicKeyOf(identity), 'whatever.is.said', signature)).toBe(holds);
  });

  it.each(POINTS)('are recognised by their point: %s', (hex) => {
    expect(isWeakPublicKey(publicKeyOf(hex))).toBe(true);
  });

  it('are never generated', () => {
    for (let round = 0; round < 50; round += 1)
      expect(isWeakPublicKey(generateKeyPairSync('ed25519').publicKey)).toBe(false);
  });

  it('are refused in KEYS_DIR', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-weak-'));
    const pem = publicKeyOf(POINTS[0]!).export({ type: 'spki', format: 'pem' });
    writeFileSync(join(folder, 'weak.public.pem'), pem);
    await expect(readPublicKeys(folder)).rejects.toThrow(/weak\.public\.pem .* anybody can sign/);
    rmSync(folder, { recursive: true });
  });
});
