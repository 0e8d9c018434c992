/*
 * What an answer passes, in this order. The decorators of a handler (responds.ts, which keeps an `Answer` of answer.ts;
 * creates.ts; entity-tag.ts) are read with its first request, by ../declared-route.ts.
 *
 * 1. negotiation.guard.ts     refuses what the caller could not accept, before anything is done; sets `Cache-Control`
 *                             and `Vary`
 * 2. if-match.ts              an argument of the handler: the state that the resource must have for a change
 * 3. idempotent.ts            stands in the handler's place: with an `Idempotency-Key` it returns a `ReadyReply`, the
 *                             remembered one or a new one, for which step 6 happens in the transaction of the change
 * 4. the handler              returns a domain object; a list is made by list-answer.ts: a page (page.dto.ts), or a
 *                             stream (open-streams.ts)
 * 5. ../edge/http-adapter.ts  Nest gives the result to `reply`, which calls `answerBody` (answer-body.ts)
 * 6. reply.ts                 makes body and headers of the result: the exposed fields of the DTO (exposed-fields.ts,
 *                             opaque.ts), `Location`, `ETag`
 * 7. precompressed.ts         chooses the coding, for bodies that were compressed before
 * 8. answerBody               sets the headers, and decides whether the caller has this state already (304)
 * 9. json-answer.ts           the body as text
 * 10. whole-answer.ts         sends it; Nest sends streams
 *
 * What is thrown is answered by ../problems/problem.filter.ts. documented-answer.ts writes the answer into the OpenAPI
 * document.
 */
import type { Request, Response } from 'express';
import { holdsAlready } from './entity-tag';
import { Precompressed } from './precompressed';
import { ReadyReply } from './reply';
import { factsOf } from '../edge/request-facts';

/** In place of a body: the caller already has the current state. */
export const NOT_MODIFIED = Symbol('not modified');

/**
 * Makes the body of the answer from the handler's result: the exposed fields of the DTO that it declares, and no
 * others. Sets the headers that go with it.
 * @returns the body, to be sent as JSON or as it is, or NOT_MODIFIED
 * @throws Error for a result that the handler did not declare, and where no guard has found the route
 */
export function answerBody(request: Request, response: Response, result: unknown): unknown {
  const { route } = factsOf(request);
  if (route === undefined) throw new Error('an answer to a request that passed no guard');
  const reply = result instanceof ReadyReply ? result : route.replyTo(result);
  const { body, headers } = reply.body instanceof Precompressed ? reply.body.replyTo(request) : reply;
  if (reply.body instanceof Precompressed) response.vary('Accept-Encoding');
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
  return hasCurrentState(request, headers.ETag) ? NOT_MODIFIED : body;
}

/**
 * Whether the caller already has the current state. A request with `If-None-Match: *` has it only where there is an
 * entity tag to compare. `Cache-Control: no-cache` changes nothing: `fetch` adds that directive to every request with
 * `If-None-Match`, but it is meant for caches on the way, not for us.
 */
function hasCurrentState(request: Request, etag: string | undefined): boolean {
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch === undefined || etag === undefined) return false;
  return ['GET', 'HEAD'].includes(request.method) && holdsAlready(ifNoneMatch, etag);
}
