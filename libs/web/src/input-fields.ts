import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, registerDecorator } from 'class-validator';
import { parseTimestamp } from './timestamp';

/** A rule of a field: `holds` judges the value after its transformation, `rule` is the rule in words. */
function Rule(name: string, rule: string, holds: (value: unknown) => boolean): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: { validate: holds, defaultMessage: () => rule },
    });
  };
}

/**
 * An optional whole number in the query.
 * @param range both ends included
 */
export function QueryInteger(range: { min: number; max: number }): PropertyDecorator {
  const { min, max } = range;
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum: min, maximum: max }),
    IsOptional(),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
    ),
    Rule(
      'queryInteger',
      `must be a whole number from ${min} to ${max}`,
      (value) => typeof value === 'number' && value >= min && value <= max,
    ),
  );
}

/** An optional `true` or `false` in the query. */
export function QueryBoolean(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: Boolean }),
    IsOptional(),
    Transform(({ value }: { value: unknown }) =>
      value === 'true' ? true : value === 'false' ? false : value,
    ),
    Rule('queryBoolean', 'must be true or false', (value) => typeof value === 'boolean'),
  );
}

const asDate = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? (parseTimestamp(value) ?? value) : value,
);
const isDate = Rule(
  'timestamp',
  'must be an RFC 3339 time with offset, like 2026-02-03T19:12:10Z',
  (value) => value instanceof Date,
);

/** An optional RFC 3339 time in the query; the DTO holds a Date. */
export function QueryTimestamp(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: String, format: 'date-time' }),
    IsOptional(),
    asDate,
    isDate,
  );
}

/** An RFC 3339 time in a body; the DTO holds a Date. Combine with `@IsOptional()` where it may be absent. */
export function Timestamp(options: { required: boolean } = { required: true }): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: String, format: 'date-time', required: options.required }),
    asDate,
    isDate,
  );
}
