import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ApiProblems } from '../api-problems';
import { DocumentAnswer } from '../documented-answer';

const IDEMPOTENT = 'aegis:idempotent';

/** How the answers of a route are remembered. */
export interface Idempotence<Result = unknown> {
  /**
   * Id of the customer whose personal data the answer holds: removing the customer removes the answer. Absent where
   * answers hold none.
   */
  readonly customerOf?: (result: Result) => string;
}

/**
 * Lets callers send a request again without its being carried out twice: with the same `Idempotency-Key` within 24
 * hours it answers what the first one did. The handler changes things in one `transaction()` and returns what that
 * returned, for the answer is remembered in it.
 */
export function Idempotent<Result>(idempotence: Idempotence<Result> = {}): MethodDecorator {
  return applyDecorators(
    SetMetadata(IDEMPOTENT, idempotence),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Chosen by the caller, new for each request: sent again within 24 hours, the request answers what it did the first time',
      schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]{1,255}$' },
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

/** What a handler declares by `@Idempotent`, if anything. */
export function idempotenceOf(handler: object): Idempotence | undefined {
  return Reflect.getMetadata(IDEMPOTENT, handler) as Idempotence | undefined;
}
