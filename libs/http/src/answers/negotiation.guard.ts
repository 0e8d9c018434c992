import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { hasCredential } from '../callers/identification';
import type { Access } from '../callers/route-access';
import { routeOf } from '../edge/request-facts';
import { NotAcceptable } from '../problems/http.errors';

/**
 * Refuses (406) a request that could not be answered in a media type of `Accept`, before anything is done. A public
 * route still answers in the form that it has, as RFC 9110 section 12.5.1 allows. A handler that does not declare its
 * answer does not run. Keeps answers to a key out of caches, unless the handler says otherwise.
 */
@Injectable()
export class NegotiationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const { access, forgiving, mediaTypes: offered, name } = routeOf(context);
    if (offered === undefined) throw new Error(`${name} declares no @Responds(...)`);
    const response = http.getResponse<Response>();
    if (isForCaller(access, request)) response.setHeader('Cache-Control', 'no-store');
    // Caches must not answer in a media type that the caller did not ask for.
    if (offered.length > 1) response.vary('Accept');
    const { accept } = request.headers;
    if (accept === undefined || accept === '*/*' || forgiving) return true;
    if (offered.length === 0 || offered.includes(accept) || request.accepts([...offered]) !== false)
      return true;
    throw new NotAcceptable(`This route answers in ${offered.join(', ')}.`);
  }
}

/**
 * Whether an answer is meant for the caller alone. Caches know that of requests with `Authorization` (RFC 9111 section
 * 3.5), not of those with `X-API-Key`.
 */
function isForCaller(access: Access | undefined, request: Request): boolean {
  if (access?.kind !== 'public') return true;
  return !access.ignoreCredentials && hasCredential(request);
}
