import { publishedJwk } from '@aegis/signing';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysOfFiles } from './audit-keys';

describe('keys that were kept in files', () => {
  let folder: string;
  let key: KeyObject;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-keys-'));
    key = generateKeyPairSync('ed25519').publicKey;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

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
      expect((await keys('mine'))?.publicKey.equals(key)).toBe(true);
    }
    const keys = await keysOfFiles([file(change(keySet()))]);
    expect(await keys('another')).toBeUndefined();
  });

  it.each(['', '\ufeff', '{}', 'hello', '\ufeff\ufeff{"keys":[]}'])('are not found in %j', async (text) => {
    await expect(keysOfFiles([file(text)])).rejects.toThrow(/neither a JWK set nor one public key/);
  });
});
