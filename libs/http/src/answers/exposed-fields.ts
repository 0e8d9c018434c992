import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { plainFieldsOf, type PlainField } from '../framework-internals';

/**
 * Makes DTOs of what handlers return: the fields that carry `@Expose()`, and no others. Plain values, also
 * those that `@Transform()` changes, and DTOs of such fields are copied here; all else is class-transformer's
 * (docs/adr/0024).
 * @param type the DTO
 */
export function exposedFieldsOf(type: Type<object>): (value: object) => unknown {
  const transform = (value: object): unknown =>
    plainToInstance(type, value, { excludeExtraneousValues: true });
  const fields = plainFieldsOf(type)?.map(({ name, made, holds, isOpaque = false }) => ({
    name,
    made,
    isOpaque,
    exposed: holds && exposedFieldsOf(holds),
  }));
  if (fields === undefined) return transform;
  return (value) => copyOf(fields, value as Readonly<Record<string, unknown>>) ?? transform(value);
}

interface CopiedField extends Pick<PlainField, 'name' | 'made'> {
  isOpaque: boolean;
  /** Makes the DTO of an object; undefined if the value is not an object. */
  exposed: ((value: object) => unknown) | undefined;
}

/** @returns undefined for what the DTO does not declare: a list, an object of which not all may be meant to leave */
function copyOf(
  fields: readonly CopiedField[],
  value: Readonly<Record<string, unknown>>,
): object | undefined {
  if (Array.isArray(value)) return undefined;
  const copy: Record<string, unknown> = {};
  for (const { name, made, exposed, isOpaque } of fields) {
    const content = value[name];
    if (isOpaque) copy[name] = content;
    else if (isBare(content) || (Array.isArray(content) && content.every(isBare)))
      copy[name] = made ? made(content, value) : content;
    else if (exposed !== undefined && !Array.isArray(content)) copy[name] = exposed(content as object);
    else return undefined;
  }
  return copy;
}

/** Whether a value has no fields of its own. */
function isBare(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Date;
}
