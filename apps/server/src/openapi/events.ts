import {
  dataExample,
  dataSchema,
  EVENT_API_VERSION,
  EVENT_KINDS,
  EVENT_NAMES,
  type EventName,
} from '@aegis/events';
import { type ApiDocument, operationsOf, type Schema, schemaReference } from './shape';

/** Where an event's place is from, and the suffix of its schemas: all events have positions, a webhook's sequences. */
const FORMS = {
  Event: { place: 'position', other: 'sequence', example: 4711 },
  Message: { place: 'sequence', other: 'position', example: 17 },
} as const;

type Form = keyof typeof FORMS;

const EVENT = 'Event';
const PAGE = 'EventPage';
const PAGE_OF_WEBHOOK = 'WebhookEventPage';
const PULL = 'pullEvents';

/**
 * Gives each type of event a schema and an example of its own, made of the catalogue: the DTO says what all have. There
 * is one as all events are read, and one as webhooks get them. Comes after the other schemas are complete.
 */
export function describeEvents(document: ApiDocument): void {
  const { schemas } = document.components;
  const common = schemas[EVENT];
  const page = schemas[PAGE];
  if (common === undefined || page === undefined) return;
  for (const form of ['Event', 'Message'] as const) {
    for (const name of EVENT_NAMES) schemas[schemaName(name, form)] = eventSchema(name, form, common);
    const references = EVENT_NAMES.map((name) => [name, schemaReference(schemaName(name, form))] as const);
    schemas[form] = {
      description: common.description,
      oneOf: references.map(([, $ref]) => ({ $ref })),
      discriminator: { propertyName: 'type', mapping: Object.fromEntries(references) },
    };
  }
  schemas[PAGE] = pageSchema('Event', page);
  schemas[PAGE_OF_WEBHOOK] = pageSchema('Message', page);
  for (const { operation } of operationsOf(document)) {
    const media = operation.responses['200']?.content?.['application/json'];
    if (operation.operationId === PULL && media !== undefined)
      media.schema = { oneOf: [PAGE, PAGE_OF_WEBHOOK].map((name) => ({ $ref: schemaReference(name) })) };
  }
}

/** `license.issued`: `LicenseIssuedEvent`, or `LicenseIssuedMessage` as webhooks get it. */
export function schemaName(name: EventName, form: Form): string {
  const words = name.split(/[._]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}${form}`;
}

/** An event as it is read, or as webhooks get it. */
export function eventExample(name: EventName, form: Form): Readonly<Record<string, unknown>> {
  const { place, example } = FORMS[form];
  return {
    id: 'evt_3f2a91c07be88d5c9a1e6b2f4c8d7e90',
    ...(form === 'Event' && { [place]: example }),
    type: name,
    timestamp: '2026-11-29T12:00:00.000Z',
    api_version: EVENT_API_VERSION,
    ...(form === 'Message' && { [place]: example }),
    data: dataExample(name),
  };
}

function eventSchema(name: EventName, form: Form, common: Schema): Schema {
  const { place } = FORMS[form];
  const { data, ...properties } = without(FORMS[form].other, common.properties ?? {});
  return {
    type: 'object',
    description: EVENT_KINDS[name].summary,
    properties: {
      ...properties,
      type: { type: 'string', const: name },
      data: { ...(dataSchema(name) as Schema), description: data?.description },
    },
    required: [...(common.required ?? []), place],
    additionalProperties: false,
    examples: [eventExample(name, form)],
  };
}

function pageSchema(form: Form, page: Schema): Schema {
  const { place, other } = FORMS[form];
  return {
    type: 'object',
    description: `Events in the order of their ${place}s.`,
    properties: {
      ...without(`last_${other}`, page.properties ?? {}),
      events: { type: 'array', items: { $ref: schemaReference(form) } },
    },
    required: [...(page.required ?? []), `last_${place}`],
  };
}

function without(field: string, properties: Record<string, Schema>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => name !== field));
}
