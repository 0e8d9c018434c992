import {
  type ApiDocument,
  type MediaType,
  operationsOf,
  referencedName,
  type Schema,
  schemaReference,
} from './shape';

/** Shows one of the two names that the version has. */
const QUESTION = {
  token:
    'eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6ImFlZ2lzLTIwMjYtMDEifQ.eyJqdGkiOiI3YTUxZjJmMCJ9.c2lnbmF0dXJl',
  module_name: 'payroll',
  odoo_version: '17.0',
  instance_db_uuid: '5f0c9a3e-8a7b-11ee-b9d1-0242ac120002',
  instance_domain: 'erp.acme.example',
};

/** Rules about the whole object, which no decorator of a property can express. */
const OBJECT_RULES: Readonly<Record<string, Schema>> = {
  ValidateLicense: { examples: [QUESTION], additionalProperties: true },
  BatchQuestion: { examples: [QUESTION] },
  // Exactly one of its two fields.
  RenewLicense: { minProperties: 1, maxProperties: 1 },
};

/**
 * Turns the generator's schemas (OpenAPI 3.0) into those of 3.1, which are JSON Schema: nullability, examples,
 * references with a description. It removes schemas without references, names DTOs without the suffix, and closes
 * input schemas if the server refuses unknown fields.
 * @throws Error when two schemas would share a name
 */
export function completeSchemas(document: ApiDocument): void {
  const { schemas } = document.components;
  for (const [name, schema] of Object.entries(schemas)) {
    schemas[name] = modern(schema);
    // An enumeration got the description of the first field that has it.
    if (schema.enum !== undefined) delete schemas[name].description;
  }
  for (const media of mediaTypes(document)) media.schema = modern(media.schema);
  for (const { operation } of operationsOf(document))
    for (const parameter of operation.parameters) parameter.schema = modern(parameter.schema);
  rename(document);
  dropUnused(document);
  for (const name of reachable(document, requestBodies(document))) {
    const schema = document.components.schemas[name];
    if (schema?.properties !== undefined)
      Object.assign(schema, { additionalProperties: false }, OBJECT_RULES[name]);
  }
}

function modern({ nullable, example, allOf, ...schema }: Schema): Schema {
  const only = allOf?.length === 1 ? allOf[0] : undefined;
  if (only !== undefined) delete schema.type;
  const result: Schema = {
    ...schema,
    ...(only === undefined ? allOf && { allOf: allOf.map(modern) } : modern(only)),
    ...(example !== undefined && { examples: [example] }),
    // The contract has no fractions.
    ...(schema.type === 'number' && { type: 'integer' }),
    ...(schema.properties && { properties: mapValues(schema.properties, modern) }),
    ...(schema.items && { items: modern(schema.items) }),
    ...(typeof schema.additionalProperties === 'object' && {
      additionalProperties: modern(schema.additionalProperties),
    }),
  };
  return nullable === true ? orNull(result) : result;
}

function orNull({ $ref, ...schema }: Schema): Schema {
  if ($ref !== undefined) return { ...schema, anyOf: [{ $ref }, { type: 'null' }] };
  return {
    ...schema,
    ...(typeof schema.type === 'string' && { type: [schema.type, 'null'] }),
    ...(schema.enum && { enum: [...schema.enum, null] }),
  };
}

function mapValues(
  properties: Record<string, Schema>,
  map: (value: Schema) => Schema,
): Record<string, Schema> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, map(value)]));
}

function mediaTypes(document: ApiDocument): MediaType[] {
  return operationsOf(document).flatMap(({ operation: { requestBody, responses } }) =>
    [requestBody, ...Object.values(responses)].flatMap((holder) => Object.values(holder?.content ?? {})),
  );
}

function requestBodies(document: ApiDocument): unknown[] {
  return operationsOf(document).map(({ operation }) => operation.requestBody);
}

function rename(document: ApiDocument): void {
  const before = document.components.schemas;
  const used = reachable(document, [document.paths]);
  const after: Record<string, Schema> = {};
  for (const [name, schema] of Object.entries(before)) {
    if (!used.has(name)) continue;
    const short = name.replace(/Dto$/, '');
    if (after[short] !== undefined) throw new Error(`two schemas are called ${short}`);
    after[short] = schema;
  }
  document.components.schemas = after;
  forEachReference(document, (holder) => {
    holder.$ref = holder.$ref.replace(/Dto$/, '');
  });
}

function dropUnused(document: ApiDocument): void {
  const used = reachable(document, [document.paths]);
  const entries = Object.entries(document.components.schemas).filter(([name]) => used.has(name));
  document.components.schemas = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Names of the schemas that one can get to from these places. */
function reachable(document: ApiDocument, from: readonly unknown[]): Set<string> {
  const names = new Set<string>();
  const follow = (place: unknown): void => {
    forEachReference(place, ({ $ref }) => {
      const name = referencedName($ref);
      if (names.has(name)) return;
      names.add(name);
      follow(document.components.schemas[name]);
    });
  };
  for (const place of from) follow(place);
  return names;
}

function forEachReference(place: unknown, visit: (holder: { $ref: string }) => void): void {
  if (typeof place !== 'object' || place === null) return;
  if ('$ref' in place && typeof place.$ref === 'string' && place.$ref.startsWith(schemaReference('')))
    visit(place as { $ref: string });
  for (const inner of Object.values(place)) forEachReference(inner, visit);
}
