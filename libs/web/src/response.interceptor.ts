import {
  Injectable,
  Optional,
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { from, lastValueFrom, map, type Observable } from 'rxjs';
import { holdsAlready } from './entity-tag';
import { type Idempotence, idempotenceOf } from './idempotency/idempotent';
import { IdempotentRequests } from './idempotency/idempotent-requests';
import { Precompressed } from './precompressed';
import { type Reply, replyMaker } from './reply';

/** What the decorators of a handler say of its answers. */
interface Route {
  readonly replyTo: (result: unknown) => Reply;
  readonly idempotence: Idempotence | undefined;
}

/** Lets nothing leave the server but the exposed fields of the DTO that the handler declares. */
@Injectable()
export class ResponseInterceptor implements NestInterceptor {
  private readonly routes = new WeakMap<object, Route>();

  constructor(@Optional() private readonly idempotentRequests?: IdempotentRequests) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    return this.replies(context, request, next).pipe(
      map((reply) => {
        const { body, headers } = reply.body instanceof Precompressed ? reply.body.replyTo(request) : reply;
        if (reply.body instanceof Precompressed) response.vary('Accept-Encoding');
        for (const name in headers) response.setHeader(name, headers[name] ?? '');
        const isFresh = settleFreshness(request, headers.ETag);
        // Express makes a 304 of what it sends itself; a file would be streamed all the same.
        return isFresh && body instanceof StreamableFile ? undefined : body;
      }),
    );
  }

  private replies(context: ExecutionContext, request: Request, next: CallHandler): Observable<Reply> {
    const { replyTo, idempotence } = this.routeOf(context);
    const key = idempotence && request.headers['idempotency-key'];
    if (key === undefined) return next.handle().pipe(map(replyTo));
    if (!this.idempotentRequests) throw new Error('@Idempotent() needs the IdempotencyModule');
    const perform = (): Promise<unknown> => lastValueFrom(next.handle(), { defaultValue: undefined });
    return from(this.idempotentRequests.answer(request, key, { ...idempotence, replyTo, perform }));
  }

  private routeOf(context: ExecutionContext): Route {
    const handler = context.getHandler();
    let route = this.routes.get(handler);
    if (route === undefined) {
      const name = `${context.getClass().name}.${handler.name}`;
      route = { replyTo: replyMaker(handler, name), idempotence: idempotenceOf(handler) };
      this.routes.set(handler, route);
    }
    return route;
  }
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
  Object.defineProperty(request, 'fresh', { value: isFresh });
  return isFresh;
}
