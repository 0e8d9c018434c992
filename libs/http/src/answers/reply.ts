import type { Reply } from '@aegis/idempotency';
import { StreamableFile, type Type } from '@nestjs/common';
import { answerOf } from './answer';
import { createdPathOf } from './creates';
import { entityTag, tagOf } from './entity-tag';
import { exposedFieldsOf } from './exposed-fields';

/** A reply that a handler's result no longer needs to be converted into. */
export class ReadyReply implements Reply {
  constructor(
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>>,
  ) {}
}

/**
 * How the results of a handler become answers, as its decorators declare.
 * @param handler its method
 * @param route its name, for those who develop it
 */
export function replyMaker(handler: object, route: string): (result: unknown) => Reply {
  const bodyOf = bodyMaker(handler, route);
  const created = createdPathOf(handler);
  const tag = tagOf(handler);
  return (result) => ({
    body: bodyOf(result),
    headers: {
      ...(created && { Location: created(result) }),
      ...(tag && { ETag: entityTag(tag(result)) }),
    },
  });
}

function bodyMaker(handler: object, route: string): (value: unknown) => unknown {
  const answer = answerOf(handler);
  switch (answer?.kind) {
    case 'dto':
      return answer.prebuilt ? (value) => value : dtoMaker(answer.type, answer.from, route);
    case 'as-is':
      return (value) => value;
    case 'nothing':
    case undefined:
      return (value) => {
        if (value === undefined) return value;
        throw new Error(`${route} returned something, but declares no @Responds(...)`);
      };
  }
}

function dtoMaker(
  type: Type<object>,
  from: ((result: never) => object) | undefined,
  route: string,
): (value: unknown) => unknown {
  const expose = exposedFieldsOf(type);
  return (value) => {
    if (value instanceof StreamableFile) return value;
    if (typeof value !== 'object' || value === null)
      throw new Error(
        `${route} returned something that is not an object, but declares @Responds(${type.name})`,
      );
    return expose(from?.(value as never) ?? value);
  };
}
