import type { GetPublicKeyCommandOutput, KMSClient } from '@aws-sdk/client-kms';
import type { SignerKey } from '@aegis/config';
import { ConfigurationError } from '@aegis/errors';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { boundAnswers } from './bounded-answers';
import type { OpenedKey, SignerSource } from './signer-source';
import { SignerUnavailable } from '../signing.errors';
import { RemoteFailure } from './remote-failure';
import type { RemoteKey } from './remote-key';
import type { SignerGuard } from './signer-guard';

/** What KMS takes as a message of type RAW; a digest would need Ed25519ph, which no JWS verifier knows. */
const LARGEST_INPUT_BYTES = 4096;
const ALGORITHM = 'ED25519_SHA_512';
const KEY_SPEC = 'ECC_NIST_EDWARDS25519';
/** An answer has a key or a signature. */
const LONGEST_ANSWER_BYTES = 64 * 1024;
/** One repetition, where a connection broke; the time-outs bound both together. */
const ATTEMPTS = 2;
/** Refusals that asking again does not resolve. */
const LASTING = [
  'AccessDeniedException',
  'DisabledException',
  'IncompleteSignatureException',
  'InvalidArnException',
  'InvalidClientTokenId',
  'KMSInvalidStateException',
  'NotFoundException',
  'UnrecognizedClientException',
  'UnsupportedOperationException',
  'ValidationException',
];

export interface AwsKmsSourceOptions {
  region: string;
  /** Another address than the region's, as of a VPC endpoint. */
  endpoint?: string;
  /** `key` is a key id or ARN. */
  keys: readonly SignerKey[];
  guard: SignerGuard;
  /** Longest that KMS may take to describe a key, in milliseconds. */
  openTimeoutMs: number;
}

type Sdk = typeof import('@aws-sdk/client-kms');

/** Asymmetric keys in AWS KMS. Credentials are found by the SDK's default chain. */
export class AwsKmsSource implements SignerSource {
  /** A key's public half never changes, so it is fetched once: requests cost money. */
  private readonly publicKeys = new Map<string, KeyObject>();

  private loaded?: Promise<{ sdk: Sdk; client: KMSClient }>;

  constructor(private readonly options: AwsKmsSourceOptions) {}

  get isAway(): boolean {
    return this.options.guard.isAway;
  }

  async kids(): Promise<readonly string[]> {
    const reached: string[] = [];
    for (const { kid, key } of this.options.keys) {
      try {
        await this.publicKey(key);
        reached.push(kid);
      } catch (error) {
        // A key that this process may not use is not one of its keys; the others may be.
        if (!(error instanceof ConfigurationError)) throw error;
      }
    }
    return reached.sort();
  }

  async open(kid: string): Promise<OpenedKey> {
    const key = this.options.keys.find((known) => known.kid === kid)?.key;
    if (key === undefined) throw new ConfigurationError(`AWS_KMS_KEYS names no key for ${kid}.`);
    const publicKey = await this.publicKey(key);
    const remote: RemoteKey = {
      kid,
      publicKey,
      largestInput: LARGEST_INPUT_BYTES,
      sign: (input, signal) => this.sign(key, input, signal),
    };
    return { signer: this.options.guard.guard(remote), publicKey, warning: null };
  }

  async close(): Promise<void> {
    this.options.guard.close();
    if (this.loaded) (await this.loaded).client.destroy();
  }

  private async publicKey(key: string): Promise<KeyObject> {
    const known = this.publicKeys.get(key);
    if (known) return known;
    let answer: GetPublicKeyCommandOutput;
    try {
      const { sdk, client } = await this.kms();
      const abortSignal = AbortSignal.timeout(this.options.openTimeoutMs);
      answer = await client.send(new sdk.GetPublicKeyCommand({ KeyId: key }), { abortSignal });
    } catch (error) {
      throw keyOpeningError(error);
    }
    if (answer.KeySpec !== KEY_SPEC || answer.KeyUsage !== 'SIGN_VERIFY' || answer.PublicKey === undefined)
      throw new ConfigurationError(
        `AWS KMS: a key of AWS_KMS_KEYS is not a signing key of spec ${KEY_SPEC}, but ${answer.KeySpec ?? 'unknown'} for ${answer.KeyUsage ?? 'unknown'}.`,
      );
    const publicKey = parsed(answer.PublicKey);
    this.publicKeys.set(key, publicKey);
    return publicKey;
  }

  private async sign(key: string, input: Uint8Array, abortSignal: AbortSignal): Promise<Uint8Array> {
    const { sdk, client } = await this.kms();
    const { Signature } = await client.send(
      new sdk.SignCommand({
        KeyId: key,
        Message: input,
        MessageType: 'RAW',
        SigningAlgorithm: ALGORITHM,
      }),
      { abortSignal },
    );
    if (Signature === undefined) throw new RemoteFailure('AWS KMS answered without a signature.');
    return Signature;
  }

  private kms(): Promise<{ sdk: Sdk; client: KMSClient }> {
    this.loaded ??= this.load();
    return this.loaded;
  }

  private async load(): Promise<{ sdk: Sdk; client: KMSClient }> {
    const sdk = await import('@aws-sdk/client-kms').catch((error: unknown) => {
      throw new ConfigurationError(
        'SIGNER=aws-kms needs the package @aws-sdk/client-kms: install without --omit=optional.',
        { cause: error },
      );
    });
    const { region, endpoint, openTimeoutMs } = this.options;
    const client = new sdk.KMSClient({
      region,
      endpoint,
      maxAttempts: ATTEMPTS,
      // By default, the SDK waits without end.
      requestHandler: {
        connectionTimeout: openTimeoutMs,
        requestTimeout: openTimeoutMs,
        throwOnRequestTimeout: true,
      },
    });
    boundAnswers(client, LONGEST_ANSWER_BYTES);
    return { sdk, client };
  }
}

function parsed(der: Uint8Array): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Reported below.
  }
  throw new SignerUnavailable(undefined, undefined, {
    cause: new RemoteFailure('AWS KMS answered something that is not an Ed25519 public key.'),
  });
}

function keyOpeningError(error: unknown): ConfigurationError | SignerUnavailable {
  if (error instanceof ConfigurationError) return error;
  if (error instanceof Error && LASTING.includes(error.name))
    return new ConfigurationError(
      `AWS KMS refused to return a public key of AWS_KMS_KEYS (${error.name}). Check region, key, key policy and credentials (docs/signers.md).`,
      { cause: error },
    );
  return new SignerUnavailable(undefined, undefined, { cause: error });
}
