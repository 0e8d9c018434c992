import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { primitives as webCrypto } from '../../../../libs/license-token/src/primitives';
import { primitives } from './node-primitives';

interface Wycheproof {
  testGroups: { publicKey: { pk: string }; tests: { tcId: number; msg: string; sig: string }[] }[];
}

const file = join(__dirname, '../../../../test/data/wycheproof/ed25519_test.json');
const { testGroups } = JSON.parse(readFileSync(file, 'utf8')) as Wycheproof;
const bytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, 'hex'));

describe("Node's own Ed25519 and SHA-256", () => {
  it.each(testGroups.flatMap(({ publicKey, tests }) => tests.map((test) => ({ ...test, ...publicKey }))))(
    'say what WebCrypto says: test $tcId of Wycheproof',
    async ({ pk, msg, sig }) => {
      const x = Buffer.from(pk, 'hex').toString('base64url');
      const said = async (by: typeof primitives): Promise<boolean> =>
        by.verifyEd25519(bytes(msg), bytes(sig), await by.importPublicKey(x));
      expect(await said(primitives)).toBe(await said(webCrypto));
      expect(Uint8Array.from(await primitives.sha256(bytes(msg)))).toEqual(
        await webCrypto.sha256(bytes(msg)),
      );
    },
  );
});
