import { applyDecorators, SetMetadata } from '@nestjs/common';
import { DocumentAnswer } from './documented-answer';

const CREATES = 'aegis:creates';

/**
 * Answers with `Location` (RFC 9110 section 10.2.2): the address of what the handler created.
 * @param pathOf path of what was created, from what the handler returns
 */
export function Creates(pathOf: (result: never) => string): MethodDecorator {
  return applyDecorators(
    SetMetadata(CREATES, pathOf),
    DocumentAnswer({
      headers: {
        Location: {
          description: 'Path of what was created',
          schema: { type: 'string', format: 'uri-reference' },
        },
      },
    }),
  );
}

/** What a handler declares by `@Creates`, if anything. */
export function createdPathOf(handler: object): ((result: unknown) => string) | undefined {
  return Reflect.getMetadata(CREATES, handler) as ((result: unknown) => string) | undefined;
}
