import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Matches, registerDecorator, ValidateIf } from 'class-validator';

function codePoints(text: string): number {
  return Array.from(text).length;
}

function lengthRule(min: number, max: number, rule: string): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'length',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => {
          if (typeof value !== 'string' || value.length < min) return false;
          // A text has no more code points than UTF-16 units.
          if (value.length <= max && min <= 1) return true;
          const length = codePoints(value);
          return length >= min && length <= max;
        },
        defaultMessage: () => rule,
      },
    });
  };
}

/**
 * A text of so many characters, counted as PostgreSQL counts them: in code points. (class-validator's own leaves
 * out variation selectors, so what passes it may break the table's rule.) Named like class-validator's, so that
 * the Swagger plugin documents it.
 */
export function Length(min: number, max: number): PropertyDecorator {
  return lengthRule(min, max, `must have ${min} to ${max} characters`);
}

/** A text of at most so many characters, counted in code points. */
export function MaxLength(max: number): PropertyDecorator {
  return lengthRule(0, max, `must have at most ${max} characters`);
}

/**
 * A text that looks like this; the OpenAPI document shows the pattern.
 * @param pattern anchored at both ends, without flags: JSON Schema has none
 * @param rule the same in words, beginning with "must"
 */
export function Pattern(pattern: RegExp, rule: string): PropertyDecorator {
  return applyDecorators(Matches(pattern, { message: rule }), ApiProperty({ pattern: pattern.source }));
}

/** The field may be left out; null is refused, unlike with `@IsOptional()`. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_, value: unknown) => value !== undefined);
}
