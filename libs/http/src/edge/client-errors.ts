import type { Environment } from '@aegis/config';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { jsonAnswer } from '../answers/json-answer';
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
    const { _httpMessage: answering } = socket as Duplex & { _httpMessage?: ServerResponse | null };
    if (error.code === 'ECONNRESET' || !socket.writable || answering?.headersSent) socket.destroy();
    // What follows a whole request is broken: anything written now would be taken for the answer to that request, which
    // is still to come. It is the last.
    else if (answering?.req.complete) answering.shouldKeepAlive = false;
    else refuse(socket, STATUS_BY_ERROR[error.code ?? ''] ?? 400, environment);
  });
  server.on('connect', (_request, socket: Duplex) => {
    refuse(socket, 400, environment);
  });
}

function refuse(socket: Duplex, status: number, { PUBLIC_URL }: Environment): void {
  const id = randomUUID();
  const document = problemDocument(refusalByStatus(status), PUBLIC_URL, { url: '/', id });
  const body = jsonAnswer(document);
  socket.on('error', () => undefined);
  // Who never closes its side would keep the connection.
  if (socket instanceof Socket) socket.setTimeout(PARTING_MS, () => socket.destroy());
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
