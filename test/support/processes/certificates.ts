import {
  generateKeyPairSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
  randomBytes,
  sign,
} from 'node:crypto';

const OID_CN = [0x55, 0x04, 0x03];
const OID_ED25519 = [0x2b, 0x65, 0x70];
/** ecdsa-with-SHA256 (RFC 5758). */
const OID_ECDSA = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const OID_BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const OID_SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];

/** A certificate and its private key, as PEM. */
export interface CertifiedKey {
  certificate: string;
  privateKey: string;
}

/** A certificate authority of a test's own: Node has no call that makes certificates (RFC 5280). */
export class CertificateAuthority {
  private readonly keys: KeyPairKeyObjectResult;
  readonly certificate: string;

  /** @param kind of its key. libpq's channel binding (RFC 5929) needs a hash, which Ed25519 has no name for. */
  constructor(private readonly kind: 'Ed25519' | 'P-256' = 'Ed25519') {
    this.keys = this.newKeys();
    this.certificate = this.issue('test CA', this.keys.publicKey, [
      extension(OID_BASIC_CONSTRAINTS, sequence(element(0x01, Buffer.from([0xff]))), true),
    ]);
  }

  /** @param hostName that the server is reached by */
  serverCertificate(hostName: string): CertifiedKey {
    const { publicKey, privateKey } = this.newKeys();
    const names = sequence(element(0x82, Buffer.from(hostName)));
    return {
      certificate: this.issue(hostName, publicKey, [extension(OID_SUBJECT_ALT_NAME, names)]),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  private newKeys(): KeyPairKeyObjectResult {
    return this.kind === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  }

  private issue(subject: string, publicKey: KeyObject, extensions: Buffer[]): string {
    const algorithm = sequence(oid(this.kind === 'Ed25519' ? OID_ED25519 : OID_ECDSA));
    const year = new Date().getUTCFullYear();
    const toBeSigned = sequence(
      element(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      algorithm,
      name('test CA'),
      sequence(time(year - 1), time(year + 1)),
      name(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      element(0xa3, sequence(...extensions)),
    );
    const signature = sign(this.kind === 'Ed25519' ? null : 'sha256', toBeSigned, this.keys.privateKey);
    const der = sequence(toBeSigned, algorithm, bitString(signature));
    const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  }
}

/** DER (X.690): tag, length, content. */
function element(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80
      ? Buffer.from([body.length])
      : body.length < 0x100
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

const sequence = (...content: Buffer[]): Buffer => element(0x30, ...content);
const integer = (value: Buffer): Buffer => element(0x02, value);
const oid = (bytes: readonly number[]): Buffer => element(0x06, Buffer.from(bytes));
const bitString = (bits: Buffer): Buffer => element(0x03, Buffer.from([0]), bits);
const time = (year: number): Buffer => element(0x17, Buffer.from(`${String(year).slice(2)}0101000000Z`));
const name = (commonName: string): Buffer =>
  sequence(element(0x31, sequence(oid(OID_CN), element(0x0c, Buffer.from(commonName)))));

function extension(id: readonly number[], value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [element(0x01, Buffer.from([0xff]))] : []), element(0x04, value));
}
