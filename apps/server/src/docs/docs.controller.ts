import { CacheControl, Public, RespondsAsIs } from '@aegis/http';
import { Controller, Get, Header, StreamableFile } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ServedDocument } from '../openapi/served-document';

const SWAGGER_UI = dirname(require.resolve('swagger-ui-dist/package.json'));

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>AEGIS License Server API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

// Nothing is kept in the browser: the key is entered again each time.
const START = `// A public operation takes a credential too, but needs none: no lock.
const publicWithoutLock = () => ({
  wrapComponents: {
    OperationSummary: (Original, { React }) => (props) => {
      const security = props.operationProps.get('security');
      const isPublic = security?.some((requirement) => requirement.size === 0);
      const operationProps = isPublic ? props.operationProps.delete('security') : props.operationProps;
      return React.createElement(Original, { ...props, operationProps });
    },
  },
});
SwaggerUIBundle({
  url: '/openapi.json',
  plugins: [publicWithoutLock],
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/**
 * Helmet's policy asks browsers for https, which a server on plain http in a closed network can't give; and Swagger
 * UI draws with data: images. All else stays shut. (Trusted Types would stop Swagger UI: it sets `innerHTML`.)
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ONE_DAY = 'public, max-age=86400';

/** The API to read and to try, and the document that clients are generated from. */
@ApiTags('System')
@Controller()
@Public()
export class DocsController {
  // Read once: a file that is open for each slow reader takes descriptors, and half of it would look whole.
  private readonly swaggerUi = swaggerUiFile('swagger-ui-bundle.js');
  private readonly swaggerUiStyle = swaggerUiFile('swagger-ui.css');

  constructor(private readonly document: ServedDocument) {}

  @Get('openapi.json')
  @ApiOperation({ operationId: 'getOpenApiDocument', summary: 'This document (OpenAPI 3.1)' })
  @RespondsAsIs('application/json', {
    schema: { type: 'object', additionalProperties: true, example: { openapi: '3.1.0' } },
  })
  openApi(): string {
    return `${this.document.json()}\n`;
  }

  @Get('docs')
  @Header('Content-Security-Policy', POLICY)
  @ApiOperation({ operationId: 'getDocs', summary: 'The API to read and to try, in a browser' })
  @RespondsAsIs('text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }

  @Get('docs/start.js')
  @ApiExcludeEndpoint()
  @RespondsAsIs('text/javascript; charset=utf-8')
  start(): string {
    return START;
  }

  @Get('docs/swagger-ui-bundle.js')
  @ApiExcludeEndpoint()
  @CacheControl(ONE_DAY)
  @RespondsAsIs('text/javascript; charset=utf-8')
  script(): StreamableFile {
    return new StreamableFile(this.swaggerUi);
  }

  @Get('docs/swagger-ui.css')
  @ApiExcludeEndpoint()
  @CacheControl(ONE_DAY)
  @RespondsAsIs('text/css; charset=utf-8')
  style(): StreamableFile {
    return new StreamableFile(this.swaggerUiStyle);
  }
}

function swaggerUiFile(name: string): Buffer {
  return readFileSync(join(SWAGGER_UI, name));
}
