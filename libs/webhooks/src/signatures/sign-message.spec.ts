import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import type { EndpointKeys } from '../keys/endpoint-keys';
import { signMessage } from './sign-message';

const ID = 'evt_0192d5a4-7b1e-7cc3-9c57-2f0e0c6f2b11';
const BODY = '{"id":"evt_1","type":"customer.updated","data":{"name":"Ärger & Söhne \u{1f511}"}}';

const made = (): EndpointKeys => ({
  secret: randomBytes(32),
  privateKey: generateKeyPairSync('ed25519').privateKey,
});
const now = (): number => Math.floor(Date.now() / 1000);

/** As a receiver that knows only the public key does, by the text of the specification. */
function isSigned(
  publicKey: KeyObject,
  id: string,
  timestamp: number,
  body: string,
  header: string,
): boolean {
  return header
    .split(' ')
    .map((signature) => signature.split(','))
    .filter(([version]) => version === 'v1a')
    .some(([, base64 = '']) =>
      verify(null, Buffer.from(`${id}.${timestamp}.${body}`), publicKey, Buffer.from(base64, 'base64')),
    );
}

describe('the signature of a webhook', () => {
  const keys = made();
  const webhook = (secret: Buffer): Webhook => new Webhook(`whsec_${secret.toString('base64')}`);
  const headers = (signature: string, id = ID, timestamp = now()): Record<string, string> => ({
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signature,
  });

  it('is verified by the package of Standard Webhooks with the secret', () => {
    const signature = signMessage(ID, now(), BODY, [keys]);
    expect(webhook(keys.secret).verify(BODY, headers(signature))).toEqual(JSON.parse(BODY));
  });

  it('is verified with the public key alone', () => {
    const timestamp = now();
    const signature = signMessage(ID, timestamp, BODY, [keys]);
    const publicKey = createPublicKey(keys.privateKey);
    expect(isSigned(publicKey, ID, timestamp, BODY, signature)).toBe(true);
    expect(isSigned(createPublicKey(made().privateKey), ID, timestamp, BODY, signature)).toBe(false);
  });

  it('is of one message: with another id, moment, body or secret it is refused', () => {
    const timestamp = now();
    const signature = signMessage(ID, timestamp, BODY, [keys]);
    const refused: [string, Record<string, string>, Buffer][] = [
      [BODY, headers(signature, `${ID}0`, timestamp), keys.secret],
      [BODY, headers(signature, ID, timestamp - 1), keys.secret],
      [`${BODY} `, headers(signature, ID, timestamp), keys.secret],
      [BODY, headers(signature, ID, timestamp), randomBytes(32)],
    ];
    for (const [body, given, secret] of refused)
      expect(() => webhook(secret).verify(body, given)).toThrow(WebhookVerificationError);
    const publicKey = createPublicKey(keys.privateKey);
    expect(isSigned(publicKey, `${ID}0`, timestamp, BODY, signature)).toBe(false);
    expect(isSigned(publicKey, ID, timestamp - 1, BODY, signature)).toBe(false);
    expect(isSigned(publicKey, ID, timestamp, `${BODY} `, signature)).toBe(false);
  });

  it('is made by all keys during the overlap of a rotation, the current ones first', () => {
    const previous = made();
    const timestamp = now();
    const signature = signMessage(ID, timestamp, BODY, [keys, previous]);
    expect(signature).toMatch(/^v1,\S{44} v1a,\S{88} v1,\S{44} v1a,\S{88}$/);
    expect(signature.startsWith(signMessage(ID, timestamp, BODY, [keys]))).toBe(true);
    for (const { secret, privateKey } of [keys, previous]) {
      expect(webhook(secret).verify(BODY, headers(signature, ID, timestamp))).toEqual(JSON.parse(BODY));
      expect(isSigned(createPublicKey(privateKey), ID, timestamp, BODY, signature)).toBe(true);
    }
  });
});
