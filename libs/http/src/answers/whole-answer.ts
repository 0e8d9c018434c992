import type { Response } from 'express';

const JSON_TYPE = 'application/json; charset=utf-8';
const NAMES_CHARSET = /;\s*charset=/i;

/**
 * Sends an answer that is in memory as a whole. Express' `send` takes the media type apart for each answer, and copies
 * longer texts, which are then written apart from their headers.
 * @param body in UTF-8 if it is a text; undefined for none
 */
export function sendWhole(response: Response, body: string | Buffer | undefined): void {
  if (body === undefined) {
    response.end();
    return;
  }
  if (typeof body === 'string') nameCharset(response);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  // Node leaves the body of an answer to HEAD out.
  response.end(body);
}

/** Says that the caller already has the current state (RFC 9110 section 15.4.5). */
export function sendNotModified(response: Response): void {
  response.statusCode = 304;
  response.removeHeader('Content-Type');
  response.end();
}

/** Handlers declare the type of each text that is not JSON. */
function nameCharset(response: Response): void {
  const type = response.getHeader('Content-Type');
  if (type === undefined) response.setHeader('Content-Type', JSON_TYPE);
  else if (typeof type === 'string' && !NAMES_CHARSET.test(type))
    response.setHeader('Content-Type', `${type}; charset=utf-8`);
}
