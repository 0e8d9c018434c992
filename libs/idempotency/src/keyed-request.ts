import { createHash } from 'node:crypto';
import type { AuthenticatedKey } from '@aegis/access';
import { InvalidInput } from '@aegis/errors';

/** In characters. */
export const LONGEST_IDEMPOTENCY_KEY = 255;
/** Visible ASCII characters. */
export const IDEMPOTENCY_KEY = new RegExp(`^[!-~]{1,${LONGEST_IDEMPOTENCY_KEY}}$`);

/** A request that came with an Idempotency-Key. */
export interface KeyedRequest {
  readonly caller: AuthenticatedKey;
  readonly idempotencyKey: string;
  /** SHA-256 of caller and Idempotency-Key: by it the answer is found again. */
  readonly keyHash: Buffer;
  /** Method, path, query and body: what must be the same when it is sent again. */
  readonly text: string;
}

/**
 * Reads what identifies a request. Its body has been read.
 * @param caller who sent it
 * @param idempotencyKey header of that name
 * @param request its method, path with query, and parsed body
 * @throws InvalidInput when the key is not 1 to 255 visible ASCII characters (422)
 */
export function keyedRequest(
  caller: AuthenticatedKey,
  idempotencyKey: string | string[],
  request: { method: string; originalUrl: string; body?: unknown },
): KeyedRequest {
  if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey))
    throw new InvalidInput([
      {
        field: 'Idempotency-Key',
        message: `must be 1 to ${LONGEST_IDEMPOTENCY_KEY} visible ASCII characters`,
      },
    ]);
  return {
    caller,
    idempotencyKey,
    keyHash: createHash('sha256').update(`${caller.id}\0${idempotencyKey}`).digest(),
    text: JSON.stringify([request.method, request.originalUrl, request.body], inOrder),
  };
}

/** A client that builds the body again may write its members in another order; the meaning is the same. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
