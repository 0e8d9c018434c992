import type { Socket } from 'node:net';
import { neverEndInOrder } from '../framework-internals';

/** What ends with its connection: a response, or the part of it that Nest hands to error handlers of streams. */
interface Cuttable {
  readonly socket?: Socket | null;
  destroy?(): unknown;
}

/**
 * Ends half an answer by resetting its connection (RST). A normal end (FIN) would make it look complete if its length
 * is not known otherwise: in HTTP/1.0, which proxies speak too (RFC 9112 section 6.3).
 */
export function cutOff(response: Cuttable): void {
  const { socket } = response;
  if (socket) {
    // Node resets a connection after an end in order of what was written, which is what must not be seen.
    neverEndInOrder(socket);
    socket.resetAndDestroy();
  }
  response.destroy?.();
}
