import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { FieldErrors, InvalidInput } from '@aegis/errors';
import { accessOf, isForgiving } from '../callers/route-access';
import { argumentsOf } from '../framework-internals';
import { hasBody, readJsonBody } from './json-body';

/** What a handler asks for. */
interface Taken {
  body: boolean;
  query: boolean;
}

/**
 * Fifth guard: reads the body where a route takes one, so that nothing is read for callers who are turned away, and
 * refuses query parameters on routes that have none, unless the route is public: monitors add parameters against
 * caches. What parameters and fields must look like is the validation pipe's. A body that no route asked for means
 * nothing (RFC 9110 section 9.3.1) and is not read.
 */
@Injectable()
export class InputGuard implements CanActivate {
  private readonly taken = new WeakMap<object, Taken>();

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (request.url.includes('?') && !isForgiving(accessOf(context.getHandler(), context.getClass())))
      this.refuseStrayQuery(context, request);
    if (!hasBody(request) || !this.takenBy(context).body) {
      request.body = undefined;
      return true;
    }
    return readJsonBody(context).then(() => true);
  }

  private refuseStrayQuery(context: ExecutionContext, request: Request): void {
    const names = Object.keys(request.query);
    if (names.length === 0 || this.takenBy(context).query) return;
    const errors = new FieldErrors();
    for (const name of names) errors.add(name, 'is not a known parameter');
    throw new InvalidInput(errors);
  }

  private takenBy(context: ExecutionContext): Taken {
    const handler = context.getHandler();
    const known = this.taken.get(handler);
    if (known !== undefined) return known;
    const parameters = argumentsOf(context.getClass(), handler.name);
    const taken = {
      body: parameters.some(({ isBody }) => isBody),
      query: parameters.some(({ isQuery }) => isQuery),
    };
    this.taken.set(handler, taken);
    return taken;
  }
}
