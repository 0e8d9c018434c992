import type { Socket } from 'node:net';

/** More than Redis ever says to what this process asks: its report about itself, and a line for each request. */
const MOST_UNREAD_BYTES = 1024 * 1024;

/** What `guardReplies` must learn. */
export interface GuardedReplies {
  /** The connection can be used. */
  isReady(): void;
  /** A reply was complete. */
  wasRead(): void;
}

/**
 * Replaces the connection when what comes over it can't be from a Redis. The client reads replies in the socket's
 * handler: for a list of 2^32 parts, or for lists deep within lists, its parser throws there, which would end the
 * process; a reply that never ends would fill the memory; and it waits for the first replies without an end.
 * @param stream that the client has connected, and reads from
 * @param patienceMs in which the connection can be used, in milliseconds
 */
export function guardReplies(stream: Socket, patienceMs: number): GuardedReplies {
  const late = setTimeout(() => {
    stream.destroy(new Error(`not ready within ${patienceMs} ms`));
  }, patienceMs);
  stream.once('close', () => {
    clearTimeout(late);
  });

  let unread = 0;
  // The client puts its own reader before all others.
  const [parse = () => undefined] = stream.listeners('data') as ((piece: Buffer) => void)[];
  stream.off('data', parse);
  stream.prependListener('data', (piece: Buffer) => {
    unread += piece.length;
    try {
      if (unread > MOST_UNREAD_BYTES) throw new RangeError(`a reply of more than ${MOST_UNREAD_BYTES} bytes`);
      parse(piece);
    } catch (cause) {
      stream.removeAllListeners('data');
      stream.destroy(new Error('the reply cannot be one of Redis', { cause }));
    }
  });
  return {
    isReady: () => {
      clearTimeout(late);
    },
    wasRead: () => {
      unread = 0;
    },
  };
}
