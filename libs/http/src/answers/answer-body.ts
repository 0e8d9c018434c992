import { StreamableFile } from '@nestjs/common';
import type { Request, Response } from 'express';
import { holdsAlready } from './entity-tag';
import { Precompressed } from './precompressed';
import { ReadyReply } from './reply';
import { setFreshness } from '../framework-internals';
import { factsOf } from '../edge/request-facts';

/**
 * What leaves the server of what a handler returned: the exposed fields of the DTO that it declares, and no more. Sets
 * the headers that go with it.
 * @returns the body, to be sent as JSON or as it is
 * @throws Error for a result that the handler did not declare, and where no guard has found the route
 */
export function answerBody(request: Request, response: Response, result: unknown): unknown {
  const { replyTo } = factsOf(request);
  if (replyTo === undefined) throw new Error('an answer of a route that passed no NegotiationGuard');
  const reply = result instanceof ReadyReply ? result : replyTo(result);
  const { body, headers } = reply.body instanceof Precompressed ? reply.body.replyTo(request) : reply;
  if (reply.body instanceof Precompressed) response.vary('Accept-Encoding');
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  const isFresh = settleFreshness(request, headers.ETag);
  // Express makes a 304 of what it sends itself; a file would still be streamed.
  return isFresh && body instanceof StreamableFile ? undefined : body;
}

/**
 * Says whether the caller holds the present state already. Express sends 304 to a fresh request. By its own rule that is
 * each one with `If-None-Match: *`, even where there is no entity tag to compare; and none with
 * `Cache-Control: no-cache`, which `fetch` adds to each one with `If-None-Match`, but that directive is for caches on the
 * way, not for us.
 */
function settleFreshness(request: Request, etag: string | undefined): boolean {
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch === undefined || !['GET', 'HEAD'].includes(request.method)) return false;
  const isFresh = etag !== undefined && holdsAlready(ifNoneMatch, etag);
  setFreshness(request, isFresh);
  return isFresh;
}
