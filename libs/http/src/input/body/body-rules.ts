import { SetMetadata, type Type } from '@nestjs/common';
import { accessOf, isForgiving } from '../../callers/route-access';
import { argumentsOf, type HandlerArgument } from '../../framework-internals';
import { fieldNamesOf, jsonBoundsOf } from './body-bounds';
import type { JsonBounds } from '@aegis/json';

const DEFAULT_LIMIT = 64 * 1024;
const BODY_LIMIT = 'aegis:body-limit';
const NO_FIELDS: JsonBounds = { lists: new Map(), freeNames: new Set(), values: 0 };

/** What a route takes as its body. */
export interface BodyRules {
  /** Largest body, in bytes; a larger one is answered 413. */
  readonly bytes: number;
  readonly json: JsonBounds;
  /** Whether the route ignores what carries no meaning. */
  readonly forgiving: boolean;
}

/**
 * Lets a route take larger bodies than 64 KiB.
 * @param bytes the limit; a larger body is answered 413
 */
export function BodyLimit(bytes: number): MethodDecorator {
  return SetMetadata(BODY_LIMIT, bytes);
}

/**
 * What a handler takes as its body, by its `@BodyLimit` and the DTO of its `@Body()`.
 * @throws Error when the DTO has a list without a maximum; `assertEveryBodyIsBounded` finds it at the start
 */
export function bodyRulesOf(controller: Type, handler: { readonly name: string }): BodyRules {
  const bytes = (Reflect.getMetadata(BODY_LIMIT, handler) as number | undefined) ?? DEFAULT_LIMIT;
  const [dto] = inputTypesOf(controller, handler.name, ({ isBody }) => isBody);
  const json = dto === undefined ? NO_FIELDS : jsonBoundsOf(dto);
  return { bytes, json, forgiving: isForgiving(accessOf(handler, controller)) };
}

/** Names of all fields and parameters of the query that a handler declares, those of lists of objects included. */
export function declaredFieldsOf(controller: Type, handler: { readonly name: string }): ReadonlySet<string> {
  const types = inputTypesOf(controller, handler.name, ({ isBody, isQuery }) => isBody || isQuery);
  return new Set(types.flatMap((type) => fieldNamesOf(type)));
}

/** Classes of the arguments of a handler that are of some kind. */
function inputTypesOf(
  controller: Type,
  name: string,
  wanted: (argument: HandlerArgument) => boolean,
): Type<object>[] {
  const types = Reflect.getMetadata('design:paramtypes', controller.prototype as object, name) as
    Type<object>[] | undefined;
  return argumentsOf(controller, name)
    .filter(wanted)
    .flatMap(({ index }) => types?.[index] ?? []);
}
