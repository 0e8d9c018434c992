import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Request } from 'express';
import { ApiProblems } from '../problems/api-problems';
import { entityTag, parseEntityTags, type TagOf } from './entity-tag';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { InvalidInput } from '@aegis/errors';
import { PreconditionFailed } from '../problems/http.errors';

/**
 * Controller parameter: what `If-Match` demands (RFC 9110 section 13.1.1). Tags are compared strongly, so that weak
 * ones never match; `*` matches any existing state.
 * @param tagOf the same tag that reads answer with
 */
export function IfMatch<Resource>(tagOf: TagOf<Resource>): ParameterDecorator {
  return createParamDecorator(
    (_: unknown, context: ExecutionContext): Precondition<Resource> => {
      const header = context.switchToHttp().getRequest<Request>().headers['if-match'];
      return header === undefined ? NO_PRECONDITION : demand(header, tagOf);
    },
    [documentIfMatch],
  )();
}

function demand<Resource>(header: string, tagOf: TagOf<Resource>): Precondition<Resource> {
  if (header.trim() === '*') return NO_PRECONDITION;
  const tags = parseEntityTags(header);
  if (tags === undefined)
    throw new InvalidInput([{ field: 'If-Match', message: 'must be * or a list of quoted entity tags' }]);
  return (current) => {
    if (!tags.includes(entityTag(tagOf(current)))) throw new PreconditionFailed();
  };
}

const documentIfMatch: ParameterDecorator = (target, key) => {
  if (key === undefined) return;
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  if (descriptor === undefined) return;
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: '`ETag` of the state that will be changed; 412 if it has changed since',
    schema: { type: 'string' },
  })(target, key, descriptor);
  ApiProblems('precondition_failed')(target, key, descriptor);
};
