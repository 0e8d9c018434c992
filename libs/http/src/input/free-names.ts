import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { registerDecorator, type ValidationArguments } from 'class-validator';

/** An object with names of the caller's choice. */
export interface FreeNamesField {
  readonly name: string;
  /** Most members. */
  readonly max: number;
}

const FREE_NAMES = Symbol('fields with free names');

/**
 * A field that holds an object with names of the caller's choice, also of those that every object inherits:
 * class-transformer, which takes a member `constructor` for a class, never sees it.
 * @param max most members
 * @param schema of it, for the OpenAPI document
 * @param brokenRules says which rules a value of any type breaks; none: it is sound
 */
export function FreeNames({
  max,
  schema,
  brokenRules,
}: {
  max: number;
  schema: ApiPropertyOptions;
  brokenRules: (value: unknown) => readonly string[];
}): PropertyDecorator {
  const remember: PropertyDecorator = (target, property) => {
    const others = freeNamesOf(target.constructor);
    Reflect.defineMetadata(FREE_NAMES, [...others, { name: String(property), max }], target);
  };
  return applyDecorators(ApiProperty(schema), remember, (target: object, property: string | symbol) => {
    registerDecorator({
      name: 'freeNames',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) => brokenRules(value).length === 0,
        defaultMessage: (facts?: ValidationArguments) => brokenRules(facts?.value).join('; '),
      },
    });
  });
}

/** The fields with `@FreeNames` of a DTO. */
export function freeNamesOf(dto: { prototype: object }): readonly FreeNamesField[] {
  return (Reflect.getMetadata(FREE_NAMES, dto.prototype) as FreeNamesField[] | undefined) ?? [];
}
