import type { Request } from 'express';
import { watchPace } from './body-pace';
import { workOn } from '../../edge/load-shedding';
import { refusalByStatus } from '../../problems/refusals';
import { MalformedRequest } from '@aegis/errors';
import { FrameworkRefusal, UnsupportedMediaType } from '../../problems/http.errors';

/** Pieces that a body may come in: a chunk of one byte costs as much work as one of many. */
const MOST_PIECES = 10_000;
/** Pieces kept apart: each keeps the memory that it was read into, however small it is. */
const KEPT_PIECES = 64;

/**
 * Reads the bytes of a body. Express' own reader uses three packages that check each request for things that this
 * server never has: other encodings, other charsets, verification (docs/adr/0023).
 * @param limit in bytes; the rest is read and discarded, so that the caller gets the answer
 * @throws UnsupportedMediaType for a content encoding (415), a refusal for more bytes than the limit (413),
 * MalformedRequest when the body breaks off, or comes in more than 10,000 pieces (400), a refusal for a body that
 * comes too slowly for its size (408)
 */
export function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      reject(new UnsupportedMediaType('Send the body without content encoding.'));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    let pieces = 0;
    const breakOff = (): void => {
      reject(new MalformedRequest('The body is incomplete.'));
    };
    if (request.destroyed) {
      breakOff();
      return;
    }
    const work = request.complete ? undefined : workOn(request);
    work?.pause();
    const stop = request.complete
      ? undefined
      : watchPace(
          () => Math.min(size, limit),
          () => {
            reject(refusalByStatus(408));
          },
        );
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit || ++pieces > MOST_PIECES) {
        chunks.length = 0;
        return;
      }
      if (chunks.length === KEPT_PIECES) chunks.splice(0, KEPT_PIECES, Buffer.concat(chunks));
      chunks.push(chunk);
    });
    request.once('end', () => {
      stop?.();
      work?.resume();
      const [first] = chunks;
      if (size > limit)
        reject(
          new FrameworkRefusal(
            'payload_too_large',
            `The body is larger than the ${limit} bytes that this route accepts.`,
          ),
        );
      else if (pieces > MOST_PIECES)
        reject(new MalformedRequest(`The body comes in more than ${MOST_PIECES} pieces.`));
      else resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
    });
    request.once('error', breakOff);
    request.once('close', () => {
      stop?.();
      // Comes after a whole body too: an error with its stack, for nobody, would cost a validation a fortieth.
      if (!request.readableEnded) breakOff();
    });
  });
}
