import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Answer, type Asked, StandInServer } from './stand-in-server';

interface KmsKey {
  spec: string;
  publicKey: KeyObject;
  privateKey: KeyObject;
}

const ACCESS_KEY = 'AKIASTANDIN';
const SECRET_KEY = 'a secret of the stand-in';

const failed = (status: number, type: string): Answer => ({ status, body: { __type: type, message: type } });

/**
 * AWS KMS as its API reference describes it: GetPublicKey and Sign in JSON 1.1, requests signed with Signature
 * Version 4. Shares no code with the SDK.
 */
export class KmsStandIn extends StandInServer {
  /** What the SDK's default chain finds, by variable. */
  readonly credentials = { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY };
  readonly keys = new Map<string, KmsKey>();
  readonly region = 'eu-central-1';
  private readonly foreign = generateKeyPairSync('ed25519').privateKey;

  /** @returns the key's id */
  addKey(spec: 'ECC_NIST_EDWARDS25519' | 'ECC_NIST_P256' = 'ECC_NIST_EDWARDS25519'): string {
    const pair =
      spec === 'ECC_NIST_P256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
    const id = crypto.randomUUID();
    this.keys.set(id, { spec, ...pair });
    return id;
  }

  protected answer(asked: Asked): Answer {
    if (!isSigned(asked, this.region)) return failed(400, 'IncompleteSignatureException');
    const question = JSON.parse(asked.body) as Record<string, string>;
    const key = this.keys.get(question.KeyId ?? '');
    if (key === undefined) return failed(400, 'NotFoundException');
    const action = asked.headers['x-amz-target'];
    if (action === 'TrentService.GetPublicKey') return describe(question.KeyId, key);
    return action === 'TrentService.Sign'
      ? this.sign(key, question)
      : failed(400, 'UnknownOperationException');
  }

  private sign(key: KmsKey, question: Record<string, string>): Answer {
    const message = Buffer.from(question.Message ?? '', 'base64');
    if (message.length === 0 || message.length > 4096) return failed(400, 'ValidationException');
    if (question.SigningAlgorithm !== 'ED25519_SHA_512' || question.MessageType !== 'RAW')
      return failed(400, 'ValidationException');
    const privateKey = this.fault === 'foreign signature' ? this.foreign : key.privateKey;
    const signature = sign(null, message, privateKey).toString('base64');
    return {
      status: 200,
      body: { KeyId: question.KeyId, Signature: signature, SigningAlgorithm: 'ED25519_SHA_512' },
    };
  }
}

function describe(KeyId: string | undefined, { spec, publicKey }: KmsKey): Answer {
  return {
    status: 200,
    body: {
      KeyId,
      KeySpec: spec,
      KeyUsage: 'SIGN_VERIFY',
      PublicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      SigningAlgorithms: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
    },
  };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Signature Version 4, as AWS documents it. */
function isSigned({ method, path, headers, body }: Asked, region: string): boolean {
  const authorization = headers.authorization ?? '';
  const [, accessKey, day = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/[a-z0-9-]+\/kms\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  if (accessKey !== ACCESS_KEY) return false;
  const signedHeaders = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, path, '', signedHeaders.join(''), names, sha256(body)].join('\n');
  const scope = `${day}/${region}/kms/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = [region, 'kms', 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${SECRET_KEY}`, day));
  return hmac(key, text).toString('hex') === signature;
}
