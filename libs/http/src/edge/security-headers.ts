import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** Answers are data: nothing in them may be loaded, run, or shown within another page. */
const CONTENT_SECURITY_POLICY = {
  directives: { baseUri: ["'none'"], frameAncestors: ["'none'"] },
};

/**
 * Sets helmet's headers on every answer. They are the same on each, so helmet is asked once: its thirteen middlewares
 * in a row cost a tenth of a bare request.
 */
export function securityHeaders(): RequestHandler {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY, xFrameOptions: { action: 'deny' } })(
    request,
    response,
    () => undefined,
  );
  const headers = Object.entries(response.getHeaders());
  if (headers.length === 0) throw new Error('helmet set no headers');
  return (_request, answer, next) => {
    for (const [name, value] of headers) if (value !== undefined) answer.setHeader(name, value);
    next();
  };
}
