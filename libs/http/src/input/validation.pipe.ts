import { Injectable, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { isJsonObject, objectListsOf, objectsOf } from './body/body-bounds';
import { freeNamesOf } from './free-names';
import { FieldErrors, InvalidInput, isStorableText, STORABLE_TEXT_RULE } from '@aegis/errors';
import { RESERVED_NAMES } from '@aegis/json';
import { ignoresUnknownFields } from './unknown-fields';

type Source = 'body' | 'query';
type Fields = Readonly<Record<string, unknown>>;

const PLAIN_TYPES: ReadonlySet<unknown> = new Set([String, Number, Boolean, Array, Object]);
const REQUIRED = 'is required';
const RULES = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true } as const;
const FORGIVING_RULES = { ...RULES, forbidNonWhitelisted: false } as const;

/**
 * Makes validated DTOs of bodies and queries. Nothing is converted except by what a field declares itself, and what
 * no field declares is refused, or dropped where the DTO says so. Validation stops where the answer has no room for
 * further errors.
 */
@Injectable()
export class ValidationPipe implements PipeTransform {
  /**
   * @throws InvalidInput naming every broken rule at once, or as many as `FieldErrors` keeps, nested fields as
   * `items.3.token`
   * @throws Error when a handler takes a body or a query without a DTO class: nothing would be checked
   */
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'body' && type !== 'query') return value;
    if (metatype === undefined || PLAIN_TYPES.has(metatype))
      throw new Error(`A handler takes its ${type} without a DTO class`);
    const given: unknown = value === undefined ? {} : value;
    if (!isJsonObject(given)) throw new InvalidInput([{ field: 'body', message: 'must be a JSON object' }]);
    const errors = new FieldErrors();
    const refused = type === 'query' ? refuseParameters(given, errors) : undefined;
    const dto = validated(metatype as Type<object>, given, '', type, errors, refused);
    if (!errors.isEmpty) throw new InvalidInput(errors);
    return dto;
  }
}

/**
 * Makes one DTO and validates it; its objects, and its lists of objects item by item, until there is no room for further
 * errors. Objects with free names are taken as they are.
 * @param path of the object in the body; empty for the body itself
 * @param refused fields that have their error already
 */
function validated(
  type: Type<object>,
  given: Fields,
  path: string,
  source: Source,
  errors: FieldErrors,
  refused?: ReadonlySet<string>,
): object {
  const lists = objectListsOf(type);
  const objects = objectsOf(type);
  const kept = [...lists, ...objects, ...freeNamesOf(type)];
  const dto = plainToInstance(type, kept.length === 0 ? given : without(given, kept), {
    exposeDefaultValues: true,
  }) as Record<string, unknown>;
  for (const { name } of kept) if (Object.hasOwn(given, name)) dto[name] = given[name];
  const broken = validateSync(dto, ignoresUnknownFields(type) ? FORGIVING_RULES : RULES);
  addErrors(broken, path, source, errors, refused);
  for (const { name, item } of objects) {
    const inner = given[name];
    if (isJsonObject(inner)) dto[name] = validated(item, inner, joined(path, name), source, errors);
  }
  for (const { name, item } of lists) {
    const list = given[name];
    if (Array.isArray(list) && !broken.some(({ property }) => property === name))
      dto[name] = validatedItems(item, list, joined(path, name), source, errors);
  }
  return dto;
}

function without(given: Fields, kept: readonly { name: string }[]): Fields {
  return Object.fromEntries(
    Object.entries(given).filter(([field]) => !kept.some(({ name }) => name === field)),
  );
}

function validatedItems(
  type: Type<object>,
  list: readonly unknown[],
  path: string,
  source: Source,
  errors: FieldErrors,
): object[] {
  const items: object[] = [];
  for (const [index, item] of list.entries()) {
    if (errors.isFull) break;
    if (isJsonObject(item)) items.push(validated(type, item, `${path}.${index}`, source, errors));
    else errors.add(`${path}.${index}`, Array.isArray(item) ? 'must not be a list' : 'must be a JSON object');
  }
  return items;
}

/**
 * Finds parameters that are wrong whatever they mean: with a reserved name, given twice, or with a text that can't be
 * stored.
 * @returns their names
 */
function refuseParameters(parameters: Fields, errors: FieldErrors): ReadonlySet<string> | undefined {
  let refused: Set<string> | undefined;
  for (const field in parameters) {
    const rule = brokenRuleOf(field, parameters[field]);
    if (rule === undefined) continue;
    errors.add(field, rule);
    (refused ??= new Set()).add(field);
  }
  return refused;
}

function brokenRuleOf(field: string, value: unknown): string | undefined {
  if (RESERVED_NAMES.has(field)) return 'is not a known parameter';
  if (typeof value !== 'string') return 'must be given once';
  return isStorableText(value) ? undefined : STORABLE_TEXT_RULE;
}

function addErrors(
  broken: readonly ValidationError[],
  path: string,
  source: Source,
  errors: FieldErrors,
  refused?: ReadonlySet<string>,
): void {
  for (const { property, value, constraints = {} } of broken) {
    if (errors.isFull) return;
    if (refused?.has(property)) continue;
    const rules = rulesToShow(constraints, value);
    // Of a field that is not there, the rules on its value say nothing.
    const messages =
      value === undefined && rules.length > 0
        ? [REQUIRED]
        : rules.map(([rule, text]) => ruleInWords(rule, text, property, source));
    for (const message of new Set(messages)) errors.add(joined(path, property), message);
  }
}

/** Rules on the type of a value, and what JavaScript calls that type. */
const TYPE_RULES: readonly (readonly [rule: string, type: string])[] = [
  ['isString', 'string'],
  ['isInt', 'number'],
  ['isNumber', 'number'],
  ['isBoolean', 'boolean'],
];

/**
 * For a value of the wrong type, the other rules would say nothing useful: only the rule about the type is reported.
 */
function rulesToShow(constraints: Readonly<Record<string, string>>, value: unknown): [string, string][] {
  const rules = Object.entries(constraints);
  const wrongType =
    rules.find(([rule]) => rule === 'isArray') ??
    rules.find(
      ([rule]) =>
        // A list whose elements are judged by such a rule is of the right type itself.
        !Array.isArray(value) && TYPE_RULES.some(([name, type]) => name === rule && typeof value !== type),
    );
  return wrongType === undefined ? rules : [wrongType];
}

/** The rule without the name of the field, which is shown next to it. */
function ruleInWords(rule: string, text: string, property: string, source: Source): string {
  if (rule === 'whitelistValidation') return `is not a known ${source === 'query' ? 'parameter' : 'field'}`;
  if (rule === 'arrayUnique') return 'must not contain an entry twice';
  const ofEach = `each value in ${property} `;
  if (text.startsWith(ofEach)) return `each entry ${text.slice(ofEach.length)}`;
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
