import {
  dataExample,
  dataSchema,
  EVENT_API_VERSION,
  EVENT_KINDS,
  EVENT_NAMES,
  type EventName,
} from '@aegis/events';
import { type ApiDocument, type Schema, schemaReference } from './shape';

const NAME = 'Event';

/**
 * Gives each type of event a schema and an example of its own, made of the catalogue: the DTO says what all have.
 * Comes after the other schemas are complete.
 */
export function describeEvents({ components: { schemas } }: ApiDocument): void {
  const common = schemas[NAME];
  if (common === undefined) return;
  const { type: _type, ...properties } = common.properties ?? {};
  for (const name of EVENT_NAMES) schemas[schemaName(name)] = eventSchema(name, common, properties);
  const references = EVENT_NAMES.map((name) => [name, schemaReference(schemaName(name))] as const);
  schemas[NAME] = {
    description: common.description,
    oneOf: references.map(([, $ref]) => ({ $ref })),
    discriminator: { propertyName: 'type', mapping: Object.fromEntries(references) },
  };
}

/** `license.issued`: `LicenseIssuedEvent`. */
function schemaName(name: EventName): string {
  const words = name.split(/[._]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}${NAME}`;
}

function eventSchema(
  name: EventName,
  common: Schema,
  { data, ...properties }: Record<string, Schema>,
): Schema {
  return {
    type: 'object',
    description: EVENT_KINDS[name].summary,
    properties: {
      ...properties,
      type: { type: 'string', const: name },
      data: { ...(dataSchema(name) as Schema), description: data?.description },
    },
    required: common.required,
    additionalProperties: false,
    examples: [example(name)],
  };
}

function example(name: EventName): unknown {
  return {
    id: 'evt_3f2a91c07be88d5c9a1e6b2f4c8d7e90',
    position: 4711,
    type: name,
    timestamp: '2026-11-29T12:00:00.000Z',
    api_version: EVENT_API_VERSION,
    data: dataExample(name),
  };
}
