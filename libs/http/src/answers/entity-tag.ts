import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import { DocumentAnswer } from './documented-answer';

const TAGGED = 'aegis:etag';
const ENTITY_TAG = /(W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/** What distinguishes two states of a resource: letters, digits, `.`, `-` and `_`, without quotes. */
export type TagOf<Resource> = (current: Resource) => string;

/** A strong entity tag as it is sent (RFC 9110 section 8.8.3). */
export function entityTag(opaque: string): string {
  return `"${opaque}"`;
}

/**
 * Answers with a strong `ETag`: that of the state after the request.
 * @param tagOf the tag of what the handler returns
 */
export function ETagged<Result>(tagOf: TagOf<Result>): MethodDecorator {
  return applyDecorators(
    SetMetadata(TAGGED, tagOf),
    DocumentAnswer({
      headers: {
        ETag: {
          description: 'Changes with the resource; for `If-None-Match` and `If-Match`',
          schema: { type: 'string' },
        },
      },
    }),
  );
}

/**
 * Documents that a read with `@ETagged` answers 304 to a caller that already has the current state (RFC 9110 section
 * 13.1.2).
 */
export function IfNoneMatch(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'Entity tags that the caller has; 304 without a body if the current one is among them',
      schema: { type: 'string' },
    }),
    ApiResponse({
      status: 304,
      description: 'Not changed',
      headers: { ETag: { schema: { type: 'string' } } },
    }),
  );
}

/**
 * Whether the caller of a read has the present state already. Tags are compared weakly; an invalid list counts
 * as absent: a read is safe without a condition.
 * @param ifNoneMatch header of that name
 * @param current entity tag of the present state
 */
export function holdsAlready(ifNoneMatch: string, current: string): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  return parseEntityTags(ifNoneMatch)?.some((tag) => tag.replace(/^W\//, '') === current) ?? false;
}

/** What a handler declares by `@ETagged`, if anything. */
export function tagOf(handler: object): TagOf<unknown> | undefined {
  return Reflect.getMetadata(TAGGED, handler) as TagOf<unknown> | undefined;
}

/**
 * Reads a list of entity tags (RFC 9110 sections 5.6.1 and 8.8.3).
 * @returns the tags as sent, weak ones with `W/`; undefined when it is not such a list
 */
export function parseEntityTags(list: string): string[] | undefined {
  const tags = list.match(ENTITY_TAG) ?? [];
  // No header contains a NUL, so it can mark the place of a tag. Empty elements are allowed.
  const elements = list.replace(ENTITY_TAG, '\0').split(',');
  const sound = elements.map((element) => element.trim()).every((element) => ['', '\0'].includes(element));
  return sound && tags.length > 0 ? tags : undefined;
}
