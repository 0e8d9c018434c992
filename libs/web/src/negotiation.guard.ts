import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { answerOf } from './answer';
import { NotAcceptable } from './web.errors';

/**
 * Refuses (406) what could not be answered in a media type of `Accept` anyway, before anything is done; and runs no
 * handler that does not declare what it answers with.
 */
@Injectable()
export class NegotiationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const handler = context.getHandler();
    const offered = answerOf(handler)?.mediaTypes;
    if (offered === undefined)
      throw new Error(`${context.getClass().name}.${handler.name} declares no @Responds(...)`);
    // Caches must not give one media type to who asked for another.
    if (offered.length > 1) http.getResponse<Response>().vary('Accept');
    const { accept } = request.headers;
    if (accept === undefined || accept === '*/*') return true;
    if (offered.length === 0 || offered.includes(accept) || request.accepts([...offered]) !== false)
      return true;
    throw new NotAcceptable(`This route answers in ${offered.join(', ')}.`);
  }
}
