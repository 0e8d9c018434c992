import { normalText, textProblem, type TextRule } from '@aegis/field-rules';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { registerDecorator, type ValidationArguments } from 'class-validator';
import { MaxLength } from './text-rules';

const toNormalForm = Transform(({ value }: { value: unknown }) =>
  typeof value === 'string' ? normalText(value) : value,
);

/** Documents a text; combine with `@IsString()`. */
function documented({ minLength, maxLength, email = false }: TextRule): PropertyDecorator {
  return ApiProperty({ minLength, maxLength, ...(email && { format: 'email' }) });
}

/** A text that people read; the DTO holds its normal form (NFC). Combine with `@IsString()`. */
export function ReadableText(rule: TextRule): PropertyDecorator {
  const problem = (value: unknown): string | null =>
    typeof value === 'string' ? textProblem(value, rule) : null;
  const rules: PropertyDecorator = (target, property) => {
    registerDecorator({
      name: 'readableText',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => problem(value) === null,
        defaultMessage: (facts?: ValidationArguments) => problem(facts?.value) ?? '',
      },
    });
  };
  return applyDecorators(documented(rule), toNormalForm, rules);
}

/**
 * The new value of a text that people read, in its normal form (NFC). Here only the length is checked: the service
 * judges it with `brokenTexts`, which accepts what is stored already.
 */
export function ChangedText(rule: TextRule): PropertyDecorator {
  return applyDecorators(documented(rule), toNormalForm, MaxLength(rule.maxLength));
}
