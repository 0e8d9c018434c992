import type { Reply } from '@aegis/idempotency';
import type { Request } from 'express';
import { entityTag } from './entity-tag';

/** An answer that is asked for often and rarely changes: a text that was compressed once, not with each request. */
export class Precompressed {
  /**
   * @param plain the text
   * @param gzipped the same (RFC 1952)
   * @param tag for `@ETagged`; differs between different texts
   * @param more the same in Brotli (RFC 7932), and its media type where the handler's routes answer in several
   */
  constructor(
    private readonly plain: Buffer,
    private readonly gzipped: Buffer,
    readonly tag: string,
    private readonly more: { brotli?: Buffer; mediaType?: string } = {},
  ) {}

  /** In the coding that the caller takes (RFC 9110 section 12.5.3); each has its own strong tag. */
  replyTo(request: Request): Reply {
    const { plain, gzipped, tag } = this;
    const { brotli, mediaType } = this.more;
    const type: Record<string, string> = mediaType === undefined ? {} : { 'Content-Type': mediaType };
    // Browsers name all codings without a preference: the smallest is sent.
    if (brotli !== undefined && request.acceptsEncodings('br') === 'br')
      return { body: brotli, headers: { ...type, ETag: entityTag(`${tag}.br`), 'Content-Encoding': 'br' } };
    if (request.acceptsEncodings('gzip', 'identity') === 'gzip')
      return {
        body: gzipped,
        headers: { ...type, ETag: entityTag(`${tag}.gzip`), 'Content-Encoding': 'gzip' },
      };
    return { body: plain, headers: { ...type, ETag: entityTag(tag) } };
  }
}
