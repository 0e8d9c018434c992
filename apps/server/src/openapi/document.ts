import { type Environment, PRODUCT_NAME, PRODUCT_VERSION } from '@aegis/config';
import { CONSOLE_HEADER, CONSOLE_SCHEME, SESSION_SCHEME } from '@aegis/http';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describeEvents } from './events';
import { addExamples } from './examples';
import { completeOperations } from './operations';
import { completeSchemas } from './schemas';
import type { ApiDocument } from './shape';
import { describeWebhooks } from './webhooks';

const DESCRIPTION = `Issues signed software licenses, answers whether one is valid, revokes them.

Bodies are JSON in UTF-8; times are RFC 3339 in UTC. Every error is a problem document (RFC 9457) with a stable
\`code\`; its \`type\` is the address of an explanation. Lists are read by \`page\`, or by \`cursor\` at the same cost
however deep. Each answer has \`X-Request-ID\`.

Besides what each operation lists: an unknown path answers 404, a method that the path does not have 405 with
\`Allow\`, a request that does not arrive in time 408, headers beyond 16 KiB or more than 100 of them 431,
a transfer coding other than chunked 501.`;

const TAGS: Readonly<Record<string, string>> = {
  Licenses: 'Issue, read, change and revoke licenses; ask whether one is valid.',
  Activations: 'Seats: which installations use a license now.',
  Customers: 'Those to whom licenses are issued.',
  Events: 'What has changed, in one order without gaps.',
  Webhooks: 'Programs that the server sends what has changed.',
  Sessions: 'What a browser has in place of an API key.',
  Admin: 'What the calling key may do, counts, and the audit trail.',
  'API keys': 'Credentials of the programs and people that call this API.',
  Keys: 'Public keys and status lists that licenses are checked with, without asking the server.',
  System: 'What this server is, how it is, and its documentation.',
};

/**
 * The contract in its machine-readable form (OpenAPI 3.1), from the routes and their DTOs. Schemas are complete only
 * in the compiled server: the compiler's plugin reads the DTOs' types and comments.
 */
export function openApiDocument(app: INestApplication, environment: Environment): ApiDocument {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(PRODUCT_NAME)
    .setDescription(DESCRIPTION)
    .setVersion(PRODUCT_VERSION)
    .setContact(PRODUCT_NAME, environment.PUBLIC_URL, '')
    .addServer('/', 'Where this document came from')
    .addServer(environment.PUBLIC_URL, 'PUBLIC_URL of the server')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key' }, 'api_key')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The same API key' }, 'bearer')
    .addApiKey(
      {
        type: 'apiKey',
        in: 'cookie',
        name: '__Host-aegis_session',
        description:
          'A session of an API key, together with `X-Aegis-Console`; on loopback without `__Host-`',
      },
      SESSION_SCHEME,
    )
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: CONSOLE_HEADER,
        description: '`1`: makes the cookie a credential',
      },
      CONSOLE_SCHEME,
    );
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build()) as unknown as ApiDocument;
  delete document.info.contact.email;
  document.info.license = { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' };
  completeSchemas(document);
  describeEvents(document);
  describeWebhooks(document);
  completeOperations(document, environment);
  addExamples(document, environment);
  return document;
}
