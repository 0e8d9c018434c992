import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { EndpointKeys } from '../../libs/webhooks/src/keys/endpoint-keys';
import { signMessage } from '../../libs/webhooks/src/signatures/sign-message';

/** Debian's own: its packages are not for another Python that may come first on the path. */
const PYTHON = '/usr/bin/python3';
const VERIFIER = join(__dirname, '../support/python/webhook_verifier.py');
const hasCryptography = spawnSync(PYTHON, ['-c', 'import cryptography']).status === 0;
// Under CI a missing tool is a failure, not a reason to skip.
const describeIt = hasCryptography || process.env.CI === 'true' ? describe : describe.skip;
const because = hasCryptography ? '' : ' (Debian package python3-cryptography is needed)';

const ID = 'evt_0192d5a4-7b1e-7cc3-9c57-2f0e0c6f2b11';
const BODY = '{"id":"evt_1","data":{"name":"Ärger & Söhne \u{1f511}"}}';
const TIMESTAMP = 1_796_000_000;

const made = (): EndpointKeys => ({
  secret: randomBytes(32),
  privateKey: generateKeyPairSync('ed25519').privateKey,
});

/** As the API shows it. */
function publicKeyText(privateKey: KeyObject): string {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;
}

describeIt(`the Ed25519 signature of a webhook, verified by Python's cryptography${because}`, () => {
  const keys = made();
  const previous = made();
  const signature = signMessage(ID, TIMESTAMP, BODY, [keys, previous]);

  function verdict(by: EndpointKeys, different: object = {}): string {
    const message = { id: ID, timestamp: TIMESTAMP, body: BODY, signature, ...different };
    const { stdout, stderr } = spawnSync(PYTHON, [VERIFIER, publicKeyText(by.privateKey)], {
      input: JSON.stringify(message),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.trim();
  }

  it('is valid with the current public key, and with the previous one during a rotation', () => {
    expect(verdict(keys)).toBe('valid');
    expect(verdict(previous)).toBe('valid');
  });

  it('is invalid with another key, and for any other message', () => {
    expect(verdict(made())).toBe('invalid');
    for (const different of [{ id: `${ID}0` }, { timestamp: TIMESTAMP + 1 }, { body: `${BODY} ` }])
      expect(verdict(keys, different)).toBe('invalid');
    expect(verdict(keys, { signature: signature.replaceAll('v1a,', 'v1,') })).toBe('invalid');
  });
});
