import type { Reply } from '@aegis/idempotency';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { bearsCredential } from '../callers/identification';
import { type Access, accessOf, isForgiving } from '../callers/route-access';
import { answerOf } from './answer';
import { replyMaker } from './reply';
import { factsOf } from '../edge/request-facts';
import { NotAcceptable } from '../problems/http.errors';

/**
 * Refuses (406) what could not be answered in a media type of `Accept` anyway, before anything is done; a public route
 * still answers in what it has, as RFC 9110 section 12.5.1 allows. Runs no handler that does not declare what it
 * answers with. Keeps what is answered to a key out of caches, where a handler does not say otherwise.
 */
@Injectable()
export class NegotiationGuard implements CanActivate {
  private readonly replies = new WeakMap<object, (result: unknown) => Reply>();

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const handler = context.getHandler();
    const offered = answerOf(handler)?.mediaTypes;
    if (offered === undefined)
      throw new Error(`${context.getClass().name}.${handler.name} declares no @Responds(...)`);
    factsOf(request).replyTo = this.replyMakerOf(context);
    const response = http.getResponse<Response>();
    const access = accessOf(handler, context.getClass());
    if (isForCaller(access, request)) response.setHeader('Cache-Control', 'no-store');
    // Caches must not give one media type to who asked for another.
    if (offered.length > 1) response.vary('Accept');
    const { accept } = request.headers;
    if (accept === undefined || accept === '*/*' || isForgiving(access)) return true;
    if (offered.length === 0 || offered.includes(accept) || request.accepts([...offered]) !== false)
      return true;
    throw new NotAcceptable(`This route answers in ${offered.join(', ')}.`);
  }

  private replyMakerOf(context: ExecutionContext): (result: unknown) => Reply {
    const handler = context.getHandler();
    let maker = this.replies.get(handler);
    if (maker === undefined) {
      maker = replyMaker(handler, `${context.getClass().name}.${handler.name}`);
      this.replies.set(handler, maker);
    }
    return maker;
  }
}

/**
 * Whether an answer is meant for the caller alone. Caches know that of requests with `Authorization` (RFC 9111 section
 * 3.5), not of those with `X-API-Key`.
 */
function isForCaller(access: Access | undefined, request: Request): boolean {
  if (access?.kind !== 'public') return true;
  return !access.ignoreCredentials && bearsCredential(request);
}
