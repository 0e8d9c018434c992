/** A request that the page made, or is about to make. */
export interface ShownRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With everything that it needs filled in. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  body?: unknown;
}

/**
 * The same request for a shell, with the API key in a variable: never the cookie of the session.
 * @param origin of the server, e.g. `https://licenses.example.com`
 */
export function asCurl({ method = 'GET', path, query = {}, body }: ShownRequest, origin: string): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  const parts = [
    `curl -s${method === 'GET' ? '' : ` -X ${method}`} ${quoted(`${origin}${path}${search === '' ? '' : `?${search}`}`)}`,
    '-H "X-API-Key: $AEGIS_API_KEY"',
    ...(body === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`]),
  ];
  return parts.join(' \\\n  ');
}

/** A text as one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
