import { ApiResponse, type ApiResponseOptions } from '@nestjs/swagger';

const DOCUMENTED = 'aegis:documented-answer';

type AnswerDocument = Partial<ApiResponseOptions>;

/**
 * Writes the answer of a route into the OpenAPI document, piece by piece: each decorator adds what it knows, in any
 * order.
 * @param part status, schema and description, or further headers
 */
export function DocumentAnswer(part: AnswerDocument): MethodDecorator {
  return (target, key, descriptor) => {
    const handler = descriptor.value as object;
    const known = (Reflect.getMetadata(DOCUMENTED, handler) ?? {}) as AnswerDocument;
    const whole = { ...known, ...part, headers: { ...known.headers, ...part.headers } };
    Reflect.defineMetadata(DOCUMENTED, whole, handler);
    // Until the status is known there is no answer to write headers to. Descriptions given twice are joined.
    if (whole.status !== undefined)
      ApiResponse({ ...whole, description: part.description ?? '' })(target, key, descriptor);
  };
}
