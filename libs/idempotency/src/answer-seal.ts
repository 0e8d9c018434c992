import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SECRET_BYTES = 32;

/**
 * Encrypts one remembered answer and recognises its request. HKDF-SHA256 (RFC 5869) derives both secrets from a
 * pepper, which the database does not have, and from the Idempotency-Key, which only the caller has.
 */
export class AnswerSeal {
  private readonly encryption: Buffer;
  private readonly recognition: Buffer;

  /**
   * @param pepper secret of the settings
   * @param caller id of the API key
   * @param idempotencyKey as the caller sent it
   */
  constructor(pepper: string, caller: string, idempotencyKey: string) {
    const purpose = `aegis remembered answer\0${caller}\0${idempotencyKey}`;
    const secrets = Buffer.from(hkdfSync('sha256', pepper, '', purpose, 2 * SECRET_BYTES));
    this.encryption = secrets.subarray(0, SECRET_BYTES);
    this.recognition = secrets.subarray(SECRET_BYTES);
  }

  /** HMAC-SHA256 (RFC 2104) of a request: its body may be personal, so a bare hash would reveal too much. */
  recognise(request: string): Buffer {
    return createHmac('sha256', this.recognition).update(request).digest();
  }

  /**
   * Encrypts by AES-256-GCM (NIST SP 800-38D).
   * @param row what the answer belongs to; in another row it can't be opened
   * @returns nonce, ciphertext and tag, one after another
   */
  close(text: string, row: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.encryption, nonce).setAAD(row);
    const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, encrypted, cipher.getAuthTag()]);
  }

  /** @throws Error when it was not encrypted by this seal for this row, or was changed since */
  open(sealed: Buffer, row: Buffer): string {
    const decipher = createDecipheriv(CIPHER, this.encryption, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(row).setAuthTag(sealed.subarray(-TAG_BYTES));
    const encrypted = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(encrypted), decipher.final()]).toString('utf8');
  }
}
