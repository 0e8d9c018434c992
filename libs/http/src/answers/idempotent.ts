import {
  type Idempotence,
  IDEMPOTENCY_KEY,
  IdempotentRequests,
  keyedRequest,
  LONGEST_IDEMPOTENCY_KEY,
  type Performance,
} from '@aegis/idempotency';
import { applyDecorators, createParamDecorator, type ExecutionContext, Inject, Req } from '@nestjs/common';
import { argumentsOf } from '../framework-internals';
import { ApiHeader } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiProblems } from '../problems/api-problems';
import { DocumentAnswer } from './documented-answer';
import { credentialOf } from '../callers/identification';
import { ReadyReply } from './reply';
import { factsOf } from '../edge/request-facts';

const REQUESTS = Symbol('idempotent requests');

type Handler = (this: object, ...args: unknown[]) => unknown;

/**
 * Lets callers send a request again without its being carried out twice: with the same `Idempotency-Key` within 24
 * hours it answers what the first one did. The handler changes things in one `transaction()` and returns what that
 * returned, for the answer is remembered in it.
 */
export function Idempotent<Result>(idempotence: Idempotence<Result> = {}): MethodDecorator {
  return applyDecorators(
    carriedOutOnce(idempotence as Idempotence),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Chosen by the caller, new for each request: a request that is sent again within 24 hours gets the first answer',
      schema: {
        type: 'string',
        minLength: 1,
        maxLength: LONGEST_IDEMPOTENCY_KEY,
        pattern: IDEMPOTENCY_KEY.source,
      },
    }),
    DocumentAnswer({
      headers: {
        'Idempotent-Replayed': {
          description: 'The answer of an earlier request with the same `Idempotency-Key`',
          schema: { type: 'string', enum: ['true'] },
        },
      },
    }),
    ApiProblems('request_in_progress', 'answer_unreadable', 'idempotency_key_reused'),
  );
}

/**
 * Controller parameter of an `@Idempotent()` route: whether the request has an `Idempotency-Key`. Its answer is then
 * remembered in the transaction of the change, which other requests can't share.
 */
export const HasIdempotencyKey = createParamDecorator(
  (_: unknown, context: ExecutionContext): boolean =>
    context.switchToHttp().getRequest<Request>().headers['idempotency-key'] !== undefined,
);

/**
 * Replaces the handler by one that carries out a request with an `Idempotency-Key` once. Not an interceptor: those
 * cost every request of the route, with such a key or without (docs/adr/0024).
 */
function carriedOutOnce(idempotence: Idempotence): MethodDecorator {
  return (controller, name, descriptor) => {
    const handler = descriptor.value as Handler;
    const requestAt =
      Math.max(-1, ...argumentsOf(controller.constructor, name).map(({ index }) => index)) + 1;
    Req()(controller, name, requestAt);
    Inject(IdempotentRequests)(controller, REQUESTS);
    const once = function (this: { [REQUESTS]: IdempotentRequests }, ...args: unknown[]): unknown {
      const request = args[requestAt] as Request;
      const perform = (): unknown => handler.apply(this, args.slice(0, requestAt));
      const key = request.headers['idempotency-key'];
      if (key === undefined) return perform();
      const { route } = factsOf(request);
      if (route === undefined) throw new Error('an @Idempotent() route whose request passed no guard');
      const { replyTo } = route;
      return answerOnce(this[REQUESTS], request, key, { ...idempotence, replyTo, perform });
    };
    // Copies the metadata of other decorators, and the name, by which guards look up the arguments of the handler.
    for (const key of Reflect.getMetadataKeys(handler) as unknown[])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), once);
    Object.defineProperty(once, 'name', { value: handler.name });
    descriptor.value = once as typeof descriptor.value;
  };
}

async function answerOnce(
  requests: IdempotentRequests,
  request: Request,
  idempotencyKey: string | string[],
  performance: Performance,
): Promise<ReadyReply> {
  const credential = credentialOf(request);
  if (credential.kind !== 'key') throw new Error('an @Idempotent() route must require an API key');
  const keyed = keyedRequest(credential.key, idempotencyKey, request);
  const { body, headers } = await requests.answer(keyed, performance);
  return new ReadyReply(body, headers);
}
