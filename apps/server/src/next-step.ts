/**
 * What a newcomer does next, as a line to copy.
 * @param server where it listens, and whether its first admin key was shown above
 * @param console where the console is; undefined when it is not served
 */
export function nextStep(
  { url, firstAdminKey }: { url: string; firstAdminKey: string | null },
  console?: string,
): string {
  const customers = `curl -s ${url}/api/v1/customers -H "X-API-Key: `;
  const lines =
    firstAdminKey === null
      ? [
          'Next, list your customers with the API key of an earlier start, or make another key:',
          `${customers}$AEGIS_API_KEY"`,
          'npm run -s aegis -- api-keys create --name another --scopes admin',
        ]
      : [
          'Next, create a customer:',
          `${customers}<the admin API key above>" -H 'Content-Type: application/json' -d '{"id": "acme", "name": "Acme Corporation"}'`,
        ];
  const pages = [
    `API documentation: ${url}/docs`,
    ...(console === undefined ? [] : [`Console, for a browser: ${console}`]),
  ];
  return ['', ...pages, ...lines, ''].join('\n');
}
