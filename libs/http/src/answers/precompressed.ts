import { StreamableFile } from '@nestjs/common';
import type { Request } from 'express';
import { entityTag } from './entity-tag';
import type { Reply } from './reply';

/** A text that was compressed once, not with each request. */
export interface PrecompressedText {
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  /** Differs between different texts. */
  readonly tag: string;
}

/** An answer that is asked for often and rarely changes. */
export class Precompressed {
  constructor(private readonly text: PrecompressedText) {}

  /** For `@ETagged`. */
  get tag(): string {
    return this.text.tag;
  }

  /** In the coding that the caller takes (RFC 9110 section 12.5.3); each has a strong tag of its own. */
  replyTo(request: Request): Reply {
    const { plain, gzipped, tag } = this.text;
    if (request.acceptsEncodings('gzip', 'identity') !== 'gzip')
      return { body: new StreamableFile(plain), headers: { ETag: entityTag(tag) } };
    return {
      body: new StreamableFile(gzipped),
      headers: { ETag: entityTag(`${tag}.gzip`), 'Content-Encoding': 'gzip' },
    };
  }
}
