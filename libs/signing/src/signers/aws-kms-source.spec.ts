import { ConfigurationError } from '@aegis/errors';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { PassThrough } from 'node:stream';
import { KmsStandIn } from '../../../../test/support/signers/kms-stand-in';
import { SignerUnavailable } from '../signing.errors';
import { AwsKmsSource } from './aws-kms-source';
import { InputTooLarge } from './remote-key';
import { SignerGuard } from './signer-guard';
import { SignerMetrics } from './signer-metrics';

describe('keys in AWS KMS', () => {
  const before = { ...process.env };
  let kms: KmsStandIn;
  let source: AwsKmsSource;

  beforeEach(async () => {
    kms = await new KmsStandIn().start();
    Object.assign(process.env, kms.credentials);
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });
    source = new AwsKmsSource({
      region: kms.region,
      endpoint: kms.url,
      keys: [
        { kid: 'k1', key: kms.addKey() },
        { kid: 'p256', key: kms.addKey('ECC_NIST_P256') },
        { kid: 'missing', key: 'not-there' },
      ],
      guard: new SignerGuard({ timeoutMs: 20_000, logger, metrics: new SignerMetrics(new Metrics()) }),
      openTimeoutMs: 20_000,
    });
  });
  afterEach(async () => {
    process.env = { ...before };
    await source.close();
    await kms.stop();
  });

  it('sign 4,096 bytes and refuse one more without a request, which is not a failure of the signer', async () => {
    const { signer } = await source.open('k1');
    expect(await signer.sign(Buffer.alloc(4096))).toHaveLength(64);
    const asked = kms.asked.length;
    for (let refusals = 0; refusals < 6; refusals++) {
      const error = await signer.sign(Buffer.alloc(4097)).catch((refused: unknown) => refused);
      expect(error).toBeInstanceOf(InputTooLarge);
      expect(error).toMatchObject({
        code: 'token_too_large',
        message:
          'The token to sign has 4097 bytes; the signer in use signs 4096 at most. Shorten names or lists.',
      });
    }
    expect(kms.asked).toHaveLength(asked);
    expect(source.isAway).toBe(false);
  });

  it('are only those that are Ed25519 and that this process may use', async () => {
    expect(await source.kids()).toEqual(['k1']);
    await expect(source.open('p256')).rejects.toThrow(/not a signing key of spec ECC_NIST_EDWARDS25519/);
    await expect(source.open('missing')).rejects.toThrow(/NotFoundException/);
    await expect(source.open('unknown')).rejects.toThrow('AWS_KMS_KEYS names no key for unknown.');
  });

  it('have their public keys fetched once', async () => {
    await source.open('k1');
    const asked = kms.asked.length;
    await source.open('k1');
    expect(kms.asked).toHaveLength(asked);
  });

  it('refuse credentials that are wrong', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    const error = await source.open('k1').catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(/IncompleteSignatureException.*credentials/);
  });

  it('are not read beyond the longest possible answer', async () => {
    const { signer } = await source.open('k1');
    kms.fault = 'endless';
    await expect(signer.sign(Buffer.from('a token'))).rejects.toThrow(SignerUnavailable);
    // What the system's buffers take comes on top of 64 KiB for each of two attempts.
    expect(kms.endlessBytes).toBeLessThan(64 * 2 ** 20);
    kms.fault = undefined;
    expect(await signer.sign(Buffer.from('a token'))).toHaveLength(64);
  });

  it.each(['status 500', 'garbage', 'cut'] as const)(
    'are available later when KMS answers by: %s',
    async (fault) => {
      kms.fault = fault;
      await expect(source.open('k1')).rejects.toThrow(SignerUnavailable);
      kms.fault = undefined;
      expect((await source.open('k1')).signer.kid).toBe('k1');
    },
  );
});
