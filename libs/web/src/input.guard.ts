import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import { hasBody, readJsonBody } from './json-body';
import { asStorableText } from './json-text';
import { InvalidInput } from './web.errors';

/** Where Nest keeps which arguments of a handler come from where: `<kind>:<index>`, 4 is the query. */
const HANDLER_ARGUMENTS = '__routeArguments__';
const QUERY_ARGUMENT = '4:';

/**
 * Last guard: reads the body, so that nothing is read for callers who are turned away, and refuses query parameters
 * on routes that have none. What parameters and fields must look like is the validation pipe's.
 */
@Injectable()
export class InputGuard implements CanActivate {
  private readonly takingQuery = new WeakMap<object, boolean>();

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (request.url.includes('?')) this.refuseStrayQuery(context, request);
    if (!hasBody(request)) {
      request.body = undefined;
      return true;
    }
    return this.readBody(context, request, http.getResponse<Response>());
  }

  private async readBody(context: ExecutionContext, request: Request, response: Response): Promise<boolean> {
    await readJsonBody(request, response, context.getHandler());
    return true;
  }

  private refuseStrayQuery(context: ExecutionContext, request: Request): void {
    const names = Object.keys(request.query);
    if (names.length === 0 || this.takesQuery(context)) return;
    throw new InvalidInput(
      names.map((field) => ({ field: asStorableText(field), message: 'is no known parameter' })),
    );
  }

  private takesQuery(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const known = this.takingQuery.get(handler);
    if (known !== undefined) return known;
    const parameters = (Reflect.getMetadata(HANDLER_ARGUMENTS, context.getClass(), handler.name) ??
      {}) as object;
    const takes = Object.keys(parameters).some((argument) => argument.startsWith(QUERY_ARGUMENT));
    this.takingQuery.set(handler, takes);
    return takes;
  }
}
