import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { plainFieldsOf } from '../framework-internals';

/**
 * Makes DTOs of what handlers return: the fields that carry `@Expose()`, and no others. Fields that are handed on as
 * they are, which are most, are copied here; all else is class-transformer's (docs/adr/0024).
 * @param type the DTO
 */
export function exposedFieldsOf(type: Type<object>): (value: object) => unknown {
  const transform = (value: object): unknown =>
    plainToInstance(type, value, { excludeExtraneousValues: true });
  const fields = plainFieldsOf(type);
  if (fields === undefined) return transform;
  return (value) => copyOf(fields, value as Readonly<Record<string, unknown>>) ?? transform(value);
}

/** @returns undefined for a list, and where a field holds an object, of which not all may be meant to leave */
function copyOf(fields: readonly string[], value: Readonly<Record<string, unknown>>): object | undefined {
  if (Array.isArray(value)) return undefined;
  const copy: Record<string, unknown> = {};
  for (const field of fields) {
    const content = value[field];
    if (!isBare(content) && !(Array.isArray(content) && content.every(isBare))) return undefined;
    copy[field] = content;
  }
  return copy;
}

/** Whether a value has no fields of its own. */
function isBare(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Date;
}
