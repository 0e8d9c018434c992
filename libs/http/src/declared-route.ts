import type { Reply } from '@aegis/idempotency';
import type { Type } from '@nestjs/common';
import { answerOf } from './answers/answer';
import { replyMaker } from './answers/reply';
import { type Access, accessOf, isForgiving } from './callers/route-access';
import { argumentsOf } from './framework-internals';
import { type BodyRules, bodyRulesOf, declaredFieldsOf } from './input/body/body-rules';

/** What the decorators of a handler declare: guards and the adapter read it from here. */
export interface DeclaredRoute {
  /** `Controller.method`, for messages. */
  readonly name: string;
  readonly access: Access | undefined;
  /** Whether the route ignores what carries no meaning (`isForgiving`). */
  readonly forgiving: boolean;
  /** Media types that it can answer in; undefined where it declares no answer. */
  readonly mediaTypes: readonly string[] | undefined;
  /** Rules of its body; undefined where it takes none. */
  readonly body: BodyRules | undefined;
  /** Whether it takes parameters of the query. */
  readonly takesQuery: boolean;
  /** Names of the fields of its body and of the parameters of its query. */
  readonly fields: ReadonlySet<string>;
  /** Makes the reply of what the handler returns. */
  readonly replyTo: (result: unknown) => Reply;
}

/** By controller first: a method that two controllers inherit is one handler with the access of either. */
const known = new WeakMap<Type, WeakMap<object, DeclaredRoute>>();

/**
 * What a handler declares, read when it is asked for first.
 * @throws Error for a body without bounds, which `assertEveryBodyIsBounded` finds at the start
 */
export function declaredRoute(controller: Type, handler: object & { readonly name: string }): DeclaredRoute {
  let routes = known.get(controller);
  if (routes === undefined) known.set(controller, (routes = new WeakMap()));
  let route = routes.get(handler);
  if (route === undefined) routes.set(handler, (route = readDecorators(controller, handler)));
  return route;
}

function readDecorators(controller: Type, handler: object & { readonly name: string }): DeclaredRoute {
  const name = `${controller.name}.${handler.name}`;
  const access = accessOf(handler, controller);
  const parameters = argumentsOf(controller, handler.name);
  return {
    name,
    access,
    forgiving: isForgiving(access),
    mediaTypes: answerOf(handler)?.mediaTypes,
    body: parameters.some(({ isBody }) => isBody) ? bodyRulesOf(controller, handler) : undefined,
    takesQuery: parameters.some(({ isQuery }) => isQuery),
    fields: declaredFieldsOf(controller, handler),
    replyTo: replyMaker(handler, name),
  };
}
