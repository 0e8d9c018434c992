import type { Reply } from '@aegis/idempotency';
import type { Request } from 'express';
import { entityTag } from './entity-tag';

/** An answer that is asked for often and rarely changes: a text that was compressed once, not with each request. */
export class Precompressed {
  /**
   * @param plain the text
   * @param gzipped the same (RFC 1952)
   * @param tag for `@ETagged`; differs between different texts
   */
  constructor(
    private readonly plain: Buffer,
    private readonly gzipped: Buffer,
    readonly tag: string,
  ) {}

  /** In the coding that the caller takes (RFC 9110 section 12.5.3); each has its own strong tag. */
  replyTo(request: Request): Reply {
    const { plain, gzipped, tag } = this;
    if (request.acceptsEncodings('gzip', 'identity') !== 'gzip')
      return { body: plain, headers: { ETag: entityTag(tag) } };
    return {
      body: gzipped,
      headers: { ETag: entityTag(`${tag}.gzip`), 'Content-Encoding': 'gzip' },
    };
  }
}
