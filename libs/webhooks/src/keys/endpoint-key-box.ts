import { Injectable } from '@nestjs/common';
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { KeysUnreadable, SecretsKeyMissing } from '../webhooks.errors';
import type { EndpointKeys } from './endpoint-keys';
import { sealedVersion, SecretsKeys } from './secrets-keys';

const SECRET_BYTES = 32;

const newKeyPair = promisify(generateKeyPair);

/** Keys of an endpoint as they are stored and shown. */
export interface SealedKeys {
  /** What is stored: it can be opened only with SECRETS_KEY, and only for this endpoint. */
  sealed: string;
  /** `whsec_` and base64, as Standard Webhooks writes it: shown once. */
  secret: string;
  /** `whpk_` and base64 of the 32 bytes of the Ed25519 key. */
  publicKey: string;
}

/** Makes the keys that the messages of an endpoint are signed with, and keeps them encrypted. */
@Injectable()
export class EndpointKeyBox {
  constructor(private readonly secretsKeys: SecretsKeys) {}

  /**
   * Makes new keys for an endpoint.
   * @throws SecretsKeyMissing
   */
  async make(endpointId: string): Promise<SealedKeys> {
    const secret = randomBytes(SECRET_BYTES);
    const { privateKey } = await newKeyPair('ed25519');
    return {
      sealed: await this.seal(endpointId, { secret, privateKey }),
      secret: `whsec_${secret.toString('base64')}`,
      publicKey: `whpk_${rawPublicKey(privateKey).toString('base64')}`,
    };
  }

  /**
   * Opens the keys of an endpoint.
   * @param sealed as it is stored
   * @throws SecretsKeyMissing, KeysUnreadable when they were changed or are another endpoint's
   */
  async open(endpointId: string, sealed: string): Promise<EndpointKeys> {
    let text: string | undefined;
    try {
      text = await this.secretsKeys.open(sealed, endpointId);
    } catch (error) {
      throw new KeysUnreadable(endpointId, error);
    }
    if (text === undefined) throw new SecretsKeyMissing(sealedVersion(sealed));
    return readKeys(text);
  }

  /**
   * Encrypts keys that were encrypted under an older version of SECRETS_KEY under the current one.
   * @returns undefined where they are under the current version already
   * @throws what `open` throws
   */
  async renew(endpointId: string, sealed: string): Promise<string | undefined> {
    const keys = await this.open(endpointId, sealed);
    if (sealedVersion(sealed) === this.secretsKeys.currentVersion) return undefined;
    return this.seal(endpointId, keys);
  }

  private async seal(endpointId: string, { secret, privateKey }: EndpointKeys): Promise<string> {
    const text = JSON.stringify({
      secret: secret.toString('base64'),
      private_key: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    });
    const sealed = await this.secretsKeys.seal(text, endpointId);
    if (sealed === undefined) throw new SecretsKeyMissing();
    return sealed;
  }
}

function readKeys(text: string): EndpointKeys {
  const { secret, private_key: privateKey } = JSON.parse(text) as { secret: string; private_key: string };
  return {
    secret: Buffer.from(secret, 'base64'),
    privateKey: createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' }),
  };
}

/** The 32 bytes of an Ed25519 key (RFC 8032), without what names its kind. */
function rawPublicKey(privateKey: KeyObject): Buffer {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return spki.subarray(spki.length - 32);
}
