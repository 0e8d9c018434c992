/**
 * What a newcomer does next, as a line to copy.
 * @param server where it listens, and whether its first admin key was shown above
 */
export function nextStep({ url, firstAdminKey }: { url: string; firstAdminKey: string | null }): string {
  const key = firstAdminKey === null ? '$AEGIS_API_KEY' : '<the admin API key above>';
  return [
    '',
    `API documentation: ${url}/docs`,
    'Next, create a customer:',
    `curl -s ${url}/api/v1/customers -H "X-API-Key: ${key}" -H 'Content-Type: application/json' -d '{"id": "acme", "name": "Acme Corporation"}'`,
    '',
  ].join('\n');
}
