import type { Environment } from '@aegis/config';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEM_MEDIA_TYPE, problemDocument } from './problem-document';
import { refusalByStatus } from './refusals';

const STATUS_BY_ERROR: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Answers what Node's HTTP parser refuses before there is a request (400, 408, 431) with a problem document too,
 * and closes the connection.
 */
export function handleClientErrors(server: Server, { PUBLIC_URL }: Environment): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const { _httpMessage: answering } = socket as Duplex & { _httpMessage?: ServerResponse };
    if (error.code === 'ECONNRESET' || !socket.writable || answering?.headersSent) {
      socket.destroy();
      return;
    }
    const id = randomUUID();
    const refusal = refusalByStatus(STATUS_BY_ERROR[error.code ?? ''] ?? 400);
    const document = problemDocument(refusal, PUBLIC_URL, { url: '/', id });
    const body = JSON.stringify(document);
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
  });
}
