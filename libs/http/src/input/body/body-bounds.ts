import { applyDecorators, type Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, getMetadataStorage, IsArray, registerDecorator } from 'class-validator';
import type { JsonBounds } from '@aegis/json';
import { freeNamesOf } from '../free-names';

/** An object, or a list of objects, which `ValidationPipe` makes and validates one by one. */
export interface ObjectField {
  readonly name: string;
  readonly item: Type<object>;
}

/** For fields that a route does not know: public routes ignore some, and an error is to name the others. */
const SPARE_VALUES = 100;
const OBJECT_LISTS = Symbol('object lists');
const OBJECTS = Symbol('objects');
const LIST_RULE = /^(isArray|array[A-Z]\w*)$/;

/**
 * A list of objects in a body. (`@ValidateNested({ each: true })` would validate each of them, however many errors
 * there are already; `jsonBoundsOf` refuses it.)
 * @param item their DTO
 * @param length of the list, both ends included
 */
export function ListOf(item: Type<object>, { min, max }: { min: number; max: number }): PropertyDecorator {
  const remember: PropertyDecorator = (target, property) => {
    const others = objectListsOf(target.constructor);
    Reflect.defineMetadata(OBJECT_LISTS, [...others, { name: String(property), item }], target);
  };
  return applyDecorators(
    ApiProperty({ type: [item], minItems: min, maxItems: max }),
    IsArray(),
    ArrayMinSize(min),
    ArrayMaxSize(max),
    remember,
  );
}

/**
 * An object in a body, which `ValidationPipe` makes and validates as it does the body itself. Whether it may be absent
 * or null is said by other decorators.
 * @param item its DTO
 * @param nullable whether the OpenAPI document allows null
 */
export function ObjectOf(item: Type<object>, { nullable }: { nullable: boolean }): PropertyDecorator {
  const remember: PropertyDecorator = (target, property) => {
    const others = objectsOf(target.constructor);
    Reflect.defineMetadata(OBJECTS, [...others, { name: String(property), item }], target);
  };
  return applyDecorators(
    ApiProperty({ type: item, nullable, required: false }),
    (target: object, property: string | symbol) => {
      registerDecorator({
        name: 'objectOf',
        target: target.constructor,
        propertyName: String(property),
        validator: { validate: isJsonObject, defaultMessage: () => 'must be a JSON object' },
      });
    },
    remember,
  );
}

/** The fields with `@ObjectOf` of a DTO. */
export function objectsOf(dto: { prototype: object }): readonly ObjectField[] {
  return (Reflect.getMetadata(OBJECTS, dto.prototype) as ObjectField[] | undefined) ?? [];
}

/** Whether a value of JSON is an object. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields with `@ListOf` of a DTO. */
export function objectListsOf(dto: { prototype: object }): readonly ObjectField[] {
  return (Reflect.getMetadata(OBJECT_LISTS, dto.prototype) as ObjectField[] | undefined) ?? [];
}

/**
 * The limits of a body, from the rules of its DTO: twice the number of values that all its fields together can have,
 * and a hundred.
 * @throws Error for a list without `@ArrayMaxSize`, for objects that are validated without `@ListOf` or `@ObjectOf`, and
 * for objects with free names within a list or another object, which `parseJson` does not know
 */
export function jsonBoundsOf(dto: Type<object>): JsonBounds {
  const lists = new Map<string, number>();
  const free = freeNamesOf(dto);
  const values = free.reduce((sum, { max }) => sum + max, addBoundsOf(dto, lists));
  return { values: 2 * values + SPARE_VALUES, lists, freeNames: new Set(free.map(({ name }) => name)) };
}

/** @returns the number of values of such an object, without those of objects with free names */
function addBoundsOf(dto: Type<object>, lists: Map<string, number>): number {
  const items = new Map(objectListsOf(dto).map(({ name, item }) => [name, item]));
  let values = 1;
  for (const { name, item } of objectsOf(dto)) {
    if (freeNamesOf(item).length > 0) throw new Error(`${dto.name}.${name} is an object with @FreeNames`);
    values += addBoundsOf(item, lists);
  }
  for (const [name, rules] of rulesByField(dto)) {
    values++;
    if (rules.some(({ type }) => type === 'nestedValidation'))
      throw new Error(`${dto.name}.${name} is validated as an object: use @ListOf or @ObjectOf`);
    const isList =
      Reflect.getMetadata('design:type', dto.prototype as object, name) === Array ||
      rules.some(({ name: rule = '', each }) => each || LIST_RULE.test(rule));
    if (!isList) continue;
    const most: unknown = rules.find(({ name: rule }) => rule === 'arrayMaxSize')?.constraints[0];
    if (typeof most !== 'number') throw new Error(`${dto.name}.${name} is a list without @ArrayMaxSize`);
    // Two lists of the same name: the parser uses the greater limit, validation each own one.
    lists.set(name, Math.max(most, lists.get(name) ?? 0));
    const item = items.get(name);
    if (item !== undefined && freeNamesOf(item).length > 0)
      throw new Error(`${dto.name}.${name} has items with @FreeNames`);
    values += most * (item === undefined ? 1 : addBoundsOf(item, lists));
  }
  return values;
}

/** Names of the fields of a DTO, and of those of its objects and lists of objects. */
export function fieldNamesOf(dto: Type<object>): string[] {
  const inner = [...objectsOf(dto), ...objectListsOf(dto)];
  return [...rulesByField(dto).keys(), ...inner.flatMap(({ item }) => fieldNamesOf(item))];
}

type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

function rulesByField(dto: Type<object>): Map<string, Rule[]> {
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const byField = new Map<string, Rule[]>();
  for (const rule of rules) {
    const known = byField.get(rule.propertyName);
    if (known === undefined) byField.set(rule.propertyName, [rule]);
    else known.push(rule);
  }
  return byField;
}
