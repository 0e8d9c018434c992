import type { RequestHandler } from 'express';
import type { Socket } from 'node:net';
import { responseInProgress } from '../framework-internals';

/** Requests of one connection that may wait behind the one that is answered; browsers and proxies send none. */
const MOST_WAITING = 20;

interface Connection extends Socket {
  waitingRequests?: number;
}

/**
 * Serves the requests of a connection one after the other, each when the answer before it has been taken. Node serves
 * all that came in one read at once, and keeps the answers: hundreds of them to a caller who reads none. A connection
 * with more than 20 waiting requests is closed.
 */
export function oneAnswerAtATime(): RequestHandler {
  return (request, response, next) => {
    const connection = request.socket as Connection;
    if (responseInProgress(connection) === response) {
      next();
      return;
    }
    const waiting = (connection.waitingRequests ?? 0) + 1;
    if (waiting > MOST_WAITING) {
      connection.destroy();
      return;
    }
    connection.waitingRequests = waiting;
    response.once('socket', () => {
      connection.waitingRequests = (connection.waitingRequests ?? 1) - 1;
      next();
    });
  };
}
