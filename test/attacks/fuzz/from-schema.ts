import fc from 'fast-check';
import { type Contract, resolved, type Schema } from '../../support/contract/contract';
import { hostileText } from './hostile';

/** Fields whose values must name something that is there: `{{name}}` is replaced when the request is sent. */
const KNOWN: Readonly<Record<string, string>> = {
  token: '{{token}}',
  customer_id: '{{customer}}',
  license_id: '{{license}}',
  api_key_id: '{{apiKey}}',
  module_name: 'payroll',
  odoo_version: '17.0',
};

const ANY_TEXT = fc.string({ unit: 'grapheme', maxLength: 30 });

/** Makes values that a schema of the contract allows, of the keywords that the contract uses. */
export class FromSchema {
  constructor(private readonly contract: Contract) {}

  /** @param name of the field or parameter */
  valueOf(schema: Schema, name = ''): fc.Arbitrary<unknown> {
    const made = this.made(resolved(this.contract, schema), name);
    const known = KNOWN[name];
    if (known === undefined) return made;
    return fc.oneof({ weight: 4, arbitrary: fc.constant(known) }, { weight: 1, arbitrary: made });
  }

  private made(schema: Schema, name: string): fc.Arbitrary<unknown> {
    const { enum: choices, anyOf, oneOf, allOf } = schema as Record<string, unknown[] | undefined>;
    if (choices !== undefined) return fc.constantFrom(...choices);
    const alternatives = anyOf ?? oneOf;
    if (alternatives !== undefined)
      return fc.oneof(...alternatives.map((one) => this.valueOf(one as Schema, name)));
    if (allOf !== undefined)
      return this.made(
        Object.assign({}, ...allOf.map((one) => resolved(this.contract, one as Schema))),
        name,
      );
    const types = [schema.type ?? 'string'].flat() as string[];
    return fc.oneof(...types.map((type) => this.ofType(type, schema, name)));
  }

  private ofType(type: string, schema: Schema, name: string): fc.Arbitrary<unknown> {
    switch (type) {
      case 'object':
        return this.object(schema);
      case 'array':
        return this.array(schema, name);
      case 'integer':
      case 'number': {
        const { minimum = -1000, maximum = 100_000 } = schema as { minimum?: number; maximum?: number };
        return fc.integer({ min: minimum, max: maximum });
      }
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      default:
        return text(schema);
    }
  }

  private object({ properties = {}, required = [] }: Schema): fc.Arbitrary<object> {
    return fc.record(
      Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => [name, this.valueOf(inner, name)]),
      ),
      { requiredKeys: required as string[], noNullPrototype: true },
    );
  }

  private array(schema: Schema, name: string): fc.Arbitrary<unknown[]> {
    const {
      items = {},
      minItems = 0,
      maxItems = 5,
      uniqueItems,
    } = schema as Schema & {
      items?: Schema;
      minItems?: number;
      maxItems?: number;
    };
    const item = this.valueOf(items, name);
    const length = { minLength: minItems, maxLength: Math.min(maxItems, minItems + 5) };
    return uniqueItems === true
      ? fc.uniqueArray(item, { ...length, selector: (value) => JSON.stringify(value) })
      : fc.array(item, length);
  }
}

function text(schema: Schema): fc.Arbitrary<string> {
  const {
    pattern,
    format,
    minLength = 0,
    maxLength = 30,
  } = schema as Record<string, never> & {
    pattern?: string;
    format?: string;
    minLength?: number;
    maxLength?: number;
  };
  switch (format) {
    case 'date-time':
      return fc
        .date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
        .map((date) => date.toISOString());
    case 'uuid':
      return fc.uuid();
    case 'email':
      return fc.emailAddress();
    case undefined:
    default:
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.oneof(
    fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, minLength + 30) }),
    minLength <= 5 ? ANY_TEXT.map((value) => value.padEnd(minLength, 'x').slice(0, maxLength)) : hostileText,
  );
}
