import { PRODUCT_NAME, PRODUCT_VERSION } from '@aegis/config';
import { htmlPage } from '../docs/html-page';

const DOCS_LINKS = [
  ['docs', 'API documentation, to read and to try'],
  ['openapi.json', 'OpenAPI document, to generate clients from'],
] as const;
const CONSOLE_LINK = ['console', 'Console, for the people who sell licenses'] as const;
const LINKS = [
  ['problems', 'Error codes, explained'],
  ['health', 'Health'],
  ['info', 'Issuer and active signing key'],
  ['.well-known/jwks.json', 'Public keys, to verify licenses offline'],
] as const;

/**
 * What a browser shows at `/`.
 * @param served what is served: the API documentation, and the console
 */
export function startPage(served: { docs: boolean; console: boolean }): string {
  const links = [...(served.console ? [CONSOLE_LINK] : []), ...(served.docs ? DOCS_LINKS : []), ...LINKS];
  return htmlPage(
    PRODUCT_NAME,
    `    <h1>${PRODUCT_NAME} ${PRODUCT_VERSION}</h1>
    <p>Issues signed software licenses, answers whether one is valid, revokes them. Proprietary software.</p>
    <ul>
${links.map(([path, label]) => `      <li><a href="${path}">${label}</a></li>`).join('\n')}
    </ul>`,
  );
}
