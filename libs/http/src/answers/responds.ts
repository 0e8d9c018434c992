import { applyDecorators, Header, HttpCode, SetMetadata, type Type } from '@nestjs/common';
import {
  ApiExtension,
  ApiExtraModels,
  ApiResponse,
  type ApiResponseOptions,
  getSchemaPath,
} from '@nestjs/swagger';

import { ANSWER, type Answer } from './answer';
import { DocumentAnswer } from './documented-answer';

export interface RespondsOptions {
  /** HTTP status, 200 unless given. */
  status?: number;
  description?: string;
  /** OpenAPI headers of the answer, e.g. `Location`. */
  headers?: ApiResponseOptions['headers'];
}

/**
 * Declares what a handler answers with: only fields of the DTO that carry `@Expose()` leave the server.
 * @param type the DTO; what the handler returns is mapped to it, lists item by item
 * @param options `isArray` for the OpenAPI document; `alsoOffers`: media types that the handler streams by itself;
 *   `from`: makes the source of the DTO's fields, if it is not the handler's result; `prebuilt`: the handler builds
 *   the answer field by field, so the mapping is spared (it costs the hot path a tenth)
 */
export function Responds(
  type: Type<object>,
  options: RespondsOptions & {
    isArray?: boolean;
    alsoOffers?: readonly string[];
    from?: (result: never) => object;
    prebuilt?: boolean;
  } = {},
): MethodDecorator {
  const {
    status = 200,
    description = '',
    headers,
    isArray = false,
    alsoOffers = [],
    from,
    prebuilt = false,
  } = options;
  const mediaTypes = ['application/json', ...alsoOffers];
  const answer: Answer = { kind: 'dto', type, mediaTypes, prebuilt, ...(from && { from }) };
  return applyDecorators(
    SetMetadata(ANSWER, answer),
    HttpCode(status),
    ...(alsoOffers.length === 0
      ? [DocumentAnswer({ status, type, isArray, description, ...(headers && { headers }) })]
      : documentStreams(status, type, description, alsoOffers)),
  );
}

function documentStreams(
  status: number,
  type: Type<object>,
  description: string,
  streams: readonly string[],
): MethodDecorator[] {
  const content = Object.fromEntries(streams.map((stream) => [stream, { schema: { type: 'string' } }]));
  return [
    ApiExtraModels(type),
    ApiResponse({
      status,
      description,
      content: { 'application/json': { schema: { $ref: getSchemaPath(type) } }, ...content },
    }),
  ];
}

/**
 * Declares that a handler answers with something that is not a DTO.
 * @param mediaType of the answer, e.g. `text/plain`
 */
export function RespondsAsIs(
  mediaType: string,
  options: RespondsOptions & { schema?: Record<string, unknown> } = {},
): MethodDecorator {
  const { status = 200, description = '', headers, schema = { type: 'string' } } = options;
  const [name = mediaType] = mediaType.split(';', 1);
  const answer: Answer = { kind: 'as-is', mediaTypes: [name] };
  return applyDecorators(
    SetMetadata(ANSWER, answer),
    HttpCode(status),
    Header('Content-Type', mediaType),
    DocumentAnswer({
      status,
      description,
      content: { [name]: { schema } },
      ...(headers && { headers }),
    }),
  );
}

/** Declares that a handler answers 204, without a body. */
export function RespondsNothing(description = ''): MethodDecorator {
  const answer: Answer = { kind: 'nothing', mediaTypes: [] };
  return applyDecorators(
    SetMetadata(ANSWER, answer),
    HttpCode(204),
    DocumentAnswer({ status: 204, description }),
  );
}

/** Says in the OpenAPI document, until it is complete, what `Cache-Control` a route answers with. */
export const CACHE_CONTROL_EXTENSION = 'x-cache-control';

/**
 * Sets `Cache-Control` on what a handler answers (RFC 9111 section 5.2.2), here and in the OpenAPI document.
 * @param directives e.g. `public, max-age=300`
 */
export function CacheControl(directives: string): MethodDecorator {
  return applyDecorators(
    Header('Cache-Control', directives),
    ApiExtension(CACHE_CONTROL_EXTENSION, directives),
  );
}

/** Keeps an answer that holds a token or a secret out of every cache (RFC 9111 section 5.2.2.5). */
export function NoStore(): MethodDecorator {
  return CacheControl('no-store');
}
