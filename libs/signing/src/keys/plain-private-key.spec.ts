import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPlainPrivateKey } from './plain-private-key';

describe('a private key that is not encrypted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-plain-key-'));
  const path = join(folder, 'v08.pem');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const read = (content: string, mode = 0o600) => {
    rmSync(path, { force: true });
    writeFileSync(path, content, { mode });
    return readPlainPrivateKey(path);
  };

  it.each([
    ['as it is', pem],
    ['with CR LF', pem.replaceAll('\n', '\r\n')],
    ['indented, as in YAML', pem.replaceAll(/^/gm, '    ')],
    ['with a byte order mark', `\ufeff${pem}`],
  ])('is read %s', async (_, content) => {
    expect((await read(content)).export({ format: 'jwk' })).toEqual(privateKey.export({ format: 'jwk' }));
  });

  const encrypted = privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  it.each([
    ['an encrypted key', encrypted, /encrypted already.*rewrap/],
    ['a public key', publicKey.export({ type: 'spki', format: 'pem' }).toString(), /exactly one/],
    ['two keys', pem + pem, /exactly one/],
    ['a damaged key', pem.replace('MC4', '!C4'), /exactly one/],
    ['a cut key', pem.replace(/.{20}\n-----END/, '\n-----END'), /exactly one/],
    ['another text', 'hello', /exactly one/],
    [
      'a key of another kind',
      elliptic.export({ type: 'pkcs8', format: 'pem' }).toString(),
      /type ec, not Ed25519/,
    ],
  ])('is not %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  it('must not be readable by others', async () => {
    await expect(read(pem, 0o644)).rejects.toThrow(/has mode 0644.*chmod 600/);
    rmSync(path);
    await expect(readPlainPrivateKey(path)).rejects.toThrow(/can't be read \(ENOENT\)/);
  });
});
