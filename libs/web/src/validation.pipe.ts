import type { FieldError } from '@aegis/errors';
import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { isStorableText, RESERVED_NAMES, STORABLE_TEXT_RULE } from './json-text';
import { ignoresUnknownFields } from './unknown-fields';
import { InvalidInput } from './web.errors';

const PLAIN_TYPES: ReadonlySet<unknown> = new Set([String, Number, Boolean, Array, Object]);
const RULES = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true } as const;
const FORGIVING_RULES = { ...RULES, forbidNonWhitelisted: false } as const;

/**
 * Makes validated DTOs of bodies and queries. Nothing is converted but by what a field declares itself, and what
 * no field declares is refused, or dropped where the DTO says so.
 */
@Injectable()
export class ValidationPipe implements PipeTransform {
  /**
   * @throws InvalidInput naming every broken rule at once, nested fields as `items.3.token`
   * @throws Error when a handler takes a body or a query without a DTO class: nothing would be checked
   */
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'body' && type !== 'query') return value;
    if (metatype === undefined || PLAIN_TYPES.has(metatype))
      throw new Error(`A handler takes its ${type} without a DTO class`);
    const given: unknown = value === undefined ? {} : value;
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new InvalidInput([{ field: 'body', message: 'must be a JSON object' }]);
    const parameterErrors = type === 'query' ? refuseParameters(given) : [];
    const dto = plainToInstance(metatype as Type<object>, given, { exposeDefaultValues: true });
    const broken = validateSync(dto, ignoresUnknownFields(metatype) ? FORGIVING_RULES : RULES);
    if (broken.length === 0 && parameterErrors.length === 0) {
      refuseListsInLists(given);
      return dto;
    }
    const alreadyRefused = new Set(parameterErrors.map(({ field }) => field));
    const errors = fieldErrors(broken, '', type).filter(({ field }) => !alreadyRefused.has(field));
    throw new InvalidInput([...parameterErrors, ...errors]);
  }
}

/** What is wrong with parameters whatever they mean: a reserved name, given twice, or a text that can't be stored. */
function refuseParameters(parameters: object): FieldError[] {
  return Object.entries(parameters).flatMap(([field, value]: [string, unknown]) => {
    if (RESERVED_NAMES.has(field)) return [{ field, message: 'is no known parameter' }];
    if (typeof value !== 'string') return [{ field, message: 'must be given once' }];
    return isStorableText(value) ? [] : [{ field, message: STORABLE_TEXT_RULE }];
  });
}

/**
 * class-validator takes a list within a list of objects for one that holds the objects itself, so that the handler
 * would get lists where it expects objects. No field of the contract is a list of lists.
 */
function refuseListsInLists(fields: object): void {
  const errors = Object.entries(fields).flatMap(([name, value]: [string, unknown]) =>
    Array.isArray(value)
      ? value.flatMap((item, index) =>
          Array.isArray(item) ? [{ field: `${name}.${index}`, message: 'must not be a list' }] : [],
        )
      : [],
  );
  if (errors.length > 0) throw new InvalidInput(errors);
}

function fieldErrors(
  errors: readonly ValidationError[],
  parent: string,
  type: 'body' | 'query',
): FieldError[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const field = parent === '' ? property : `${parent}.${property}`;
    const messages = Object.entries(constraints).map(([rule, text]) =>
      rule === 'whitelistValidation'
        ? `is no known ${type === 'query' ? 'parameter' : 'field'}`
        : text.startsWith(`${property} `)
          ? text.slice(property.length + 1)
          : text,
    );
    return [
      ...[...new Set(messages)].map((message) => ({ field, message })),
      ...fieldErrors(children, field, type),
    ];
  });
}
