import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importEd25519 } from './key-set';
import { type CryptoKey, verifyEd25519 } from './signature';

/** The parts of a file of Wycheproof that are read here. */
interface Wycheproof {
  numberOfTests: number;
  testGroups: {
    publicKey: { pk: string };
    tests: { tcId: number; comment: string; flags: string[]; msg: string; sig: string; result: string }[];
  }[];
}

const file = join(__dirname, '../../../test/data/wycheproof/ed25519_test.json');
const { numberOfTests, testGroups } = JSON.parse(readFileSync(file, 'utf8')) as Wycheproof;
const wycheproof = testGroups.flatMap(({ publicKey, tests }) =>
  tests.map((test) => ({ ...test, pk: publicKey.pk, flag: test.flags.join(' ') })),
);
const bytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, 'hex'));

/** A key that cannot be imported verifies nothing. */
async function verified(pk: string, signature: string, message: string): Promise<boolean> {
  const x = Buffer.from(pk, 'hex').toString('base64url');
  const key = await importEd25519({ kty: 'OKP', crv: 'Ed25519', x }).catch((): CryptoKey | null => null);
  return key !== null && verifyEd25519(bytes(message), bytes(signature), key);
}

/** RFC 8032 section 7.1, TEST 1, 2, 3 and SHA(abc); TEST 1024 is among those of Wycheproof. */
const RFC_8032: [name: string, pk: string, message: string, signature: string][] = [
  [
    'TEST 1',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    'TEST 2',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'TEST 3',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    'TEST SHA(abc)',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
];

describe('verifyEd25519', () => {
  it.each(RFC_8032)('finds the signature of RFC 8032 valid: %s', async (_name, pk, message, signature) => {
    expect(await verified(pk, signature, message)).toBe(true);
    expect(await verified(pk, signature, `${message}00`)).toBe(false);
  });

  it('finds the signature of RFC 8032 TEST 1024 valid, which Wycheproof has', async () => {
    const test = wycheproof.find(({ comment }) => comment.endsWith('Test 1024'));
    expect(test).toMatchObject({
      pk: '278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e',
      result: 'valid',
    });
    expect(await verified(test!.pk, test!.sig, test!.msg)).toBe(true);
  });

  it('reads each test of Wycheproof', () => {
    expect(wycheproof).toHaveLength(numberOfTests);
    expect(numberOfTests).toBe(210);
  });

  it.each(wycheproof.filter(({ result }) => result !== 'acceptable'))(
    'finds $result what Wycheproof does: test $tcId, $flag $comment',
    async ({ pk, msg, sig, result }) => {
      expect(await verified(pk, sig, msg)).toBe(result === 'valid');
    },
  );

  it.each(wycheproof.filter(({ flags }) => flags.includes('SmallOrderPublicKey')))(
    'refuses a key of small order, which Wycheproof leaves open: test $tcId',
    async ({ pk, msg, sig }) => {
      expect(await verified(pk, sig, msg)).toBe(false);
    },
  );
});
