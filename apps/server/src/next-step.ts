/**
 * What a newcomer does next, as a line to copy.
 * @param server where it listens, and whether its first admin key was shown above
 */
export function nextStep({ url, firstAdminKey }: { url: string; firstAdminKey: string | null }): string {
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
  return ['', `API documentation: ${url}/docs`, ...lines, ''].join('\n');
}
