import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSignerSource, type SignerBench } from '../../../../test/support/signers/conformance';
import { KmsStandIn } from '../../../../test/support/signers/kms-stand-in';
import { Pkcs11StandIn } from '../../../../test/support/signers/pkcs11-stand-in';
import { VaultStandIn } from '../../../../test/support/signers/vault-stand-in';
import { writeKeyPair } from '../keys/key-pair-writer';
import { MeasuredSource } from './measured-source';
import { PemSource } from './pem-source';
import { AwsKmsSource } from './aws-kms-source';
import { Pkcs11Source } from './pkcs11/pkcs11-source';
import { SignerGuard } from './signer-guard';
import { VaultSession } from './vault-session';
import { VaultSource } from './vault-source';

describeSignerSource('key files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-pem-'));
  await writeKeyPair(folder, 'first', 'a passphrase');
  const bench: SignerBench = {
    kid: 'first',
    source: ({ metrics }) =>
      new MeasuredSource(new PemSource(folder, () => Promise.resolve('a passphrase')), metrics),
    rotate: async () => {
      await writeKeyPair(folder, 'second', 'a passphrase');
      return 'second';
    },
    close: () => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  };
  return bench;
});

describeSignerSource(
  'the stand-in of Vault',
  async () => {
    const vault = await new VaultStandIn().start();
    vault.rotate('aegis');
    const bench: SignerBench = {
      kid: 'aegis-v1',
      source: (tools) =>
        new VaultSource({
          session: new VaultSession({ url: vault.url }, { method: 'token', token: 'root' }),
          mount: 'transit',
          keys: [{ name: 'aegis' }],
          guard: new SignerGuard(tools),
          openTimeoutMs: tools.openTimeoutMs,
        }),
      rotate: () => {
        vault.rotate('aegis');
        return Promise.resolve('aegis-v2');
      },
      fail: (fault) => {
        vault.fault = fault;
      },
      asked: () => vault.asked.filter(({ path }) => path.includes('/sign/')).length,
      close: () => vault.stop(),
    };
    return bench;
  },
  ['hang', 'status 429', 'status 500', 'garbage', 'foreign signature', 'cut'],
);

describe('with credentials of AWS', () => {
  const before = { ...process.env };
  beforeAll(() => {
    Object.assign(process.env, new KmsStandIn().credentials);
  });
  afterAll(() => {
    process.env = before;
  });

  describeSignerSource(
    'the stand-in of AWS KMS',
    async () => {
      const kms = await new KmsStandIn().start();
      const keys = [{ kid: 'first', key: kms.addKey() }];
      const second = { kid: 'second', key: randomUUID() };
      const bench: SignerBench = {
        kid: 'first',
        source: (tools) =>
          new AwsKmsSource({
            region: kms.region,
            endpoint: kms.url,
            keys: [...keys, second],
            guard: new SignerGuard(tools),
            openTimeoutMs: tools.openTimeoutMs,
          }),
        rotate: () => {
          kms.keys.set(second.key, { spec: 'ECC_NIST_EDWARDS25519', ...generateKeyPairSync('ed25519') });
          return Promise.resolve('second');
        },
        fail: (fault) => {
          kms.fault = fault;
        },
        asked: () => kms.asked.length,
        close: () => kms.stop(),
      };
      return bench;
    },
    ['hang', 'status 429', 'status 500', 'garbage', 'foreign signature', 'cut'],
  );
});

describeSignerSource(
  'the stand-in of a PKCS#11 device',
  () => {
    const device = new Pkcs11StandIn();
    device.addKey('first');
    device.addKey('a key of others');
    const bench: SignerBench = {
      kid: 'first',
      source: (tools) =>
        new Pkcs11Source(device, {
          token: 'aegis',
          pin: '1234',
          size: 2,
          guard: new SignerGuard(tools),
          openTimeoutMs: tools.openTimeoutMs,
        }),
      rotate: () => {
        device.addKey('second');
        return Promise.resolve('second');
      },
      fail: (fault) => {
        device.fault = fault;
      },
      asked: () => device.asked,
      close: () => Promise.resolve(),
    };
    return Promise.resolve(bench);
  },
  ['hang', 'status 500', 'garbage', 'foreign signature'],
);
