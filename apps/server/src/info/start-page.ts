import { PRODUCT_NAME, PRODUCT_VERSION } from '@aegis/config';
import { htmlPage } from '../docs/html-page';

const DOCS_LINKS = [
  ['docs', 'API documentation, to read and to try'],
  ['openapi.json', 'OpenAPI document, to generate clients from'],
] as const;
const LINKS = [
  ['problems', 'Error codes, explained'],
  ['health', 'Health'],
  ['info', 'Issuer and active signing key'],
  ['.well-known/jwks.json', 'Public keys, to verify licenses offline'],
] as const;

/**
 * What a browser shows at `/`.
 * @param documented whether the API documentation is served
 */
export function startPage(documented: boolean): string {
  const links = [...(documented ? DOCS_LINKS : []), ...LINKS];
  return htmlPage(
    PRODUCT_NAME,
    `    <h1>${PRODUCT_NAME} ${PRODUCT_VERSION}</h1>
    <p>Issues signed software licenses, answers whether one is valid, revokes them. Proprietary software.</p>
    <ul>
${links.map(([path, label]) => `      <li><a href="${path}">${label}</a></li>`).join('\n')}
    </ul>`,
  );
}
