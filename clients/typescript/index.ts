import createClient, { type Client, type ClientOptions } from 'openapi-fetch';
import type { paths } from './schema.d';

export type { components, operations, paths } from './schema.d';

export interface AegisOptions extends Omit<ClientOptions, 'baseUrl' | 'headers'> {
  /** Where the server is, e.g. `https://licenses.example.com`. */
  baseUrl: string;
  /** Secret of an API key; none for the public routes. */
  apiKey?: string;
  /** Sent with each request. */
  headers?: Readonly<Record<string, string>>;
}

/** What answers are typed by; lists as CSV or NDJSON come with `parseAs: 'stream'` and are not. */
type Answered = 'application/json' | 'application/problem+json' | 'text/plain' | 'text/html';

/**
 * Makes a client whose paths, parameters, bodies and answers are typed by the server's OpenAPI document.
 * @returns `client.POST('/api/v1/licenses', { body })` answers `{ data, error, response }`; `error` is a problem
 * document (RFC 9457). A redirect is not followed, and is an answer without success: the server makes none
 */
export function aegisClient({ baseUrl, apiKey, headers, ...options }: AegisOptions): Client<paths, Answered> {
  return createClient<paths, Answered>({
    // Whatever stands in the server's place could send the key to another one: `fetch` removes only headers that it knows.
    redirect: 'manual',
    ...options,
    baseUrl,
    headers: { ...headers, ...(apiKey !== undefined && { 'X-API-Key': apiKey }) },
  });
}
