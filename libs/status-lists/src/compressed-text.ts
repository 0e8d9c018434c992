import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const compress = promisify(gzip);

/** A text and its compressed form. */
export interface CompressedText {
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  /** SHA-256 of the text, as base64url. */
  readonly tag: string;
}

/** Compresses a text as well as gzip (RFC 1952) can. */
export async function compressText(text: string): Promise<CompressedText> {
  const plain = Buffer.from(text);
  const gzipped = await compress(plain, { level: constants.Z_BEST_COMPRESSION });
  return { plain, gzipped, tag: createHash('sha256').update(plain).digest('base64url') };
}
