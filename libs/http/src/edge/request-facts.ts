import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Credential } from '@aegis/access';
import type { Quota } from '@aegis/rate-limits';
import { type DeclaredRoute, declaredRoute } from '../declared-route';

/** What the server has found out about a request so far. */
export interface RequestFacts {
  /** Set by the first guard; unknown paths have none. */
  route?: DeclaredRoute;
  /** Asked for once per request. */
  identifying?: Promise<Credential>;
  /** Set when identification is through. */
  credential?: Credential;
  /** Whether some of the request was still to come when its caller was identified. */
  identifiedEarly?: boolean;
  /** Read once per request. */
  body?: Promise<unknown>;
  /** Whether the request was counted against its limit, or need not be. */
  counted: boolean;
  /** How far it has used up the limits that it was counted against. */
  quotas?: readonly Quota[];
}

const FACTS = Symbol('facts');

/** The facts of a request, kept on it: a WeakMap per fact costs the garbage collector more. */
export function factsOf(request: Request & { [FACTS]?: RequestFacts }): RequestFacts {
  return (request[FACTS] ??= { counted: false });
}

/**
 * What the route of a request declares; noted on the request, from which the adapter takes it.
 * @param context as a guard gets it
 * @throws what `declaredRoute` throws
 */
export function routeOf(context: ExecutionContext): DeclaredRoute {
  const facts = factsOf(context.getArgByIndex<Request>(0));
  return (facts.route ??= declaredRoute(context.getClass(), context.getHandler()));
}
