import type { Type } from '@nestjs/common';

/** Where the decorators keep a handler's answer. */
export const ANSWER = 'aegis:answer';

/** What a handler answers with, as its decorator declares. */
export type Answer = { readonly mediaTypes: readonly string[] } & (
  | {
      readonly kind: 'dto';
      readonly type: Type<object>;
      /** What the DTO is filled from, where that is not what the handler returns. */
      readonly from?: (result: never) => object;
      /** The handler builds the answer field by field. */
      readonly prebuilt: boolean;
    }
  /** Handed on as it is: text, a stream, a document that is not a DTO. */
  | { readonly kind: 'as-is' }
  | { readonly kind: 'nothing' }
);

/** What a handler declares to answer with; undefined where it declares nothing. */
export function answerOf(handler: object): Answer | undefined {
  return Reflect.getMetadata(ANSWER, handler) as Answer | undefined;
}
