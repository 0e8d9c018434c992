import type { Response } from 'express';
import type { Admission } from './http-adapter';
import type { Socket } from 'node:net';
import { responseInProgress } from '../framework-internals';

/** Requests of one connection that may wait behind the one that is answered; browsers and proxies send none. */
const MOST_WAITING = 20;

interface Connection extends Socket {
  /** Responses whose turn has not come. */
  waiting?: Set<Response>;
}

/**
 * Serves the requests of a connection one after another, each when the previous answer has been taken. Node serves
 * all requests of one read at once, and keeps the answers: hundreds of them for a caller who reads none. A connection
 * with more than 20 waiting requests is closed. Requests after an answer that closes the connection are not served.
 * If a connection ends before the turn of a response, the response emits `close` like every other; Node does not do
 * that.
 */
export function oneAnswerAtATime(): Admission {
  return (request, response, next) => {
    const connection = request.socket as Connection;
    if (responseInProgress(connection) === response) {
      // Else the answer before it was the last (RFC 9112 section 9.6): Node hands over the rest of what it has read.
      if (!connection.writableEnded) next();
      return;
    }
    const waiting = waitingOn(connection);
    waiting.add(response);
    if (waiting.size > MOST_WAITING) {
      connection.destroy();
      return;
    }
    response.once('socket', () => {
      waiting.delete(response);
      next();
    });
  };
}

function waitingOn(connection: Connection): Set<Response> {
  if (connection.waiting !== undefined) return connection.waiting;
  const waiting = new Set<Response>();
  connection.waiting = waiting;
  const endAll = (): void => {
    for (const response of waiting) response.emit('close');
    waiting.clear();
  };
  // More may come in the read that ended the connection.
  if (connection.destroyed) process.nextTick(endAll);
  else connection.once('close', endAll);
  return waiting;
}
