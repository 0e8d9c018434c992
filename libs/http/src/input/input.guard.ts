import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { FieldErrors, InvalidInput } from '@aegis/errors';
import type { DeclaredRoute } from '../declared-route';
import { routeOf } from '../edge/request-facts';
import { hasBody, readJsonBody } from './body/json-body';

/**
 * Fifth guard: reads the body if the route takes one, so that nothing is read for refused callers. Refuses query
 * parameters on routes without any, unless the route is public: monitors add parameters against caches. The validation
 * pipe checks parameters and fields. If the route takes no body, the body has no meaning (RFC 9110 section 9.3.1) and
 * is not read.
 */
@Injectable()
export class InputGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const route = routeOf(context);
    if (request.url.includes('?') && !route.forgiving) refuseStrayQuery(route, request);
    if (!hasBody(request) || route.body === undefined) {
      request.body = undefined;
      return true;
    }
    return readJsonBody(request, http.getResponse<Response>(), route.body).then(() => true);
  }
}

function refuseStrayQuery(route: DeclaredRoute, request: Request): void {
  const names = Object.keys(request.query);
  if (names.length === 0 || route.takesQuery) return;
  const errors = new FieldErrors();
  for (const name of names) errors.add(name, 'is not a known parameter');
  throw new InvalidInput(errors);
}
