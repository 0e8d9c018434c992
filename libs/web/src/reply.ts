import { StreamableFile } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { answerOf } from './answer';
import { createdPathOf } from './creates';
import { entityTag, tagOf } from './entity-tag';

/** What a route answers to one request, besides its status. */
export interface Reply {
  /** To be sent as JSON, or as it is. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** A reply that a handler's result need not be made into any more. */
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
      if (answer.prebuilt) return (value) => value;
      return (value) => {
        if (value instanceof StreamableFile) return value;
        if (typeof value !== 'object' || value === null)
          throw new Error(`${route} returned no object, but declares @Responds(${answer.type.name})`);
        return plainToInstance(answer.type, answer.from?.(value as never) ?? value, {
          excludeExtraneousValues: true,
        });
      };
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
