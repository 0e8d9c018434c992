import { PemSigner, publishedJwk, signCompact } from '@aegis/signing';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysOfFiles } from './audit-keys';

describe('keys that were kept in files', () => {
  let folder: string;
  let key: KeyObject;
  let signed: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-keys-'));
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    key = publicKey;
    signed = await checkpointBy(new PemSigner('mine', privateKey, publicKey));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const checkpointBy = (signer: PemSigner): Promise<string> =>
    signCompact(
      signer,
      { typ: 'aegis-checkpoint+jwt' },
      { number: 1, epoch: 1, size: 1, root: 'A', previous: null, complete_to: null, iat: 1 },
    );

  function file(content: string): string {
    const path = join(folder, 'keys');
    writeFileSync(path, content);
    return path;
  }
  const rawKey = (): string =>
    Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64url');
  const keySet = (): string => JSON.stringify({ keys: [publishedJwk('mine', rawKey())] }, null, 2);
  const pem = (): string => key.export({ type: 'spki', format: 'pem' }).toString();

  it.each([
    ['as they were written', (text: string) => text],
    ['after a byte order mark', (text: string) => `\ufeff${text}`],
    ['with CR LF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['with both', (text: string) => `\ufeff${text.replaceAll('\n', '\r\n')}`],
  ])('are read %s', async (_, change) => {
    for (const text of [keySet(), pem()]) {
      const keys = await keysOfFiles([file(change(text))]);
      expect((await keys('mine', signed))?.publicKey.equals(key)).toBe(true);
    }
    const keys = await keysOfFiles([file(change(keySet()))]);
    expect(await keys('another', signed)).toBeUndefined();
  });

  it.each([
    ['none', undefined],
    ['null', null],
    ['a text', '9999999999'],
    ['a list', [9999999999]],
    ['true', true],
  ])('are not trusted when the time until which to trust them is not a number: %s', async (_, after) => {
    const withdrawn = { ...(JSON.parse(keySet()) as object), compromised: [{ kid: 'mine', after }] };
    const keys = await keysOfFiles([file(JSON.stringify(withdrawn))]);
    expect((await keys('mine', signed))?.compromised).toEqual({ after: null });
  });

  it('are trusted until the earliest time that the file gives, and not at all if one of the times is null', async () => {
    const withdrawn = async (...after: (number | null)[]): Promise<unknown> => {
      const set = {
        ...(JSON.parse(keySet()) as object),
        compromised: after.map((at) => ({ kid: 'mine', after: at })),
      };
      return (await (await keysOfFiles([file(JSON.stringify(set))]))('mine', signed))?.compromised;
    };
    expect(await withdrawn(20, 10, 30)).toEqual({ after: 10 });
    expect(await withdrawn(null, 10)).toEqual({ after: null });
    expect(await withdrawn(10, null)).toEqual({ after: null });
  });

  it('are refused when one id names two keys', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';
    const set = { keys: [publishedJwk('mine', rawKey()), publishedJwk('mine', other)] };
    await expect(keysOfFiles([file(JSON.stringify(set))])).rejects.toThrow(/neither a JWK set nor one/);
  });

  it('from a PEM file have no id, and verify what they signed, no matter which kid the checkpoint names', async () => {
    const keys = await keysOfFiles([file(pem())]);
    expect((await keys('mine', signed))?.publicKey.equals(key)).toBe(true);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const other = await checkpointBy(new PemSigner('mine', privateKey, publicKey));
    expect(await keys('mine', other)).toBeUndefined();
    expect(await keys('mine', `${signed.slice(0, -4)}AAAA`)).toBeUndefined();
  });

  it.each(['', '\ufeff', '{}', 'hello', '\ufeff\ufeff{"keys":[]}'])('are not found in %j', async (text) => {
    await expect(keysOfFiles([file(text)])).rejects.toThrow(/neither a JWK set nor one Ed25519 public key/);
  });
});
