import { EVENT_API_VERSION, EVENT_KINDS, EVENT_NAMES } from '@aegis/events';
import { eventExample, schemaName } from './events';
import { type ApiDocument, type Operation, type Parameter, type Schema, schemaReference } from './shape';

const TEST_TYPE = 'webhook.test';
const TEST_SCHEMA = 'WebhookTestMessage';
const TEST_EXAMPLE = {
  id: 'evt_0b8f4a5d2c6e4f719a3d5e7c9b1f2a64',
  type: TEST_TYPE,
  timestamp: '2026-11-29T12:00:00.000Z',
  api_version: EVENT_API_VERSION,
  data: { webhook_id: '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10' },
};

/** Of Standard Webhooks, on every request. */
const HEADERS: Readonly<Record<string, Parameter>> = {
  WebhookId: header(
    'webhook-id',
    'Id of the event, the same in every attempt: a receiver that has seen it answers 2xx and does nothing.',
    { type: 'string', pattern: '^evt_[0-9a-f]{32}$' },
  ),
  WebhookTimestamp: header(
    'webhook-timestamp',
    'When this attempt was made, in seconds since 1970: refuse what is more than five minutes off.',
    { type: 'string', pattern: '^[0-9]{10,12}$' },
  ),
  WebhookSignature: header(
    'webhook-signature',
    'Signatures over `{webhook-id}.{webhook-timestamp}.{body}`, separated by spaces: `v1,` with HMAC-SHA256 and the secret, `v1a,` with Ed25519 and the key pair, in base64. One that holds is enough; after a rotation there are those of the previous keys too.',
    { type: 'string' },
  ),
};

/**
 * Describes what the server sends to webhooks: a request for each type of event, and that of a test. Comes after the
 * events are described.
 */
export function describeWebhooks(document: ApiDocument): void {
  const { schemas } = document.components;
  if (schemas.Message === undefined) return;
  schemas[TEST_SCHEMA] = testSchema();
  document.components.parameters = { ...HEADERS };
  const webhooks: NonNullable<ApiDocument['webhooks']> = {};
  for (const name of EVENT_NAMES) {
    const schema = schemaName(name, 'Message');
    webhooks[name] = {
      post: request(schema, EVENT_KINDS[name].summary, eventExample(name, 'Message')),
    };
  }
  const ofTests = 'What `testWebhook` sends: no event, and without a sequence.';
  webhooks[TEST_TYPE] = { post: request(TEST_SCHEMA, ofTests, TEST_EXAMPLE) };
  document.webhooks = webhooks;
}

function header(name: string, description: string, schema: Schema): Parameter {
  return { name, in: 'header', required: true, description, schema };
}

function request(schema: string, summary: string, example: unknown): Operation {
  return {
    operationId: `on${schema.replace(/Message$/, '')}`,
    summary,
    tags: ['Webhooks'],
    parameters: Object.keys(HEADERS).map((name) => ({
      $ref: `#/components/parameters/${name}`,
    })) as unknown as Parameter[],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { $ref: schemaReference(schema) }, example } },
    },
    responses: {
      '2XX': { description: 'Received. Anything else is tried again: nine attempts within about 41 hours.' },
      '410': { description: 'The receiver wants nothing further: the webhook is disabled.' },
    },
    security: [],
  };
}

function testSchema(): Schema {
  return {
    type: 'object',
    description: 'A test of a webhook.',
    properties: {
      id: { type: 'string', pattern: '^evt_[0-9a-f]{32}$' },
      type: { type: 'string', const: TEST_TYPE },
      timestamp: { type: 'string', format: 'date-time' },
      api_version: { type: 'string', enum: [EVENT_API_VERSION] },
      data: {
        type: 'object',
        properties: { webhook_id: { type: 'string', format: 'uuid' } },
        required: ['webhook_id'],
        additionalProperties: false,
      },
    },
    required: ['id', 'type', 'timestamp', 'api_version', 'data'],
    additionalProperties: false,
    examples: [TEST_EXAMPLE],
  };
}
