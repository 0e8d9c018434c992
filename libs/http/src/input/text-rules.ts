import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { Matches, registerDecorator, ValidateIf, type ValidationArguments } from 'class-validator';

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
          // A code point has at most two UTF-16 units: counting those of a whole body would cost more than reading it.
          if (value.length > 2 * max) return false;
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

/** An empty text counts as an absent field, as some clients send it for what they do not know. */
export function EmptyIsAbsent(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));
}

/** The field may be left out, or be null, where another field is given that says the same. */
export function RequiredUnless(other: string): PropertyDecorator {
  return ValidateIf(
    (fields: Record<string, unknown>, value: unknown) => !isAbsent(value) || isAbsent(fields[other]),
  );
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/**
 * A second name of another field: when both are given they must say the same.
 * @param other name of that field
 */
export function SameAs(other: string): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'sameAs',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown, facts?: ValidationArguments) => {
          const otherValue = facts && (facts.object as Record<string, unknown>)[other];
          return isAbsent(otherValue) || value === otherValue;
        },
        defaultMessage: () => `must be the same as ${other}: both name one field`,
      },
    });
  };
}
