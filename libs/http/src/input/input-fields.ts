import { parseTimestamp, TIMESTAMP_RULE, timestampProblem } from '@aegis/field-rules';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsOptional, registerDecorator, type ValidationArguments } from 'class-validator';

/**
 * A rule of a field: `holds` judges the value after its transformation, `rule` is the rule in words, or makes them of
 * a value that breaks it.
 */
function Rule(
  name: string,
  rule: string | ((value: unknown) => string),
  holds: (value: unknown) => boolean,
): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: holds,
        defaultMessage: (facts?: ValidationArguments) =>
          typeof rule === 'string' ? rule : rule(facts?.value),
      },
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
const isDate = Rule('timestamp', timestampRule, (value) => value instanceof Date);
const isQueryDate = Rule('timestamp', queryTimestampRule, (value) => value instanceof Date);

function timestampRule(value: unknown): string {
  return (typeof value === 'string' ? timestampProblem(value) : null) ?? TIMESTAMP_RULE;
}

/** In a query a bare plus means a space: what is left of `+02:00` then is ` 02:00`. */
function queryTimestampRule(value: unknown): string {
  const meant = typeof value === 'string' ? value.replace(/ (\d\d:\d\d)$/, '+$1') : '';
  return meant !== value && parseTimestamp(meant) !== null
    ? 'must have the + of its offset written as %2B: in a query, a + means a space'
    : timestampRule(value);
}

/** An optional RFC 3339 time in the query; the DTO holds a Date. */
export function QueryTimestamp(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: String, format: 'date-time' }),
    IsOptional(),
    asDate,
    isQueryDate,
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
