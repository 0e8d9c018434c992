import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { accessOf, isForgiving } from '../callers/route-access';
import { answerOf } from './answer';
import { type Reply, replyMaker } from './reply';
import { factsOf } from '../edge/request-facts';
import { NotAcceptable } from '../problems/http.errors';

/**
 * Refuses (406) what could not be answered in a media type of `Accept` anyway, before anything is done; a public route
 * answers all the same in what it has, as RFC 9110 section 12.5.1 allows. Runs no handler that does not declare what it
 * answers with.
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
    // Caches must not give one media type to who asked for another.
    if (offered.length > 1) http.getResponse<Response>().vary('Accept');
    const { accept } = request.headers;
    if (accept === undefined || accept === '*/*') return true;
    if (offered.length === 0 || offered.includes(accept) || request.accepts([...offered]) !== false)
      return true;
    if (isForgiving(accessOf(handler, context.getClass()))) return true;
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
