import type { Environment } from '@aegis/config';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { jsonAnswer } from '../answers/json-answer';
import { closeAfter, responseInProgress } from '../framework-internals';
import { PROBLEM_MEDIA_TYPE, problemDocument } from '../problems/problem-document';
import { refusalByStatus } from '../problems/refusals';

const STATUS_BY_ERROR: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
/** How long a caller that was refused may take to read why. */
const PARTING_MS = 2_000;

/**
 * Answers what never becomes a request with a problem document too, and closes the connection: what Node's HTTP
 * parser refuses (400, 408, 413, 431), and CONNECT, for this is not a proxy.
 */
export function handleClientErrors(server: Server, environment: Environment): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET') socket.destroy();
    else refuse(socket, STATUS_BY_ERROR[error.code ?? ''] ?? 400, environment);
  });
  server.on('connect', (_request, socket: Duplex) => {
    takeOver(socket);
    refuse(socket, 400, environment);
  });
}

/** Does what Node does for a connection until CONNECT, for an answer that is still in progress then. */
function takeOver(socket: Duplex): void {
  socket.on('error', () => undefined);
  socket.on('drain', () => responseInProgress(socket)?.emit('drain'));
  socket.on('timeout', () => socket.destroy());
}

/**
 * Answers a request that can't be served, unless the answer to an earlier request is pending: anything written now
 * would look like that answer. It is the last answer of its connection.
 */
function refuse(socket: Duplex, status: number, environment: Environment): void {
  const answering = responseInProgress(socket);
  if (!socket.writable || answering?.headersSent) socket.destroy();
  else if (answering?.req.complete) closeAfter(answering);
  else answer(socket, status, environment);
}

function answer(socket: Duplex, status: number, { PUBLIC_URL }: Environment): void {
  const id = randomUUID();
  const document = problemDocument(refusalByStatus(status), PUBLIC_URL, { url: '/', id });
  const body = jsonAnswer(document);
  socket.on('error', () => undefined);
  // A caller that never closes its side would keep the connection. Not the socket's own time-out: each byte begins
  // that again.
  const parting = setTimeout(() => socket.destroy(), PARTING_MS);
  socket.once('close', () => {
    clearTimeout(parting);
  });
  socket.end(
    [
      `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status] ?? ''}`,
      `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-ID: ${id}`,
      'Cache-Control: no-store',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
