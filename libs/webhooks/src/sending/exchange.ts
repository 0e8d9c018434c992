import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ANSWER_BYTES } from './answer-text';
import type { EndpointOptions } from './connections';
import { attemptError, InvalidAnswer, isReset } from './failure';
import type { AttemptError } from './attempt';

/** Of the answer's head; of its body; and of the informational answers in front of it (RFC 9110, section 15.2). */
const MOST_HEAD_BYTES = 16 * 1024;
const MOST_BODY_BYTES = 64 * 1024;
const MOST_INFORMATIONAL = 10;

/** One answer, whose body was read as far as it matters. */
export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  /** Beginning of the body. */
  beginning: Buffer;
  /** Address that answered; undefined where the connection has already ended. */
  address: string | undefined;
  /** `performance.now()` when the head was there. */
  answeredAt: number;
}

/** A request that got no answer. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';

  /**
   * @param reason in the words of an attempt
   * @param wasStale whether a kept connection ended before a byte of the answer: the server had closed it
   */
  constructor(
    readonly reason: AttemptError,
    readonly wasStale: boolean,
    options: { cause: unknown },
  ) {
    super(reason, options);
  }
}

/**
 * Sends one request and reads its answer: no redirect is followed, nothing is decompressed, and what a receiver can make
 * this process read is bounded.
 * @param restMs how long the body of an answer may take; its connection is closed then
 * @param signal ends the request
 * @throws Unanswered
 */
export function exchange(
  options: EndpointOptions,
  body: Buffer,
  restMs: number,
  signal: AbortSignal,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const begin = options.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = begin({ ...options, method: 'POST', maxHeaderSize: MOST_HEAD_BYTES, signal });
    const connection = watchConnection(request);
    const fail = (error: Error): void => {
      const wasStale = isReset(error) && connection.isReusedAndSilent();
      reject(new Unanswered(attemptError(error, connection.isHandshaking()), wasStale, { cause: error }));
    };
    request.on('error', fail);
    refuseOddAnswers(request, fail);
    request.on('response', (response) => {
      const answeredAt = performance.now();
      const { statusCode: status = 0, headers } = response;
      const address = response.socket.remoteAddress;
      readBeginning(response, restMs, (beginning) => {
        resolve({ status, headers, beginning, address, answeredAt });
      });
    });
    request.end(body);
  });
}

/** What is known of a request's connection. */
function watchConnection(request: ClientRequest): {
  isReusedAndSilent: () => boolean;
  isHandshaking: () => boolean;
} {
  let connection: Socket | undefined;
  let readBefore = 0;
  let isSecure = false;
  let isConnected = false;
  request.on('socket', (socket) => {
    connection = socket;
    readBefore = socket.bytesRead;
    if (request.reusedSocket) {
      isSecure = isConnected = true;
      return;
    }
    socket.once('connect', () => (isConnected = true));
    socket.once('secureConnect', () => (isSecure = true));
  });
  return {
    isReusedAndSilent: () => request.reusedSocket && connection?.bytesRead === readBefore,
    isHandshaking: () => connection instanceof TLSSocket && isConnected && !isSecure,
  };
}

/** An answer may be announced (100, 102, 103), but not endlessly, and the protocol does not change (101). */
function refuseOddAnswers(request: ClientRequest, fail: (error: Error) => void): void {
  let count = 0;
  request.on('information', () => {
    count += 1;
    if (count > MOST_INFORMATIONAL) request.destroy(new InvalidAnswer('too many informational answers'));
  });
  request.on('upgrade', (_, socket) => {
    // For Node the request has ended well: it reports nothing further.
    socket.destroy();
    fail(new InvalidAnswer('another protocol'));
  });
}

/** Reads to the end, so that the connection can be kept; what is too long or too slow is cut. */
function readBeginning(response: IncomingMessage, restMs: number, done: (beginning: Buffer) => void): void {
  const kept: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => response.destroy(), restMs);
  response.on('data', (chunk: Buffer) => {
    if (bytes < ANSWER_BYTES) kept.push(chunk.subarray(0, ANSWER_BYTES - bytes));
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) response.destroy();
  });
  // The status says what became of the message: a body that breaks off changes nothing.
  response.on('error', () => undefined);
  response.once('close', () => {
    clearTimeout(timer);
    done(Buffer.concat(kept));
  });
}
