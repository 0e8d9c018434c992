import { AsnConvert, AsnProp, AsnPropTypes } from '@peculiar/asn1-schema';
import { EncryptedData, EncryptedPrivateKeyInfo } from '@peculiar/asn1-pkcs8';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA1 = '1.2.840.113549.2.7';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';
const DER_NULL = Uint8Array.of(0x05, 0x00).buffer;

/** Object identifier of HMAC-SHA256 as PBKDF2's pseudorandom function (RFC 8018, B.1.2). */
export const HMAC_SHA256 = '1.2.840.113549.2.9';

class AlgorithmIdentifier {
  @AsnProp({ type: AsnPropTypes.ObjectIdentifier })
  algorithm = '';

  @AsnProp({ type: AsnPropTypes.Any, optional: true })
  parameters?: ArrayBuffer;

  static of(algorithm: string, parameters?: ArrayBuffer): AlgorithmIdentifier {
    return Object.assign(new AlgorithmIdentifier(), { algorithm, parameters });
  }
}

/** PBES2-params, RFC 8018, A.4. */
class Pbes2Params {
  @AsnProp({ type: AlgorithmIdentifier })
  keyDerivationFunc = new AlgorithmIdentifier();

  @AsnProp({ type: AlgorithmIdentifier })
  encryptionScheme = new AlgorithmIdentifier();
}

/** PBKDF2-params, RFC 8018, A.2; the salt is always `specified`. */
class Pbkdf2Params {
  @AsnProp({ type: EncryptedData })
  salt = new EncryptedData();

  @AsnProp({ type: AsnPropTypes.Integer })
  iterationCount = 0;

  @AsnProp({ type: AsnPropTypes.Integer, optional: true })
  keyLength?: number;

  // DEFAULT hmacWithSHA1, so absent means SHA-1.
  @AsnProp({ type: AlgorithmIdentifier, optional: true })
  prf?: AlgorithmIdentifier;
}

/** What PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC is made of. */
export interface Pbes2Envelope {
  salt: Uint8Array;
  iterations: number;
  /** 16 bytes. */
  iv: Uint8Array;
  ciphertext: Uint8Array;
}

/**
 * Encodes an `EncryptedPrivateKeyInfo` (RFC 5958) under PBES2 (RFC 8018) with PBKDF2-HMAC-SHA256 and AES-256-CBC.
 * @returns DER.
 */
export function encodePbes2({ salt, iterations, iv, ciphertext }: Pbes2Envelope): Buffer {
  const pbkdf2 = Object.assign(new Pbkdf2Params(), {
    salt: new EncryptedData(salt),
    iterationCount: iterations,
    prf: AlgorithmIdentifier.of(HMAC_SHA256, DER_NULL),
  });
  const pbes2 = Object.assign(new Pbes2Params(), {
    keyDerivationFunc: AlgorithmIdentifier.of(PBKDF2, AsnConvert.serialize(pbkdf2)),
    encryptionScheme: AlgorithmIdentifier.of(AES_256_CBC, AsnConvert.serialize(new EncryptedData(iv))),
  });
  const info = new EncryptedPrivateKeyInfo({ encryptedData: new EncryptedData(ciphertext) });
  info.encryptionAlgorithm.algorithm = PBES2;
  info.encryptionAlgorithm.parameters = AsnConvert.serialize(pbes2);
  return Buffer.from(AsnConvert.serialize(info));
}

/**
 * Says how an encrypted private key derives its key from the passphrase.
 * @param der - an `EncryptedPrivateKeyInfo` (RFC 5958).
 * @returns PBKDF2's iterations and the object identifier of its pseudorandom function; null when the key is
 * derived otherwise (scrypt, PBES1, PKCS#12).
 * @throws {Error} when `der` is no `EncryptedPrivateKeyInfo`.
 */
export function readPbkdf2(der: Uint8Array): { iterations: number; prf: string } | null {
  const { algorithm, parameters } = AsnConvert.parse(der, EncryptedPrivateKeyInfo).encryptionAlgorithm;
  if (algorithm !== PBES2 || !parameters) return null;
  const derivation = AsnConvert.parse(parameters, Pbes2Params).keyDerivationFunc;
  if (derivation.algorithm !== PBKDF2 || !derivation.parameters) return null;
  const { iterationCount, prf } = AsnConvert.parse(derivation.parameters, Pbkdf2Params);
  return { iterations: iterationCount, prf: prf?.algorithm ?? HMAC_SHA1 };
}
