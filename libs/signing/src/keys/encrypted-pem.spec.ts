import { AsnConvert, AsnProp, AsnPropTypes } from '@peculiar/asn1-schema';
import { EncryptedData, EncryptedPrivateKeyInfo } from '@peculiar/asn1-pkcs8';
import {
  createCipheriv,
  createPrivateKey,
  generateKeyPairSync,
  pbkdf2Sync,
  randomBytes,
  scryptSync,
  type KeyObject,
} from 'node:crypto';
import { ConfigurationError } from '@aegis/errors';
import { decryptPrivateKey, encryptPrivateKey } from './encrypted-pem';

jest.unmock('./passphrase-iterations');

const PASSPHRASE = 'correct horse battery staple – é';

// RFC 8018 again, independent of the code: what the file holds is read with these.
class Algorithm {
  @AsnProp({ type: AsnPropTypes.ObjectIdentifier }) oid = '';
  @AsnProp({ type: AsnPropTypes.Any, optional: true }) parameters?: ArrayBuffer | null;
}
class Pbes2 {
  @AsnProp({ type: Algorithm }) kdf = new Algorithm();
  @AsnProp({ type: Algorithm }) cipher = new Algorithm();
}
class Pbkdf2 {
  @AsnProp({ type: AsnPropTypes.OctetString }) salt = new ArrayBuffer(0);
  @AsnProp({ type: AsnPropTypes.Integer }) iterations = 0;
  @AsnProp({ type: Algorithm, optional: true }) prf?: Algorithm;
}
class Scrypt {
  @AsnProp({ type: AsnPropTypes.OctetString }) salt = new ArrayBuffer(0);
  @AsnProp({ type: AsnPropTypes.Integer }) N = 0;
  @AsnProp({ type: AsnPropTypes.Integer }) r = 0;
  @AsnProp({ type: AsnPropTypes.Integer }) p = 0;
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64');
}

function pemOf(der: ArrayBuffer | Buffer): string {
  const base64 = Buffer.from(der as ArrayBuffer).toString('base64');
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${base64}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
}

function parse(pem: string): { info: EncryptedPrivateKeyInfo; pbes2: Pbes2; pbkdf2: Pbkdf2 } {
  const info = AsnConvert.parse(derOf(pem), EncryptedPrivateKeyInfo);
  const pbes2 = AsnConvert.parse(info.encryptionAlgorithm.parameters!, Pbes2);
  return { info, pbes2, pbkdf2: AsnConvert.parse(pbes2.kdf.parameters!, Pbkdf2) };
}

/** A file under PBES2 with scrypt (RFC 7914), as `openssl pkcs8 -scrypt` writes it. */
function scryptPem(key: KeyObject, N: number): string {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const secret = scryptSync(PASSPHRASE, salt, 32, { N, r: 8, p: 1, maxmem: 2 ** 28 });
  const cipher = createCipheriv('aes-256-cbc', secret, iv);
  const ciphertext = Buffer.concat([
    cipher.update(key.export({ type: 'pkcs8', format: 'der' })),
    cipher.final(),
  ]);
  const scrypt = Object.assign(new Scrypt(), { salt: new Uint8Array(salt).buffer, N, r: 8, p: 1 });
  const pbes2 = new Pbes2();
  pbes2.kdf = Object.assign(new Algorithm(), {
    oid: '1.3.6.1.4.1.11591.4.11',
    parameters: AsnConvert.serialize(scrypt),
  });
  pbes2.cipher = Object.assign(new Algorithm(), {
    oid: '2.16.840.1.101.3.4.1.42',
    parameters: AsnConvert.serialize(new EncryptedData(iv)),
  });
  const info = new EncryptedPrivateKeyInfo({ encryptedData: new EncryptedData(ciphertext) });
  info.encryptionAlgorithm.algorithm = '1.2.840.113549.1.5.13';
  info.encryptionAlgorithm.parameters = AsnConvert.serialize(pbes2);
  return pemOf(AsnConvert.serialize(info));
}

function refusal(pem: string, passphrase: string | undefined): Error {
  try {
    decryptPrivateKey(pem, passphrase, 'k1.private.pem');
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was refused');
}

describe('encrypted private key files', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  let pem: string;

  beforeAll(async () => {
    pem = await encryptPrivateKey(privateKey, PASSPHRASE);
  });

  it('are written under PBES2 with PBKDF2-HMAC-SHA256, 600,000 iterations, a salt of 16 bytes and AES-256-CBC', () => {
    const { info, pbes2, pbkdf2 } = parse(pem);
    expect(info.encryptionAlgorithm.algorithm).toBe('1.2.840.113549.1.5.13');
    expect(pbes2.kdf.oid).toBe('1.2.840.113549.1.5.12');
    expect(pbkdf2.iterations).toBe(600_000);
    expect(pbkdf2.salt.byteLength).toBe(16);
    expect(pbkdf2.prf?.oid).toBe('1.2.840.113549.2.9');
    expect(pbkdf2.prf?.parameters).toBeNull();
    expect(pbes2.cipher.oid).toBe('2.16.840.1.101.3.4.1.42');
  });

  it('are PEM with lines of at most 64 characters and do not hold the key in clear', () => {
    const lines = pem.split('\n');
    expect(lines[0]).toBe('-----BEGIN ENCRYPTED PRIVATE KEY-----');
    expect(lines.slice(1, -2).every((line) => line.length <= 64 && line.length > 0)).toBe(true);
    const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url');
    expect(derOf(pem).includes(seed)).toBe(false);
  });

  it('are read by Node itself', () => {
    expect(createPrivateKey({ key: pem, passphrase: PASSPHRASE }).equals(privateKey)).toBe(true);
  });

  it('never share a salt', async () => {
    const other = await encryptPrivateKey(privateKey, PASSPHRASE);
    expect(Buffer.from(parse(other).pbkdf2.salt)).not.toEqual(Buffer.from(parse(pem).pbkdf2.salt));
    expect(Buffer.from(parse(other).pbes2.cipher.parameters!)).not.toEqual(
      Buffer.from(parse(pem).pbes2.cipher.parameters!),
    );
  });

  const damagedBy = (change: (pem: string) => string): string => change(pem);
  it.each([
    ['indented, as in YAML', (text: string) => text.replace(/^/gm, '    ')],
    ['with CR LF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['with CR alone', (text: string) => text.replaceAll('\n', '\r')],
    ['after a byte order mark', (text: string) => `\ufeff${text}`],
    ['with blanks at the ends of lines', (text: string) => text.replaceAll('\n', ' \t\n')],
    ['with empty lines', (text: string) => text.replaceAll('\n', '\n\n')],
    ['on lines of any length', (text: string) => text.replace(/(.{64})\n/g, '$1')],
    ['after a comment and the attributes of a bag', (text: string) => `Bag Attributes\n# mine\n${text}`],
  ])('are read back %s, and a wrong passphrase is still reported as one', (_, change) => {
    const changed = damagedBy(change);
    expect(decryptPrivateKey(changed, PASSPHRASE, 'k1.private.pem').privateKey.equals(privateKey)).toBe(true);
    expect(refusal(changed, 'another passphrase').message).toMatch(
      /^The passphrase of k1\.private\.pem is wrong/,
    );
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, 200), 'a PEM block that is cut off or damaged'],
    ['cut in the middle', (text: string) => text.replace(/\n.{64}\n/, '\n'), "that can't be read as such"],
    [
      'with a character that is not base64',
      (text: string) => text.replace('\nM', '\n*'),
      "that can't be read as such",
    ],
    [
      'with a character of base64url, which Node would decode, and OpenSSL would not',
      (text: string) => text.replace(/.(?=.{8}\n-----END)/, '_'),
      "that can't be read as such",
    ],
    ['with a character too few', (text: string) => text.replace('\nM', '\n'), "that can't be read as such"],
    [
      'with a hyphen within',
      (text: string) => text.replace('\nM', '\n-'),
      'a PEM block that is cut off or damaged',
    ],
    ['that is another file', () => 'hello', 'no PEM block'],
    ['that is empty', () => '', 'no PEM block'],
  ])('that cannot be read are not reported as a wrong passphrase: %s', (_, change, found) => {
    const { message } = refusal(damagedBy(change), PASSPHRASE);
    expect(message).toContain(found);
    expect(message).not.toMatch(/passphrase/);
  });

  it('are read back without a warning', () => {
    const read = decryptPrivateKey(pem, PASSPHRASE, 'k1.private.pem');
    expect(read.privateKey.equals(privateKey)).toBe(true);
    expect(read.warning).toBeNull();
  });

  it('are read with CRLF line ends, as Windows editors leave them', () => {
    const read = decryptPrivateKey(pem.replaceAll('\n', '\r\n'), PASSPHRASE, 'k1.private.pem');
    expect(read.privateKey.equals(privateKey)).toBe(true);
  });

  it('warn, with the file and what to do, when fewer iterations protect them', () => {
    const weak = privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
      .toString();
    const read = decryptPrivateKey(weak, PASSPHRASE, 'k1.private.pem');
    expect(read.privateKey.equals(privateKey)).toBe(true);
    expect(read.warning).toMatch(/k1\.private\.pem.*600,000.*openssl pkcs8 -topk8/);
  });

  it('warn when another function than PBKDF2 protects them', () => {
    const read = decryptPrivateKey(scryptPem(privateKey, 16_384), PASSPHRASE, 'k1.private.pem');
    expect(read.privateKey.equals(privateKey)).toBe(true);
    expect(read.warning).toContain('k1.private.pem');
  });

  it.each([
    ['HMAC-SHA1 by its name', '1.2.840.113549.2.7'],
    ['HMAC-SHA1 as the default', undefined],
  ])('warn when 600,000 iterations are of %s', (_name, prf) => {
    const { info, pbes2, pbkdf2 } = parse(pem);
    const secret = pbkdf2Sync(PASSPHRASE, Buffer.from(pbkdf2.salt), 600_000, 32, 'sha1');
    const iv = Buffer.from(pbes2.cipher.parameters!).subarray(2);
    const cipher = createCipheriv('aes-256-cbc', secret, iv);
    info.encryptedData = new EncryptedData(
      Buffer.concat([cipher.update(privateKey.export({ type: 'pkcs8', format: 'der' })), cipher.final()]),
    );
    pbkdf2.prf = prf === undefined ? undefined : Object.assign(new Algorithm(), { oid: prf });
    pbes2.kdf.parameters = AsnConvert.serialize(pbkdf2);
    info.encryptionAlgorithm.parameters = AsnConvert.serialize(pbes2);
    const read = decryptPrivateKey(pemOf(AsnConvert.serialize(info)), PASSPHRASE, 'k1.private.pem');
    expect(read.privateKey.equals(privateKey)).toBe(true);
    expect(read.warning).toContain('600,000');
  });

  it('are refused with a wrong passphrase, which is not shown', () => {
    const error = refusal(pem, 'guessed-4711');
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/passphrase of k1\.private\.pem is wrong.*KEY_PASSPHRASE/);
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain('guessed-4711');
  });

  it('are refused with a wrong passphrase also when its padding happens to look right', () => {
    const { info, pbes2, pbkdf2 } = parse(pem);
    // What a wrong passphrase yields in 3 of 1,000 cases: well padded noise.
    const secret = pbkdf2Sync('guessed-4711', Buffer.from(pbkdf2.salt), 600_000, 32, 'sha256');
    const cipher = createCipheriv('aes-256-cbc', secret, Buffer.from(pbes2.cipher.parameters!).subarray(2));
    info.encryptedData = new EncryptedData(
      Buffer.concat([cipher.update(Buffer.alloc(50, 7)), cipher.final()]),
    );
    const noise = pemOf(AsnConvert.serialize(info));
    expect(() => createPrivateKey({ key: noise, passphrase: 'guessed-4711' })).toThrow(
      expect.objectContaining({ code: 'ERR_OSSL_UNSUPPORTED' }),
    );
    expect(refusal(noise, 'guessed-4711').message).toMatch(/passphrase of k1\.private\.pem is wrong/);
  });

  it.each([[undefined], ['']])('are refused without a passphrase (%p)', (passphrase) => {
    const error = refusal(pem, passphrase);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/k1\.private\.pem is encrypted, and no passphrase is set.*KEY_PASSPHRASE/);
  });

  it('are refused when not encrypted, with or without a passphrase', () => {
    const clear = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const passphrase of [PASSPHRASE, undefined]) {
      const error = refusal(clear, passphrase);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toMatch(/k1\.private\.pem contains a private key that is not encrypted.*openssl/);
    }
  });

  it('are refused when they hold an RSA key', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
      .toString();
    const error = refusal(rsa, PASSPHRASE);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/k1\.private\.pem contains a key of type rsa, not Ed25519/);
  });

  it('are refused when encrypted in a way that Node cannot read', () => {
    const error = refusal(scryptPem(privateKey, 32_768), PASSPHRASE);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/k1\.private\.pem is encrypted in a way that can't be read.*openssl/);
  });

  it.each([
    ['an empty file', '', 'no PEM block'],
    ['plain text', 'hello', 'no PEM block'],
    ['a block that is not DER', pemOf(Buffer.from('hello')), 'ENCRYPTED PRIVATE KEY'],
    ['a block that is cut off', 'cut', 'ENCRYPTED PRIVATE KEY'],
    ['a public key', 'public', '"PUBLIC KEY"'],
  ])('are refused when they are %s', (_name, content, found) => {
    const text =
      content === 'cut'
        ? pemOf(derOf(pem).subarray(0, 40))
        : content === 'public'
          ? generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
          : content;
    const error = refusal(text, PASSPHRASE);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/^k1\.private\.pem must contain one "ENCRYPTED PRIVATE KEY"/);
    expect(error.message).toContain(found);
  });

  it.each([
    ['empty', '', /must not be empty/],
    ['longer than OpenSSL reads', 'x'.repeat(1025), /not be longer than 1024 bytes/],
  ])('are not written with a passphrase that is %s', async (_name, passphrase, message) => {
    const attempt = encryptPrivateKey(privateKey, passphrase);
    await expect(attempt).rejects.toBeInstanceOf(ConfigurationError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('are written and read with a passphrase of 1,024 bytes', async () => {
    const long = 'é'.repeat(512);
    const read = decryptPrivateKey(await encryptPrivateKey(privateKey, long), long, 'k1.private.pem');
    expect(read.privateKey.equals(privateKey)).toBe(true);
    expect(refusal(pem, `${long}e`).message).toMatch(/not be longer than 1024 bytes/);
  });
});
