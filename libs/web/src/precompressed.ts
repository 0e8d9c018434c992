import { StreamableFile } from '@nestjs/common';
import type { Request } from 'express';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { entityTag } from './entity-tag';
import type { Reply } from './reply';

const compress = promisify(gzip);

/** An answer that is asked for often and changes seldom: compressed once, not with each request. */
export class Precompressed {
  private constructor(
    private readonly plain: Buffer,
    private readonly gzipped: Buffer,
    /** For `@ETagged`; told apart by text. */
    readonly tag: string,
  ) {}

  static async of(text: string): Promise<Precompressed> {
    const plain = Buffer.from(text);
    const gzipped = await compress(plain, { level: constants.Z_BEST_COMPRESSION });
    return new Precompressed(plain, gzipped, createHash('sha256').update(plain).digest('base64url'));
  }

  /** In the coding that the caller takes (RFC 9110 section 12.5.3); each has a strong tag of its own. */
  replyTo(request: Request): Reply {
    if (request.acceptsEncodings('gzip', 'identity') !== 'gzip')
      return { body: new StreamableFile(this.plain), headers: { ETag: entityTag(this.tag) } };
    return {
      body: new StreamableFile(this.gzipped),
      headers: { ETag: entityTag(`${this.tag}.gzip`), 'Content-Encoding': 'gzip' },
    };
  }
}
